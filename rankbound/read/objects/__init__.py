"""Objects of Python and its libraries, pickles included, without running them."""
