import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.read.text.decimals import decimals_of


def parsed(texts):
    """As the reader gives them: behind blanks, after something else."""
    block = b"".join(b" " + text for text in texts) + b"\n"
    ends = np.cumsum([len(text) + 1 for text in texts])
    starts = ends - np.array([len(text) for text in texts])
    found = decimals_of(block, starts, ends)
    return None if found is None else found.tolist()


@pytest.mark.parametrize("decimals", range(9))
@given(st.data())
def test_decimals_are_those_of_python_to_the_last_bit(decimals, data):
    number = st.tuples(st.booleans(), st.integers(0, 10 ** (8 + decimals) - 1))
    texts = []
    for minus, whole in data.draw(st.lists(number, min_size=1, max_size=9)):
        digits = f"{whole:0{decimals + 1}}"
        point = f"{digits[: len(digits) - decimals]}.{digits[len(digits) - decimals :]}"
        texts.append(("-" * minus + (point if decimals else digits)).encode())
    found = parsed(texts)
    if found is None:  # longer than what is loaded of each
        assert max(len(text.strip(b"-")) for text in texts) > 16
    else:
        assert [repr(x) for x in found] == [repr(float(text)) for text in texts]


@given(st.lists(st.text("0123456789.-+eE_ n", min_size=1, max_size=19), min_size=1))
def test_other_texts_are_left_or_read_as_python_reads_them(texts):
    texts = [text.replace(" ", "").encode() or b"0" for text in texts]
    found = parsed(texts)
    if found is not None:
        assert [repr(x) for x in found] == [repr(float(text)) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        *(b".5", b"5.", b"-.5", b"--1.5", b"-", b"1-2.5", b"1.5.5", b"+1.5", b"1e5"),
        *(b"123456789.5", b"1.123456789", b"1_0.5", b"1:0.5", b"90071992.54740993"),
        *(b"90527792.54027349", b"99415298.06702137"),  # dividing would round twice
        b"nan",
    ],
)
def test_what_is_not_plain_is_left(text):
    assert parsed([text]) is None
    decimals = len(text.partition(b".")[2])
    other = b"12345678" if b"." not in text else b"12345678." + b"1" * decimals
    assert parsed([other, text, other]) is None


@pytest.mark.parametrize("text", [b"1,5", b"1-5", b"135", b"1:5", b"1/5"])
def test_what_has_no_point_at_the_place_of_the_others_is_left(text):
    assert parsed([b"2.5", text]) is None


def test_a_minus_and_a_zero_stay():
    assert repr(parsed([b"-0.0", b"0.0", b"-1.5"])) == "[-0.0, 0.0, -1.5]"
