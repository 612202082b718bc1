"""Draws results: draw_*(result, *, ax=None) -> Axes. Reads no files."""
