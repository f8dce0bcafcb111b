"""What observers and tools disagree on: where the contour runs."""
