"""Data to quantities: columnar types, entropies, divergences, diameters."""

if __name__ != "rankbound.estimators":
    raise ImportError("import rankbound.estimators, not estimators")
