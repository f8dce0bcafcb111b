"""Look before you run: what every level of a protocol does to one case, in pictures and numbers."""
