"""Simulated studies of error rates; each module is a program."""
