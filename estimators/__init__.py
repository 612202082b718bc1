"""Data to quantities: columnar types, entropies, divergences, diameters."""
