"""From results in folders to figures in files."""
