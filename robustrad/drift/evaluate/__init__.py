"""Evaluation of drift: out-of-fold scores in, tables out. Nothing here fits a model or reads a file."""
