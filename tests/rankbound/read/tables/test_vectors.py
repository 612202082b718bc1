"""Columns of lists as one array of vectors, and the rows that break them."""

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankbound.errors import FormatError
from rankbound.read.registry import read_any
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.reading import embeddings_of
from rankbound.read.vectors.embeddings import read_embeddings

VECTORS = np.arange(12, dtype="f4").reshape(4, 3)
IDS = ["b", "a", "d", "c"]


def fixed(vectors):
    flat = pa.array(np.ascontiguousarray(vectors).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])


def read(ids, vectors):
    return embeddings_of(Frame(pa.table({"id": ids, "v": vectors}), "t"), "id", "v")


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@pytest.mark.parametrize("shape", ["fixed", "list", "large", "chunks", "slice"])
def test_vectors_keep_their_numbers_and_type(dtype, shape):
    vectors = VECTORS.astype(dtype)
    column = fixed(vectors)
    if shape == "list":
        column = column.cast(pa.list_(column.type.value_type))
    elif shape == "large":
        column = column.cast(pa.large_list(column.type.value_type))
    elif shape == "chunks":
        column = pa.chunked_array([column.slice(0, 1), column.slice(1)])
    elif shape == "slice":
        more = fixed(np.concatenate([vectors[:1] + 99, vectors, vectors + 50]))
        column = more.slice(1, 4)
    found = read(IDS, column)
    assert found.ids.tolist() == IDS
    assert found.vectors.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found.vectors, vectors)


def test_one_chunk_is_not_copied():
    flat = VECTORS.reshape(-1).copy()
    column = pa.FixedSizeListArray.from_arrays(pa.array(flat), 3)
    assert np.shares_memory(read(IDS, column).vectors, flat)


def test_vectors_of_an_arrow_file_stay_on_disk(tmp_path):
    path = tmp_path / "x.arrow"
    table = pa.table({"docno": IDS, "embedding": fixed(VECTORS)})
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    before = pa.total_allocated_bytes()
    found = read_any(path).embeddings
    np.testing.assert_array_equal(found.vectors, VECTORS)
    # Only the ids were brought to memory
    assert pa.total_allocated_bytes() - before < VECTORS.nbytes


@pytest.mark.parametrize("write", ["pyarrow", "polars-list", "polars-array", "pandas"])
def test_files_of_several_libraries_are_read(tmp_path, write):
    path = tmp_path / "x.parquet"
    columns = {"docno": IDS, "embedding": VECTORS.tolist()}
    if write == "pyarrow":
        pq.write_table(pa.table({"docno": IDS, "embedding": fixed(VECTORS)}), path)
    elif write == "polars-list":
        pl.DataFrame(columns).write_parquet(path)
    elif write == "polars-array":
        schema = {"docno": pl.String, "embedding": pl.Array(pl.Float32, 3)}
        pl.DataFrame(columns, schema=schema).write_parquet(path)
    else:
        pl.DataFrame(columns).to_pandas().to_parquet(path)
    found = read_embeddings(path)
    assert found.ids.tolist() == IDS
    np.testing.assert_array_equal(found.vectors, VECTORS)


@pytest.mark.parametrize(
    ("ids", "vectors", "message"),
    [
        (["a", "b"], [[1.0, 2.0], None], "row 2: v is missing"),
        (["a", "b"], [[1.0, 2.0], [1.0]], "row 2: v has 1 numbers, but the first row"),
        (["a", "b"], [[1.0, 2.0], [None, 1.0]], "row 2: v lacks the number 1"),
        (["a", "b"], [[1, 2], [3, 4]], "v must hold lists of floating-point numbers"),
        (["a", "b"], ["x", "y"], "v must hold lists of floating-point numbers"),
        (["a", "a"], [[1.0], [2.0]], "row 2: id 'a' occurs twice (first in row 1)"),
        (["a", "b", "b"], [[1.0]] * 3, "row 3: id 'b' occurs twice (first in row 2)"),
        (["a", None], [[1.0], [2.0]], "row 2: id is missing"),
        ([1.0, 2.0], [[1.0], [2.0]], "id holds floating-point numbers"),
        (["a"], pa.array([[]], pa.list_(pa.float32())), "row 1: v is an empty vector"),
    ],
)
def test_embeddings_of_rejects(ids, vectors, message):
    with pytest.raises(FormatError) as caught:
        read(ids, vectors)
    assert message in str(caught.value)


def test_a_missing_number_of_a_later_chunk_names_its_row():
    good, bad = pa.array([[1.0, 2.0]]), pa.array([[1.0, 2.0], [3.0, None]])
    with pytest.raises(FormatError, match="row 3: v lacks the number 2"):
        read(["a", "b", "c"], pa.chunked_array([good, bad]))
