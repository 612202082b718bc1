"""`compare`: whether a data set's sampling alters what the bound depends on."""
