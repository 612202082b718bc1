import pyarrow as pa
import pytest

from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import RowColumns
from rankbound.read.tables.reading import rows_of
from tests.rankbound.files import refusal, table

ROLES = {"query": "qid", "document": "docno"}


def frame(**columns):
    return Frame(pa.table({"qid": ["q", "q"], "docno": ["b", "a"], **columns}), "t")


def test_rows_give_scores_with_their_ranks_and_grades():
    found = rows_of(
        frame(score=[2.0, 1.0], rank=[5, 3], label=[0, 1]),
        RowColumns(**ROLES, score="score", rank="rank", grade="label"),
    )
    assert table(found.scores) == {"q": {"a": 1.0, "b": 2.0}}
    assert found.ranks.tolist() == [3, 5]
    assert table(found.qrels) == {"q": {"a": 1, "b": 0}}


@pytest.mark.parametrize("ranks", [[1.5, 2.5], ["1", "2"]])
def test_ranks_alone_must_be_whole_numbers(ranks):
    held = frame(rank=ranks)
    message = refusal(lambda: rows_of(held, RowColumns(**ROLES, rank="rank")))
    assert message == "t: rank must hold whole numbers, the ranks"
    beside = frame(rank=ranks, score=[2.0, 1.0])
    columns = RowColumns(**ROLES, rank="rank", score="score")
    assert rows_of(beside, columns).ranks is None


def test_a_second_score_names_both_rows():
    held = Frame(
        pa.table({"qid": [1, 2, 1], "docno": [7, 7, 7], "score": [1, 2, 3]}), "t"
    )
    message = refusal(lambda: rows_of(held, RowColumns(**ROLES, score="score")))
    assert message.startswith("t: row 3: query '1', document '7' has 3.0 here and 1.0 ")
    assert "in row 1" in message
