import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.formats import words
from rankbound.formats.words import distinct, numbers_of, words_of

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
def test_numbers_of_match_int(numbers):
    data, starts, lengths = laid_out([b"%d" % number for number in numbers])
    found = numbers_of(words_of(data, starts, lengths)[:, 0], lengths)
    assert found.tolist() == numbers


@given(st.binary(min_size=1, max_size=8).filter(lambda text: not text.isdigit()))
def test_numbers_of_give_nothing_for_other_bytes(text):
    data, starts, lengths = laid_out([b"12", text])
    assert numbers_of(words_of(data, starts, lengths)[:, 0], lengths) is None


@pytest.mark.parametrize("text", [b"00", b"01", b"00000001"])
def test_numbers_of_give_nothing_for_zeros_in_front(text):
    data, starts, lengths = laid_out([text])
    assert numbers_of(words_of(data, starts, lengths)[:, 0], lengths) is None


@pytest.mark.parametrize("mixing", [words._mixed, lambda rows: rows[:, 0]])
@given(texts=TEXTS)
def test_distinct_matches_sorting_even_where_mixed_words_collide(mixing, texts):
    texts = [text.replace(b"\0", b"x") for text in texts]
    texts += [b"abcdefgh1", b"abcdefgh2", texts[0]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_mixed", mixing)
        rows, codes = distinct(words_of(*laid_out(texts)))
    assert [texts[row] for row in rows] == sorted(set(texts))
    assert [texts[rows[code]] for code in codes] == texts
