"""The command line: parse arguments, run a command, show what it found."""

from rankbound.cli.program import build_parser, main

__all__ = ["build_parser", "main"]
