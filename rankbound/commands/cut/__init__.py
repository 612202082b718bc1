"""`cut`: training groups of the queries in a quantile band of a per-query quantity."""
