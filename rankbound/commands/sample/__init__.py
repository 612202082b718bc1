"""Draw training groups from scores."""
