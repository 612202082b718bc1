"""The theory: statements as SymPy expressions, limits of means, certificates."""
