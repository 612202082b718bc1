"""One self-contained page from results in folders, and its pieces for notebooks."""
