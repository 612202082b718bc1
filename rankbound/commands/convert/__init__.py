"""`convert`: the same content in another format."""
