"""`power`: what n queries can show."""
