import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rankbound.read.text.words import (
    are_digits,
    digits_before,
    number_of_digits,
    words_of,
)

TEXTS = st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=8)


def laid_out(texts):
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    return np.frombuffer(b"".join(texts), dtype=np.uint8), starts, lengths


@given(TEXTS)
def test_words_of_match_python_integers(texts):
    found = words_of(*laid_out(texts))
    width = found.shape[1] * 8
    assert found.shape[1] == max(1, -(-max(map(len, texts)) // 8))
    for row, text in zip(found.tolist(), texts, strict=True):
        assert b"".join(word.to_bytes(8) for word in row) == text.ljust(width, b"\0")


@given(st.lists(st.integers(0, 99_999_999), min_size=1, max_size=9))
def test_number_of_digits_matches_int(numbers):
    data, starts, lengths = laid_out([b"%d" % number for number in numbers])
    digits = digits_before(data, starts + lengths, lengths)
    assert are_digits(digits)
    assert number_of_digits(digits).tolist() == numbers


@given(st.binary(min_size=8, max_size=8))
def test_are_digits_of_any_bytes(text):
    data, starts, lengths = laid_out([b"00000000", text])
    digits = digits_before(data, starts + lengths, lengths)
    assert are_digits(digits) == text.isdigit()


def test_words_of_do_not_read_beyond_the_buffer():
    data, starts, lengths = laid_out([b"abcdefgh", b"ij"])
    assert words_of(data, starts, lengths)[1, 0] == int.from_bytes(
        b"ij".ljust(8, b"\0")
    )
