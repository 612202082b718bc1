import csv
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.columns import strings
from rankbound.errors import FormatError
from rankbound.rows import BLOCK, Coded, Rows, number_texts
from rankbound.writing import write_all

WORDS = st.text(st.characters(exclude_characters="\t\r\n", codec="utf-8"))


def written(folder, text):
    path = folder / "per_query.tsv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@given(st.lists(st.tuples(WORDS, st.floats(allow_nan=False)), max_size=9))
def test_rows_are_those_of_the_csv_module(tmp_path_factory, cells):
    lines = [f"{qid}\t{value!r}\n" for qid, value in cells]
    path = written(tmp_path_factory.mktemp("rows"), "qid\tvalue\n" + "".join(lines))
    with path.open(encoding="utf-8", newline="") as stream:
        wanted = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = Rows.read(path, needed=("qid", "value"))
    assert list(rows) == wanted
    assert [rows[place] for place in range(len(rows))] == wanted
    assert list(rows[1:3]) == wanted[1:3]


def test_more_rows_than_a_block_are_all_there(tmp_path):
    count = 2 * BLOCK + 3
    lines = [f"q{n}\t{n}\n" for n in range(count)]
    rows = Rows.read(
        written(tmp_path, "qid\tvalue\n" + "".join(lines)), needed=("qid",)
    )
    assert len(rows) == count
    assert rows[count - 1] == {"qid": f"q{count - 1}", "value": str(count - 1)}


def test_a_table_takes_little_more_memory_than_its_file(tmp_path):
    lines = [
        f"query-{n // 8}\tsampling\tentropy\tall\t{n / 7!r}\n" for n in range(40_000)
    ]
    path = written(tmp_path, "qid\tsampling\tquantity\tpairs\tvalue\n" + "".join(lines))
    tracemalloc.start()
    rows = Rows.read(path, needed=("qid",))
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) == 40_000
    assert held < 3 * path.stat().st_size  # a mapping for every row takes tenfold
    assert peak < 8 * path.stat().st_size


def test_no_columns_are_no_rows():
    assert len(Rows({})) == 0
    assert list(Rows({})) == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "the column 'qid' is missing"),
        ("student\tvalue\n", 1, "the column 'qid' is missing"),
        ("qid\tvalue\tvalue\n1\t2\t3\n", 1, "the column 'value' is there twice"),
        ("qid\tvalue\nq1\t1\nq2\n", 3, "expected 2 cells, found 1"),
        ("qid\tvalue\nq1\t1\t5\n", 2, "expected 2 cells, found 3"),
        ("qid\tvalue\nq1\t1\nq2\tx\n", 3, "the column 'value' holds numbers, got 'x'"),
    ],
)
def test_a_damaged_table_is_one_clear_line(tmp_path, text, line, message):
    path = written(tmp_path, text)
    with pytest.raises(FormatError) as caught:
        Rows.read(path, needed=("qid",))
    assert str(caught.value).startswith(f"{path}:{line}: {message}")
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = written(tmp_path, b"qid\tvalue\n\xff\t1\n")
    with pytest.raises(FormatError, match="cannot be read as a table"):
        Rows.read(path, needed=("qid",))


NUMBERS = st.floats() | st.integers(-(10**17), 10**17).map(float)


@given(st.lists(st.tuples(st.integers(0, 2), NUMBERS), max_size=9))
def test_numbers_and_repeated_words_are_written_as_text(rows):
    words = ["=a", "'b", "c"]
    codes = np.array([code for code, _ in rows], dtype=np.int64)
    values = np.array([value for _, value in rows], dtype=np.float64)
    held = Rows({"qid": Coded(strings(words), codes), "value": values})
    texts = ["" if np.isnan(v) else as_text(v) for v in values.tolist()]
    plain = Rows({"qid": [words[code] for code in codes], "value": texts})
    assert held.text() == plain.text()
    assert list(held) == list(plain)
    assert held.where("qid", "c").text() == plain.where("qid", "c").text()
    assert list(held[1:]) == list(plain[1:])
    assert [held[-1]] == [plain[-1]] if rows else not len(held)


def as_text(value):
    whole = abs(value) < 1e15 and value == int(value)
    return str(int(value)) if whole else repr(value)


def test_numbers_of_every_size_have_their_shortest_digits():
    rng = np.random.default_rng(3)
    values = 10 ** rng.uniform(-6, 17, 30_000) * rng.choice([-1, 1], 30_000)
    values[::7] = values[::7].round()
    values[:6] = 1e-4, 9.999e-5, 1e15, 999999999999999.9, -0.0, 2.0**53
    texts = [*map(as_text, values.tolist())]
    other = values.copy()
    other[-1] = 0.25  # the same numbers as in the column before, up to one block
    rows = Rows({"value": values, "largest": other, "n": texts})
    cells = [("value", "largest", "n")]
    cells += zip(texts, [*texts[:-1], "0.25"], texts, strict=True)
    wanted = ["\t".join(line) for line in cells]
    found = rows.text().split("\n")
    odd = [(a, b) for a, b in zip(found, [*wanted, ""], strict=True) if a != b]
    assert odd == []  # pytest would compare long texts for minutes
    both = zip(number_texts(values), texts, strict=True)
    assert [pair for pair in both if pair[0] != pair[1]] == []


def test_a_large_table_is_written_without_its_text_in_memory(tmp_path):
    codes = np.arange(400_000) % 7
    rows = Rows({"qid": Coded(strings([*"abcdefg"]), codes), "value": codes / 7})
    tracemalloc.start()
    write_all(tmp_path, {"rows.tsv": rows})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    path = tmp_path / "rows.tsv"
    assert peak < path.stat().st_size / 2
    assert path.read_bytes() == rows.text().encode()
    assert [*Rows.read(path, needed=("qid",))[:9]] == [*rows[:9]]
