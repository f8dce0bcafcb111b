"""Figures for a paper: one function per figure, taking and returning Axes; captions stand outside."""
