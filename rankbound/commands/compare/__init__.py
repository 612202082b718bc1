"""`compare`: whether the sampling of groups alters the terms of the bound."""
