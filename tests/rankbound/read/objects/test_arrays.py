"""Arrays of any library as scores and vectors."""

import numpy as np
import pytest

from rankbound.read.objects.arrays import (
    as_array,
    embeddings_of_array,
    is_array,
    nested_of_array,
    stacked,
)


def nested(value, qids=None, docnos=None):
    return nested_of_array(value, qids, docnos, ValueError)


def test_is_array_knows_arrays_from_frames():
    import pandas as pd
    import polars as pl
    import torch

    assert is_array(torch.ones(2))
    assert not is_array(pd.DataFrame({"a": [1]}))
    assert not is_array(pl.DataFrame({"a": [1]}))
    assert not is_array({"a": 1})


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4", "u1"])
def test_rows_are_queries_and_columns_documents(dtype):
    scores = np.array([[1, 2, 3], [4, 5, 6]], dtype=dtype)
    assert nested(scores) == {
        "0": {"0": 1, "1": 2, "2": 3},
        "1": {"0": 4, "1": 5, "2": 6},
    }
    assert nested(scores, ["q", 7], np.array(["a", "b", "c"]))["7"]["b"] == 5


def test_every_query_may_have_its_own_documents():
    scores = np.array([[1.0, 2.0], [3.0, 4.0]])
    for docnos in ([["a", "b"], ["b", 3]], np.array([["a", "b"], ["b", "3"]])):
        found = nested(scores, None, docnos)
        assert found == {"0": {"a": 1, "b": 2}, "1": {"b": 3, "3": 4}}


def test_arrays_of_other_libraries_are_taken():
    import torch

    assert nested(torch.tensor([[1.0, 2.0]])) == {"0": {"0": 1.0, "1": 2.0}}
    # 1.1 in bfloat16 is 1.1015625
    for tensor in (
        torch.tensor([[1.5, 1.1]], dtype=torch.bfloat16),
        torch.tensor([[1.5, 1.1]], dtype=torch.bfloat16, requires_grad=True),
        torch.nn.Parameter(torch.tensor([[1.5, 1.1015625]])),
        torch.tensor([[1.5, 1.1015625]]).half(),
    ):
        assert nested(tensor) == {"0": {"0": 1.5, "1": 1.1015625}}
    with pytest.raises(ValueError, match="cannot be read as a NumPy array"):
        nested(torch.ones(1, 2).to_sparse())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((np.ones(2),), r"found shape \(2,\) of float64"),
        ((np.ones((2, 2), dtype=bool),), "of bool"),
        ((np.array([["a"]]),), "found shape"),
        ((np.ones((2, 2)), ["a"]), "1 qids for an array with 2"),
        ((np.ones((2, 2)), None, ["a"]), "1 docnos for an array with 2"),
        ((np.ones((2, 2)), None, [["a", "b"]]), "2 docnos for an array with 4"),
        ((np.ones((2, 2)), ["q", "q"]), "query 'q' occurs twice"),
        ((np.ones((1, 2)), ["{}"], ["{x}", "{x}"]), r"document '\{x\}' occurs twice"),
        ((np.ones((1, 1)), [1.0]), "a float is not an id"),
        ((np.ma.masked_array([[1.0]], mask=[[True]]),), "a masked array lacks values"),
    ],
)
def test_nested_of_array_rejects(args, message):
    with pytest.raises(ValueError, match=message):
        nested(*args)


def test_vectors_are_not_copied():
    vectors = np.ones((2, 3), dtype="f2")
    found = embeddings_of_array(vectors, [1, "b"], ValueError, name="x")
    assert found.vectors is vectors
    assert found.ids.tolist() == ["1", "b"]


@pytest.mark.parametrize(
    ("vectors", "ids", "message"),
    [
        (np.ones(3), ["a", "b", "c"], "shape"),
        (np.ones((2, 0)), ["a", "b"], "shape"),
        (np.ones((2, 2), dtype=int), ["a", "b"], "of int64"),
        (np.ones((2, 2)), ["a"], "1 ids for an array with 2"),
        (np.ones((2, 2)), ["a", "a"], "id 'a' occurs twice"),
    ],
)
def test_embeddings_of_array_rejects(vectors, ids, message):
    with pytest.raises(ValueError, match=message):
        embeddings_of_array(vectors, ids, ValueError, name="x")


def test_stacked_asks_for_one_length():
    assert stacked([[1.0], [2.0]], ValueError).shape == (2, 1)
    with pytest.raises(ValueError, match="the same length"):
        stacked([[1.0], [2.0, 3.0]], ValueError)


def test_as_array_names_what_failed():
    with pytest.raises(ValueError, match="cannot be read"):
        as_array([[1], [2, 3]], ValueError)
