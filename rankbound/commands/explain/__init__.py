"""`explain`: statements and symbols in words."""
