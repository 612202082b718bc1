"""The ir_metadata block on top of a run: YAML in comment lines, kept as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from rankbound.read.source import Source
from rankbound.read.text.layout import is_comment

START, END = "ir_metadata.start", "ir_metadata.end"


def read_ir_metadata(source: Source) -> dict[str, str]:
    r"""The text under each key of the block; empty without one.

    The text is not interpreted: a value of one line stands as it is written, a nested
    one is the YAML below the key without its common indent.

    Examples
    --------
    >>> from pathlib import Path
    >>> text = b"# ir_metadata.start\n# tag: bm25\n# ir_metadata.end\nq Q0 d 1 2 t"
    >>> read_ir_metadata(Source(Path("x"), content=text))
    {'tag': 'bm25'}
    """
    return _by_key(_inside(_comments(source)))


def ir_metadata_lines(metadata: Mapping[str, str]) -> list[str]:
    """The block of comment lines that `read_ir_metadata` reads back.

    Examples
    --------
    >>> ir_metadata_lines({"tag": "bm25"})
    ['# ir_metadata.start', '# tag: bm25', '# ir_metadata.end']
    """
    if not metadata:
        return []
    lines = [START]
    for key, text in metadata.items():
        nested = "\n" in text or text.startswith(("- ", "-\n")) or _has_key(text)
        if nested:
            lines += [f"{key}:", *textwrap.indent(text, "  ").split("\n")]
        else:
            lines.append(f"{key}: {text}".rstrip())
    return [f"# {line}".rstrip() for line in [*lines, END]]


def _has_key(text: str) -> bool:
    return text.split(" ", 1)[0].endswith(":")


def _comments(source: Source) -> Iterable[str]:
    """Comment lines on top of the file, without their sign."""
    for _, line in source.lines():
        if line and not is_comment(line):
            return
        yield line[1:].decode("utf-8", "replace")


def _inside(comments: Iterable[str]) -> list[str]:
    """The lines between the marks."""
    found: list[str] = []
    started = False
    for comment in comments:
        mark = comment.strip()
        if mark == END:
            return found
        if started and mark:
            found.append(comment)
        started = started or mark == START
    return []


def _by_key(lines: list[str]) -> dict[str, str]:
    texts: dict[str, list[str]] = {}
    key = ""
    for line in textwrap.dedent("\n".join(lines)).split("\n"):
        name, colon, value = line.partition(":")
        if colon and name and not name[0].isspace() and name[0] not in "-#":
            key = name.strip()
            texts[key] = [value.strip()] if value.strip() else []
        elif key:
            texts[key].append(line)
    return {key: textwrap.dedent("\n".join(text)) for key, text in texts.items()}
