"""The result of `convert`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rankbound.results import Record, Result


class Carried(Record, frozen=True, kw_only=True):
    """A part of a file, in words, and whether it was kept."""

    part: str
    kept: bool
    words: str


class Conversion(
    Result,
    frozen=True,
    kw_only=True,
    tag_field="schema",
    tag="rankbound.conversion/1",
):
    """The file that `convert` wrote, with what it keeps and what it lost.

    Attributes
    ----------
    path : str
        The file written.
    format : str
        Its format's name.
    packing : str
        "none", "gzip", "bz2", "lz4" or "zstd".
    kept : dict of str to str
        What was carried over, in words.
    lost : dict of str to str
        What was not, if `lossy` allowed it.
    companions : tuple of str
        Files that belong to it, such as the ids of vectors.
    remark : str or None
        What the user should know about the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import rankbound as rb
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = Path(folder, "bm25.json")
    ...     _ = source.write_text('{"q1": {"d1": 2.5, "d2": 1.0}}')
    ...     made = rb.convert(source, Path(folder, "bm25.run"))
    >>> made.kept, made.lost
    ({'scores': '2 scores of 1 query'}, {})
    """

    KIND = "conversion"
    FILE = "conversion.json"

    path: str
    format: str
    packing: str
    kept: dict[str, str]
    lost: dict[str, str]
    companions: tuple[str, ...]
    remark: str | None

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """`parts`: what was kept and what was lost."""
        parts = [
            Carried(part=part, kept=kept, words=words)
            for kept, found in ((True, self.kept), (False, self.lost))
            for part, words in found.items()
        ]
        return {"parts": parts}
