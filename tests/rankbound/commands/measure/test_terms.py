"""One row per query: order, averages, and access by name."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.catalogue import COLUMNS
from rankbound.commands.measure.certifying import table_of
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource


@pytest.fixture
def terms(world):
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"), groups=world.path("groups.jsonl"),
        students=(StudentSource("strong", world.path("strong.run"), temperature=1.0),),
    )  # fmt: skip
    return measured(options).students[0].terms


def test_columns_are_the_contract(terms):
    assert table_of([terms]).names == (
        "qid", "student", "n_docs", "n_pairs", "entropy_nats", "entropy_bits",
        "divergence_nats", "risk_nats", "diameter", "mean_distance", "teacher_range",
        "student_range",
    )  # fmt: skip


def test_query_terms_are_sorted_and_averaged(world, terms):
    assert terms.qids.tolist() == sorted(set(terms.qids))
    sizes = {}
    for qid, docs, _ in world.groups:
        if len(docs) > 1:
            sizes.setdefault(qid, []).append(len(docs))
    assert_allclose(terms.n_docs, [np.mean(sizes[qid]) for qid in terms.qids])


def test_quantity_gives_a_named_column(terms):
    bits = terms.quantity("entropy_bits")
    assert (bits.unit, len(bits)) == ("bits", len(terms))
    assert_allclose(bits.values * np.log(2), terms.entropy_nats)
    assert {*COLUMNS} <= {*table_of([terms]).names}


@pytest.mark.parametrize("name", ["diameter", "nonsense"])
def test_quantity_rejects_blank_and_unknown_columns(terms, name):
    with pytest.raises(KeyError, match=name):
        terms.quantity(name)


def test_only_keeps_what_is_asked_for(terms):
    keep = np.arange(len(terms)) % 2 == 0
    half = terms.only(keep)
    assert half.qids.tolist() == terms.qids[keep].tolist()
    assert_allclose(half.risk_nats, terms.risk_nats[keep])
    assert half.diameter is None
    assert half.student == "strong"
