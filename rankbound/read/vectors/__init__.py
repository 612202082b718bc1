"""Vectors with their ids."""
