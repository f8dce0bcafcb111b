"""Feature extraction: parameters, the three-verb engine interface and the engines behind it."""
