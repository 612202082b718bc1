"""Simulated studies of the procedures, each a module to run."""
