"""`bound`: the headline bound from numbers, or its change between measurements."""
