"""Data to quantities: entropies, divergences, distances, temperatures."""

if __name__ != "rankbound.estimators":
    raise ImportError("import rankbound.estimators, not estimators")
