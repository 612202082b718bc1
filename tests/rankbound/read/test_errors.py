from pathlib import Path

import pytest

from rankbound.read.errors import FormatError


@pytest.mark.parametrize("path", [Path("a/b.run"), "a/b.run"])
def test_FormatError_holds_path_and_line(path):
    assert str(FormatError(path, "five columns", line=7)) == "a/b.run:7: five columns"


def test_FormatError_holds_path_alone_without_a_line():
    assert str(FormatError("b.gz", "truncated")) == "b.gz: truncated"
    assert isinstance(FormatError("b.gz", "truncated"), ValueError)
