import pytest

from rankbound.drawing.results import Found
from rankbound.page.queries import (
    EFFECTS,
    effects_of,
    ledger_queries,
    long_queries,
    sampled,
)
from rankbound.results import Result
from rankbound.rows import Rows


def result(name="", count=3):
    rows = {
        "qid": [f"q{n}" for n in range(count)],
        "student": ["s"] * count,
        "entropy_nats": [f"0.{n + 1}" for n in range(count)],
        "diameter": [""] * count,
    }
    return Found("rankbound.ledger/1", name, Result(), Rows(rows))


def effect(qid, value, dataset="dl19"):
    return dataset, "s", qid, "nDCG@10", value


def rows_of(names, *cells):
    return Rows(dict(zip(names, map(list, zip(*cells, strict=True)), strict=True)))


def test_a_ledger_becomes_columns_without_the_blank_ones():
    table = ledger_queries([result()], {})
    assert table.keys == ("qid", "student")
    assert table.texts == (("q0", "q1", "q2"), ("s", "s", "s"))
    assert table.columns == ("entropy_nats",)
    assert table.numbers == ((0.1, 0.2, 0.3),)
    assert table.cap == "all 3 rows"


def test_several_ledgers_are_told_apart():
    table = ledger_queries([result("a", 1), result("b", 1)], {})
    assert table.keys == ("qid", "result", "student")
    assert table.texts[1] == ("a", "b")


def test_effectiveness_joins_its_own_query():
    effects = effects_of(rows_of(EFFECTS, effect("q1", "0.75"), effect("q2", "")))
    table = ledger_queries([result()], effects)
    assert table.numbers[table.columns.index("nDCG@10")] == (None, 0.75, None)
    assert table.axes == ("entropy_nats", "nDCG@10")


def test_effectiveness_of_several_data_sets_is_not_joined():
    both = effect("q1", "0.5"), effect("q1", "0.6", "dl20")
    assert effects_of(rows_of(EFFECTS, *both)) == {}


def test_no_rows_are_no_table():
    assert ledger_queries([], {}) is None
    none = Rows({})
    table = long_queries(none, name="n", caption="c", keys=("qid",), column=("m",))
    assert table is None


def test_a_long_table_turns_quantities_into_columns():
    rows = rows_of(
        ("qid", "quantity", "pairs", "value"),
        ("q1", "entropy", "all", "0.5"),
        ("q1", "width", "all", "inf"),
        ("q2", "width", "all", "2"),
    )
    table = long_queries(
        rows, name="n", caption="c", keys=("qid",), column=("quantity", "pairs")
    )
    assert table.texts == (("q1", "q2"),)
    assert table.columns == ("entropy, all", "width, all")
    assert table.numbers == ((0.5, None), (None, 2.0))
    assert table.axes == table.columns


def test_the_cap_says_how_many_rows_are_left_out():
    table = ledger_queries([result(count=9)], {}, limit=4)
    assert (len(table), table.total) == (4, 9)
    assert table.cap.startswith("4 of 9 rows shown")
    assert table.plain()["total"] == 9


@pytest.mark.parametrize("limit", [1, 2, 5, 7, 29])
def test_a_sample_holds_all_rows_of_a_query_or_none(limit):
    qids = [f"q{n % 10}" for n in range(30)]
    chosen = sampled(qids, limit)
    kept = [qids[i] for i in chosen]
    assert len(kept) == limit // 3 * 3
    assert all(kept.count(qid) == 3 for qid in kept)
    assert chosen == sorted(chosen) == sampled(qids, limit)
