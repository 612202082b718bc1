"""One module per command: its options and what it runs. Light until it runs."""
