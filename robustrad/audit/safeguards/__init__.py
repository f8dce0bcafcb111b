"""Safeguards of every drift run: what volume, the batch, the clinic and chance would score."""
