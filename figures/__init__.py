"""Draws results: draw_*(result, *, ax=None) -> Axes. Reads no files."""

if __name__ != "rankbound.figures":
    raise ImportError("import rankbound.figures, not figures")
