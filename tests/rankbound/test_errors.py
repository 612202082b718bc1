from pathlib import Path

import pytest

from rankbound.errors import FormatError, UsageError


def test_UsageError_is_a_value_error_that_keeps_its_words():
    with pytest.raises(ValueError, match=r"^give --qrels$"):
        raise UsageError("give --qrels")


@pytest.mark.parametrize("path", [Path("a/b.run"), "a/b.run"])
def test_FormatError_holds_path_and_line(path):
    assert str(FormatError(path, "five columns", line=7)) == "a/b.run:7: five columns"


def test_FormatError_holds_path_alone_without_a_line():
    assert str(FormatError("b.gz", "truncated")) == "b.gz: truncated"
    assert isinstance(FormatError("b.gz", "truncated"), ValueError)
