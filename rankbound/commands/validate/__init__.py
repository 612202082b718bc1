"""`validate`: whether terms of the bound are associated with effectiveness."""
