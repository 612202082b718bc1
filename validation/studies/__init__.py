"""Seeded simulation studies of the statistics; each prints a table."""
