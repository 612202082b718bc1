"""The part of a file that a command asks for: scores, groups or judgements."""

from __future__ import annotations

from pathlib import Path

from estimators.groups import Groups
from estimators.scores import Scores
from rankbound.formats.contents import Contents, Format
from rankbound.formats.errors import FormatError
from rankbound.formats.registry import by_name, detect
from rankbound.formats.source import Source

OPTIONS = {"scores": "--teacher", "groups": "--groups", "qrels": "--qrels"}


def read_part(path: Path | str, part: str, *, format: str | None = None) -> Contents:
    """Contents of a file that must hold a part: "scores", "groups" or "qrels".

    Raises
    ------
    FormatError
        When the file holds other parts, or breaks its format.
    UsageError
        For the name of no format.
    """
    source = Source(Path(path), whole=False)
    entry = by_name(format) if format else _detected(source, part)
    contents = entry.read(source)
    if getattr(contents, part) is not None:
        return contents
    held = contents.parts()
    hint = f"; give it with {OPTIONS[held[0]]}" if held and held[0] in OPTIONS else ""
    raise FormatError(
        source.path,
        f"holds {' and '.join(held) or 'nothing'} ({entry.title}), and {part} are "
        f"expected here{hint}",
        line=None if source.is_folder else 1,
    )


def _detected(source: Source, part: str) -> Format:
    try:
        return detect(source, part=part)[0]
    except FormatError:
        # A damaged file of the usual format: its own reader names rule and line
        start = source.head.lstrip()[:1]
        if part == "embeddings" or not start or source.head.startswith(b"\x93NUMPY"):
            raise
        usual = {"groups": "groups", "qrels": "qrels"}
        return by_name(usual.get(part, "lookup" if start in b"{[" else "trec-run"))


def read_scores(path: Path | str, *, format: str | None = None) -> Scores:
    """Read scores of one model from a file of any format that holds scores.

    Parameters
    ----------
    path : path
    format : str, optional
        The name of the format; detected from the content by default.

    Raises
    ------
    FormatError
        With path:line, naming the rule that the file breaks.
    """
    found = read_part(path, "scores", format=format).scores
    assert found is not None  # noqa: S101  read_part saw to it
    return found


def read_groups(path: Path | str, *, format: str | None = None) -> Groups:
    """Read training groups from a file of any format that holds them.

    Parameters and errors as for `read_scores`.
    """
    found = read_part(path, "groups", format=format).groups
    assert found is not None  # noqa: S101  read_part saw to it
    return found


def read_qrels(path: Path | str, *, format: str | None = None) -> Scores:
    """Read relevance judgements; the values are grades.

    Parameters and errors as for `read_scores`.
    """
    found = read_part(path, "qrels", format=format).qrels
    assert found is not None  # noqa: S101  read_part saw to it
    return found
