"""What stands inside the outer braces of ``{qid: {docno: score}}``, block by block."""

from __future__ import annotations

from collections.abc import Generator, Iterable


class Unsure(Exception):  # noqa: N818  not an error: the careful reader decides
    """The text is broken, or written in a way that needs a careful look."""


def inner_blocks(blocks: Iterable[bytes]) -> Generator[bytes]:
    """What stands inside the outer braces, cut behind the brace of a query.

    Raises
    ------
    Unsure
        When there are no outer braces, or something follows them.

    Examples
    --------
    >>> list(inner_blocks([b'{"q": {"d": 1}', b', "r": {"d": 2}', b"}", b" "]))
    [b'"q": {"d": 1}', b'"r": {"d": 2}']
    """
    before, closed = b"{", False
    for block in blocks:
        text = block.strip(b" \t\r\n")
        if not text:
            continue
        if text == b"}" and before == b"," and not closed:
            closed = True
            continue
        if closed or not text.startswith(before):
            raise Unsure
        before = b","
        text = text[1:].lstrip(b" \t\r\n")
        without = text[:-1].rstrip(b" \t\r\n")
        if without.endswith(b"}"):
            text, closed = without, True
        yield text
    if not closed:
        raise Unsure
