"""Verdicts: does the theory hold? Machine checks of every statement, without files."""
