import sys
from collections import namedtuple
from types import SimpleNamespace

import pytest

from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions
from rankbound.errors import UsageError
from rankbound.read.reading import read_groups, read_qrels, read_scores
from rankbound.read.registry import read_any
from tests.rankbound.files import refusal, table

Doc = namedtuple("Doc", "query_id doc_id score")
Judged = namedtuple("Judged", "query_id doc_id relevance iteration")


class Dataset:
    """What of a dataset the reader uses."""

    def __init__(self, scoreddocs=(), qrels=()):
        self.scoreddocs, self.qrels = scoreddocs, qrels

    def has_scoreddocs(self):
        return bool(self.scoreddocs)

    def has_qrels(self):
        return bool(self.qrels)

    def scoreddocs_iter(self):
        return iter(self.scoreddocs)

    def qrels_iter(self):
        return iter(self.qrels)


SCORED = [Doc(f"q{q}", f"{d}", (d - 3) * (q + 0.5)) for q in range(6) for d in range(6)]
DATASETS = {
    "a/b": Dataset(SCORED, [Judged("q1", "7", 2, "0"), Judged("q1", "é", -1, "0")]),
    "listed": Dataset([Doc("q", "a", 0.0), Doc("q", "b", 0.0)]),
    "twice": Dataset([Doc("q", "a", 1.0), Doc("r", "a", 1.0), Doc("q", "a", 2.0)]),
}


@pytest.fixture(autouse=True)
def ir_datasets(monkeypatch):
    module = SimpleNamespace(load=DATASETS.__getitem__)
    monkeypatch.setitem(sys.modules, "ir_datasets", module)


def test_scored_documents_and_judgements_are_read_by_id():
    found = table(read_scores("irds:a/b"))
    assert {(q, d): v for q, row in found.items() for d, v in row.items()} == {
        (row.query_id, row.doc_id): row.score for row in SCORED
    }
    assert table(read_qrels("irds:a/b")) == {"q1": {"7": 2, "é": -1}}
    assert read_any("irds:a/b").format == "irds-scoreddocs"
    assert read_any("irds:a/b", format="irds-qrels").parts() == ("qrels",)


def test_measure_takes_an_id_for_a_file():
    result = measured(MeasureOptions(teacher="irds:a/b", depth=4))
    assert result.inputs.groups.n_groups == 6


def test_documents_without_scores_are_no_scores():
    assert read_groups("irds:listed").sizes.tolist() == [2]
    message = refusal(read_scores, "irds:listed")
    assert message.startswith("irds:listed: holds groups")


@pytest.mark.parametrize(
    ("read", "path", "message"),
    [
        (read_scores, "irds:x", "ir_datasets has no such dataset"),
        (read_qrels, "irds:listed", "the dataset has no judgements"),
        (read_scores, "irds:twice", "rows 1 and 3 of the dataset are about the same"),
        (
            lambda path: read_any(path, format="irds-qrels"),
            "file",
            "is not the id of a dat",
        ),
    ],
)
def test_irds_rejects_in_one_line(read, path, message):
    assert refusal(read, path).startswith(f"{path}: {message}")


def test_irds_names_the_extra_that_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "ir_datasets", None)
    with pytest.raises(UsageError, match=r"pip install 'rankbound\[irds\]'"):
        read_scores("irds:a/b")


@pytest.mark.parametrize("read", [read_scores, read_qrels])
def test_a_network_that_is_not_there_is_one_line_without_a_traceback(monkeypatch, read):
    class Remote(Dataset):
        def scoreddocs_iter(self):
            raise ConnectionError("no route to host\nmore")

        qrels_iter = scoreddocs_iter

    monkeypatch.setitem(DATASETS, "far", Remote([1], [1]))
    message = refusal(read, "irds:far")
    assert message.startswith("irds:far: ir_datasets could not fetch the files (no rou")
