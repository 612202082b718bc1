"""Checked columns, and the rows that errors name."""

import numpy as np
import pyarrow as pa
import pytest

from rankbound.errors import FormatError
from rankbound.read.tables.frames import Frame


def frame(column, **more):
    return Frame(pa.table({"x": column}), "t.parquet", **more)


def refused(read, column):
    with pytest.raises(FormatError) as caught:
        read(frame(column))
    message = str(caught.value)
    assert message.startswith("t.parquet: ")
    assert "\n" not in message
    return message.removeprefix("t.parquet: ")


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["7", "8", "7"]),
        pa.array(["7", "8", "7"], pa.large_string()),
        pa.array(["7", "8", "7"], pa.string_view()),
        pa.array(["7", "8", "7"]).dictionary_encode(),
        pa.DictionaryArray.from_arrays(
            [0, 1, 0], pa.array(["7", "8"], pa.string_view())
        ),
        pa.array([7, 8, 7]).dictionary_encode(),
        pa.array([7, 8, 7]),
        pa.array([7, 8, 7], pa.uint8()),
        pa.chunked_array([pa.array([7, 8]), pa.array([7])]),
        pa.chunked_array(
            [
                pa.array(["7", "8"]).dictionary_encode(),
                pa.array(["7"]).dictionary_encode(),
            ]
        ),
    ],
    ids=lambda column: str(column.type),
)
def test_ids_are_text(column):
    found = frame(column).ids("x")
    assert found.to_pylist() == ["7", "8", "7"]
    assert found.type in (pa.string(), pa.large_string())


def test_ids_keep_words_that_other_readers_take_for_nothing():
    words = ["NA", "null", "nan", '"', "é", "x y", "007", "1.0"]
    assert frame(words).ids("x").to_pylist() == words


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["a", None], "row 2: x is missing"),
        (["a", "b", ""], "row 3: x must be text that is not blank, found ''"),
        (["a", " \u2003"], None),
        (["a\tb"], "row 1: x must be text without control"),
        (["a", "b\n"], "row 2: x must be text without control"),
        ([1.0, 2.0], "floating-point numbers (double), which are not ids"),
        ([True], "found the type bool"),
        ([[1]], "found the type list"),
    ],
)
def test_ids_rejects(column, message):
    if message is None:  # blanks of other alphabets are text
        assert frame(column).ids("x").to_pylist() == column
        return
    assert message in refused(lambda f: f.ids("x"), column)


@pytest.mark.parametrize(
    "kind", [pa.float16(), pa.float32(), pa.float64(), pa.int8(), pa.decimal128(25, 2)]
)
def test_numbers_are_float64(kind):
    column = pa.array([1, 2, -3]).cast(kind)
    found = frame(column).numbers("x")
    assert found.dtype == np.float64
    assert found.tolist() == [1, 2, -3]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([1.0, None], "row 2: x must be a finite number, found None"),
        ([1.0, 2.0, float("nan")], "row 3: x must be a finite number, found nan"),
        ([float("inf")], "row 1: x must be a finite number, found inf"),
        ([1.7e308], "row 1: x must be at most 8.99e+307 in size"),
        (["1.0"], "x must hold numbers, found the type string"),
        ([True], "found the type bool"),
    ],
)
def test_numbers_rejects(column, message):
    assert message in refused(lambda f: f.numbers("x"), column)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[1, 2], [], [3]]),
        pa.array([[1, 2], [], [3]], pa.large_list(pa.int64())),
        pa.array(["[1, 2]", "[]", "[3]"]),
        pa.chunked_array(
            [pa.array([[1, 2]]), pa.array([[], [3]], pa.list_(pa.int64()))]
        ),
    ],
    ids=lambda column: str(column.type),
)
def test_lists_are_flattened(column):
    flat, sizes = frame(column).lists("x")
    assert flat.to_pylist() == [1, 2, 3]
    assert sizes.tolist() == [2, 0, 1]


def test_lists_of_one_size_and_slices():
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(range(6)), 2)
    flat, sizes = frame(fixed.slice(1)).lists("x")
    assert (flat.to_pylist(), sizes.tolist()) == ([2, 3, 4, 5], [2, 2])
    flat, sizes = frame(pa.array([[1], [2, 3], [4]]).slice(1, 1)).lists("x")
    assert (flat.to_pylist(), sizes.tolist()) == ([2, 3], [2])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("['a', 'b']", ["a", "b"]),
        ("['a','b\"c']", ["a", 'b"c']),
        ("['7187', '12']", ["7187", "12"]),
    ],
)
def test_lists_written_as_text_are_read(text, values):
    assert frame([text]).lists("x")[0].to_pylist() == values


@pytest.mark.parametrize(
    "text",
    [
        "['a' 'b']",
        "a, b",
        "['it''s']",
        "[a]",
        "{'a': 1}",
        "7",
        "['a', 'b'",
        "",
        "[1 2]",
    ],
)
def test_text_that_is_no_list_is_refused(text):
    """NumPy prints lists without commas; read as Python that would be one id."""
    message = refused(lambda f: f.lists("x"), ["['x']", text])
    assert message.startswith("row 2: x must be a list")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([[1], None], "row 2: x is missing"),
        ([1, 2], "x must hold lists, found the type int64"),
        (["[1]", '["a"]'], "the lists mix text and numbers"),
    ],
)
def test_lists_rejects(column, message):
    assert message in refused(lambda f: f.lists("x"), column)


def test_errors_name_the_file_of_a_folder():
    whole = frame([1.0, 2.0, 3.0, None], shards=(("a.arrow", 3), ("b.arrow", 1)))
    with pytest.raises(FormatError, match=r"^b\.arrow: row 1: x must be"):
        whole.numbers("x")
    assert str(whole.fail("odd", row=2)) == "a.arrow: row 3: odd"
    assert str(whole.fail("odd")) == "t.parquet: odd"


def test_whole_numbers_beyond_53_bits_are_rounded_as_those_of_json():
    values = [2**53 + 1, -(2**60) - 1, 3]
    found = Frame(pa.table({"score": values}), "t").numbers("score")
    assert found.tolist() == [float(value) for value in values]


def test_rows_are_named_from_1():
    assert Frame(pa.table({"a": [1]}), "t").place(0) == "row 1"
