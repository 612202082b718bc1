"""`bound`: the headline bound from numbers, without data."""
