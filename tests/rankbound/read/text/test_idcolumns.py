import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.arrow import encode
from rankbound.read.text.idcolumns import IdColumn, id_block

NUMBERS = st.one_of(st.integers(0, 12), st.integers(0, 99_999_999)).map(str)
WORDS = st.text(st.characters(codec="utf-8"), min_size=1)
IDS = st.one_of(NUMBERS, NUMBERS.map("0{}".format), NUMBERS.map("D{}".format), WORDS)
LONG = st.just("x" * 64 + "é")


def encoded(parts):
    column = IdColumn()
    for part in parts:
        column.append(id_block(part))
    ids, marks, codes = column.encoded()
    return ids.strings.tolist(), codes[marks].tolist()


@pytest.mark.parametrize("kind", [NUMBERS, IDS, st.one_of(IDS, LONG)])
def test_encoded_matches_sorting_text(kind):
    @given(st.lists(st.lists(kind, min_size=1, max_size=6), min_size=1, max_size=4))
    def check(parts):
        rows = [name for part in parts for name in part]
        distinct = sorted(set(rows))
        assert encoded(parts) == (distinct, [distinct.index(name) for name in rows])

    check()


def test_encoded_holds_apart_numbers_that_are_equal_but_not_as_text():
    names = ["7", "07", "007", "+7", "7.0", "-7", "12345678", "123456789", "0", "00"]
    distinct, codes = encoded([names])
    assert [distinct[code] for code in codes] == names
    assert distinct == sorted(names)


def test_encoded_sorts_numbers_that_are_too_large_for_a_table():
    names = ["1000000", "999", "1000000", "5"]
    assert encoded([names]) == (["1000000", "5", "999"], [0, 2, 0, 1])


def test_id_block_gives_the_ids_back():
    assert id_block(["12", "7"]).numbered.numbers.tolist() == [12, 7]
    for names in (["12", "7"], ["é", "abcdefghij"], ["x" * 65, "7"]):
        assert id_block(names).as_texts() == names


@pytest.mark.parametrize("chunks", [[["b", "a", "b"]], [["b"], ["a", "b"]]])
def test_encode_matches_rows_of_a_column_in_one_or_more_chunks(chunks):
    column = pa.chunked_array(chunks)
    distinct, codes = encode(column, ordered=True)
    assert (distinct.tolist(), codes.tolist()) == (["a", "b"], [1, 0, 1])
    distinct, codes = encode(column, ordered=False)
    assert (distinct.tolist(), codes.tolist()) == (["b", "a"], [0, 1, 0])


def test_encoded_sorts_numbers_that_begin_alike_by_their_length():
    names = [str(number) for number in range(0, 12_000)]
    distinct, codes = encoded([names[::-1]])
    assert distinct == sorted(names)
    assert [distinct[code] for code in codes] == names[::-1]
