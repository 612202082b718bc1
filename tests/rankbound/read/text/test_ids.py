import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.arrow import encode
from rankbound.read.text import ids
from rankbound.read.text.ids import IdColumn, held, ids_of

NUMBERS = st.one_of(st.integers(0, 12), st.integers(0, 99_999_999)).map(str)
WORDS = st.text(st.characters(codec="utf-8"), min_size=1)
IDS = st.one_of(NUMBERS, NUMBERS.map("0{}".format), NUMBERS.map("D{}".format), WORDS)
LONG = st.just("x" * 64 + "é")


def encoded(parts):
    column = IdColumn()
    for part in parts:
        column.append(ids_of(part))
    names, codes = column.encoded()
    assert len(names) == len(names.strings)
    return names.strings.tolist(), codes.tolist()


LARGE = st.integers(10**16, 10**19).map(str)  # not all of them fit into a number
HEXADECIMAL = st.integers(0, 2**128).map("{:x}".format)  # nor into a word


@pytest.mark.parametrize(("most", "step"), [(1 << 63, 1 << 16), (1 << 63, 3), (40, 3)])
@pytest.mark.parametrize(
    "kind",
    [NUMBERS, IDS, st.one_of(IDS, LONG), LARGE, HEXADECIMAL, st.one_of(IDS, LARGE)],
)
def test_encoded_matches_sorting_text(kind, most, step, monkeypatch):
    monkeypatch.setattr(ids, "MOST", most)  # with 40, nearly every place has a word
    monkeypatch.setattr(ids, "STEP", step)

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


@pytest.mark.parametrize("step", [1 << 16, 7])
@pytest.mark.parametrize("count", [10, 1000])
def test_encoded_sorts_ids_whose_leading_bits_are_the_same(count, step, monkeypatch):
    monkeypatch.setattr(ids, "STEP", step)
    names = [
        f"{'f' * 30}{number % 7:x}{'0' * 9}{number % 3}" for number in range(count)
    ]
    names += [f"{number:x}" * 20 for number in range(16)]
    distinct, codes = encoded([names])
    assert distinct == sorted(set(names))
    assert [distinct[code] for code in codes] == names


@pytest.mark.parametrize(
    "names", [["12", "7"], ["é", "abcdefghij"], ["x" * 65, "7"], ["07"], ["a\0", "a"]]
)
def test_ids_of_gives_the_ids_back(names):
    assert [str(name) for name in ids_of(names).to_pylist()] == names


@given(st.lists(st.text("0123456789+-x. ", max_size=20), max_size=5))
def test_numbers_are_held_only_where_they_give_the_text_back(names):
    found = held(pa.array(names, pa.string()))
    assert [str(name) for name in found.to_pylist()] == names
    plain = all(name.isdecimal() and str(int(name)) == name for name in names)
    short = all(len(name) <= 18 for name in names)
    assert (found.type == pa.int64()) == (bool(names) and plain and short)


def test_held_takes_a_slice_of_a_column():
    column = pa.array(["x", "12", "3", "y"]).slice(1, 2)
    assert held(column).to_pylist() == [12, 3]
    assert encoded([["b", "a"]])[1] == [1, 0]
    part = IdColumn()
    part.append(pa.array(["z", "b", "a", "z"]).slice(1, 2))
    assert part.encoded().codes.tolist() == [1, 0]


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
