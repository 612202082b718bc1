"""Results in words and tables for a terminal, from typed results alone."""
