import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rankbound.read.text.arrow_numbers import floats_between, integers_between

TEXTS = st.one_of(
    st.text("0123456789.-+eExX_ni", min_size=1, max_size=22),
    st.integers(-(10**19), 10**19).map(str),
    st.floats().map(str),
)
SPECIAL = ["0x1F", "-0x1F", "0X1", "+5", "-", "-0", "1" * 18, "-" + "1" * 18, "1" * 19]


def between(read, texts):
    """What is read from texts that lie among others."""
    block = "".join(f"x {text} 7e\n" for text in texts).encode()
    ends = np.cumsum([len(text) + 6 for text in texts]) - 4
    starts = ends - np.array([len(text) for text in texts])
    found = read(block, starts, ends)
    return None if found is None else found.tolist()


def as_floats(texts):
    """The same by Python, where its rules are those of the line parser."""
    try:
        values = [float(text) for text in texts if "_" not in text]
    except ValueError:
        return None
    sound = len(values) == len(texts) and all(abs(x) < 8e307 for x in values)
    return values if sound else None


@given(st.lists(TEXTS, min_size=1, max_size=5))
@example(["1.7976931348623157e308", "1"])
@example(["5.", ".5", "-.5", "1e5", "1E-400"])
def test_floats_are_those_of_python_to_the_last_bit(texts):
    found, expected = between(floats_between, texts), as_floats(texts)
    assert (found and list(map(repr, found))) == (
        expected and list(map(repr, expected))
    )


@given(st.lists(st.integers(-(10**18) + 1, 10**18 - 1).map(str), min_size=1))
def test_integers_come_back(texts):
    assert between(integers_between, texts) == list(map(int, texts))


@given(st.lists(st.one_of(TEXTS, st.sampled_from(SPECIAL)), min_size=1, max_size=3))
@example(["0x1F"])
@example(["1" * 19])
def test_integers_are_read_where_all_are_whole_numbers(texts):
    whole = all(re.fullmatch("-?[0-9]{1,18}", text) for text in texts)
    assert between(integers_between, texts) == (
        list(map(int, texts)) if whole else None
    )


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 9, 1000])
def test_as_many_are_read_as_there_are(count):
    texts = [f"{number}e1" for number in range(count)]
    assert between(floats_between, texts) == [10.0 * number for number in range(count)]
