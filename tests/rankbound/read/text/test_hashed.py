import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.read.text import hashed
from rankbound.read.text.hashed import HashedTexts, texts_of
from rankbound.read.text.words import words_of
from tests.rankbound.read.text.test_words import laid_out

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    st.integers(0, 40).map("a_common_beginning_{}".format),
).filter(lambda text: len(text.encode()) <= 64)
PARTS = st.lists(st.lists(TEXTS, min_size=1, max_size=30), min_size=1, max_size=5)
KEYS = [hashed.keys_of, lambda words: np.zeros(len(words), dtype=np.uint64)]


def words(texts):
    return words_of(*laid_out([text.encode() for text in texts]))


@pytest.mark.parametrize("keys", KEYS, ids=["keys", "one key for all"])
@pytest.mark.parametrize("step", [3, 1 << 16])
@given(parts=PARTS)
def test_codes_match_a_dictionary(keys, step, parts):
    table = HashedTexts()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashed, "keys_of", keys)
        patch.setattr(hashed, "STEP", step)
        codes = np.concatenate([table.codes_of(words(part)) for part in parts])
        found, rank = table.sorted()
        found = found.strings
    names = [name for part in parts for name in part]
    assert len(table.sorted()[0]) == len(set(names))
    assert found.tolist() == sorted(set(names))
    assert found[rank[codes]].tolist() == names
    assert texts_of(table.words_at(codes)) == names


def test_keys_do_not_depend_on_what_fills_up():
    short = words(["abc", "x" * 16])
    wide = np.pad(short, ((0, 0), (0, 3)))
    assert hashed.keys_of(short).tolist() == hashed.keys_of(wide).tolist()


def test_keys_of_ids_in_a_row_spread_over_the_table():
    names = [f"msmarco_v2.1_doc_{n % 60:02}_{n}" for n in range(1 << 14)]
    places = hashed.keys_of(words(names)) >> np.uint64(64 - 15)
    # Of n texts at 2n places, n (1 - exp(-1/2)) 2 places are taken if all are alike
    taken = len(np.unique(places)) / len(names)
    assert taken == pytest.approx(2 * (1 - np.exp(-0.5)), abs=0.02)
