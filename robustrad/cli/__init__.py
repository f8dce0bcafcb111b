"""The command line: one thin function per command; everything heavy is imported inside."""

from robustrad.cli.entry import app, main

__all__ = ["app", "main"]
