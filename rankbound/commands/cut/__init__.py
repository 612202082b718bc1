"""`cut`: select the training groups of queries in a quantile band of a quantity."""
