"""Runs, judgements and other texts of rows."""
