"""`inspect`: whether the numbers in files can be trusted, and what to run next."""
