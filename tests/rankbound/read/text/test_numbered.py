import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.read.text import numbered
from rankbound.read.text.numbered import NumberedColumn, numbered_of
from tests.rankbound.read.text.test_words import laid_out

PREFIXES = st.sampled_from(["", "d", "doc", "msmarco_passage_", "ü ", "0x"])
NUMBERS = st.lists(st.integers(0, 99_999_999), min_size=1, max_size=9)


def read_back(column):
    """The distinct ids, and those of all rows."""
    ids, marks, codes = column.encoded()
    return ids.strings.tolist(), ids.strings[codes[marks]].tolist()


def of(names):
    return numbered_of(*laid_out([name.encode() for name in names]))


@given(PREFIXES, NUMBERS, st.sampled_from([None, 1, 5, 8]))
def test_ids_come_back_as_they_were(prefix, numbers, width):
    names = [f"{prefix}{number:0{width or 1}}" for number in numbers]
    found = of(names)
    digits = {len(name) - len(prefix) for name in names}
    zeros = any(name[len(prefix)] == "0" != name[len(prefix) :] for name in names)
    if zeros and len(digits) > 1:
        assert found is None
    else:
        assert (found.numbers.tolist(), found.texts()) == (numbers, names)
        assert (found.padded, found.width) == (zeros, min(digits) * (len(digits) == 1))


@pytest.mark.parametrize(
    "names",
    [
        *(["d1", "e1"], ["d1", "1"], ["1", "d1"], ["d1", "d"], ["d"], ["d1", "d1x"]),
        *(["d1", "d-1"], ["d123456789"], ["1", "01"], ["d00", "d1"], ["d1", "d1.0"]),
    ],
)
def test_ids_of_other_kinds_are_left(names):
    assert of(names) is None


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        ([["d1", "d22"], ["d333"]], True),
        ([["d01", "d22"], ["d33"]], True),  # all have two digits
        ([["d11", "d22"], ["d03"]], True),
        ([["d1", "d22"], ["d03"]], False),
        ([["d01"], ["d3"]], False),
        ([["d1"], ["e1"]], False),
        ([["d11"], ["d1"], ["d01"]], False),
    ],
)
def test_columns_take_ids_that_go_together(parts, kept):
    column = NumberedColumn()
    assert all(column.takes(of(part)) for part in parts) == kept
    if kept:
        names = [name for part in parts for name in part]
        assert read_back(column) == (sorted(set(names)), names)


def test_few_large_numbers_take_no_table(monkeypatch):
    sizes = []
    zeros = np.zeros

    def counted(size, **options):
        sizes.append(size)
        return zeros(size, **options)

    monkeypatch.setattr(numbered.np, "zeros", counted)
    names = ["d99999999", "d7", "d10", "d7", "d2"]
    column = NumberedColumn()
    column.takes(of(names))
    assert read_back(column) == (["d10", "d2", "d7", "d99999999"], names)
    assert max(sizes, default=0) < 100


@pytest.mark.parametrize("sparse", [0, 1, 1 << 40])
def test_tables_and_sorting_give_the_same(monkeypatch, sparse):
    monkeypatch.setattr(numbered, "SPARSE", sparse)
    rng = np.random.default_rng(0)
    names = [f"{number:06}" for number in rng.integers(0, 10**5, 500)]
    column = NumberedColumn()
    column.takes(of(names))
    assert read_back(column) == (sorted(set(names)), names)


@given(NUMBERS)
def test_numbers_sort_like_texts(numbers):
    column = NumberedColumn()
    column.takes(of([f"x{number % 10**6}" for number in numbers]))
    names = [f"x{number % 10**6}" for number in numbers]
    assert read_back(column) == (sorted(set(names)), names)


@given(NUMBERS)
def test_padded_numbers_sort_like_texts(numbers):
    names = [f"x{number % 10**5:06}" for number in numbers]
    column = NumberedColumn()
    column.takes(of(names))
    assert read_back(column) == (sorted(set(names)), names)
