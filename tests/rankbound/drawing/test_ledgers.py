from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as replace_field

from rankbound.drawing.ledgers import drawings, drawings_of_all
from rankbound.drawing.results import find_results
from rankbound.figures.output import data_of
from rankbound.rows import Rows
from tests.rankbound import ledgers
from tests.rankbound.drawing.folders import ledger
from tests.rankbound.ledgers import judged, student


def named(found):
    return {drawing.name: drawing for drawing in found}


def test_a_ledger_allows_what_it_holds_and_says_what_it_lacks(tmp_path):
    students = {
        "tasb": student(0.5, 0.6, relevance=judged()),
        "other": student(0.7, 0.9),
    }
    (result,) = find_results(ledger(tmp_path, students, diameters=False))
    found = named(drawings(result))
    assert found["reliability-tasb"].draw().get_lines()
    assert "`qrels`" in found["reliability-other"].reason
    assert "`embeddings`" in found["locality-entropy"].reason
    assert found["parts-other"].draw().get_xlabel() == "nats"
    assert "`embeddings`" in found["distances"].reason


def test_the_limit_over_n_is_of_the_ledgers_own_risks(tmp_path):
    students = {"tasb": student(0.475, 0.6), "other": student(0.475, 0.6)}
    (result,) = find_results(ledger(tmp_path, students))
    data = data_of(named(drawings(result))["limit-over-n-tasb"].draw())
    rows = list(zip(*data.values(), strict=True))
    assert ("n", 6.0, 0.6) in rows
    n, nats = next((n, nats) for name, n, nats in rows if name == "Hoeffding")
    # Two students share 0.05, and a risk lies within 5 nats
    assert nats == pytest.approx(0.475 + 5 * np.sqrt(np.log(2 / 0.05) / (2 * n)))


def test_a_table_without_risks_and_an_old_ledger_say_so(tmp_path):
    (result,) = find_results(ledger(tmp_path))
    columns = {name: result.table.column(name) for name in result.table.names}
    table = Rows(columns | {"risk_nats": [""] * len(result.table)})
    old = replace_field(result.content, diameter=ledgers.diameter(shape=None))
    found = named(drawings(replace(result, table=table, content=old)))
    assert "run measure again" in found["limit-over-n-tasb"].reason
    assert "earlier version" in found["distances"].reason


def test_a_ledger_without_students_says_so(tmp_path):
    (result,) = find_results(ledger(tmp_path, {}))
    found = named(drawings(result))
    assert "no student" in found["parts"].reason
    assert found["entropy"].draw() is not None


def test_several_ledgers_stand_side_by_side_once_for_each_query(tmp_path):
    two = {"a": student(0.5, 0.6), "b": student(0.6, 0.8)}
    ledger(tmp_path / "random", two)
    ledger(tmp_path / "bm25", two)
    found = named(drawings_of_all(find_results(tmp_path)))
    data = data_of(found["entropy-ecdf"].draw())
    assert Counter(data["name"]) == {"random": 6, "bm25": 6}
    assert len(found["bound-against-risk"].draw().lines) == 5


def test_missing_judgements_are_told_in_the_ledgers_words(tmp_path):
    relevance = replace_field(
        judged(), judged=None, judged_missing_because="no pair is judged"
    )
    students = {"tasb": student(0.5, 0.6, relevance=relevance)}
    (result,) = find_results(ledger(tmp_path, students))
    assert named(drawings(result))["reliability-tasb"].reason == "no pair is judged"
