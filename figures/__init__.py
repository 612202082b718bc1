"""Figures of results: ``draw_*(result, *, ax=None) -> Axes``. They read no files."""

if __name__ != "rankbound.figures":
    raise ImportError("import rankbound.figures, not figures")
