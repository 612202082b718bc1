import pytest

from rankbound.errors import UsageError


def test_UsageError_is_a_value_error_that_keeps_its_words():
    with pytest.raises(ValueError, match=r"^give --qrels$"):
        raise UsageError("give --qrels")
