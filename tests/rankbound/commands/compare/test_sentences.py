"""Sentences say what the rows hold; advice names what happened."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from rankbound.commands.compare.reasons import orders
from rankbound.commands.compare.result import Directions
from rankbound.commands.compare.sentences import (
    claim,
    order_sentence,
    p_text,
    sentences,
)
from tests.rankbound.commands.compare.world import make
from tests.rankbound.comparisons import a_row, comparison, order_means


def test_a_sentence_holds_test_n_correction_and_margin(samplings):
    account = samplings.account("--margin", "0.05")
    for row, line in zip(account["rows"], account["sentences"], strict=False):
        assert line.startswith(
            f"{row['sampling']} against near, the teacher's pairwise"
        )
        assert line.endswith(f": {row['verdict']}.")
        for part in (
            f"n = {row['n']} queries, paired",
            "betting interval",
            f"joint level 0.95 over the family of {account['family']['size']}",
            f"Holm p {'<' if row['p_holm'] < 1e-4 else '='} ",
            "margin 0.05, which ",
            f"{row['n_for_margin']:,} queries would resolve",
            "if their mean were exactly 0",
            f"smallest margin accepted {row['smallest_margin']:.4f}",
            f"{row['difference']:+.4f}",
        ):
            assert part in line, (part, line)
    assert len(account["sentences"]) == len(account["rows"]) + 3


def test_without_a_margin_it_asks_for_one(samplings):
    account = samplings.account("--quantity", "ties", "margin")
    said = account["sentences"][: len(account["rows"])]
    for row, sentence in zip(account["rows"], said, strict=True):
        assert ("no margin: give `margins`" in sentence) == (row["quantity"] == "ties")


def test_a_quantity_without_a_range_is_decided_by_its_direction(samplings):
    account = samplings.account("--quantity", "margin", "--margin", "50")
    assert {row["rule"] for row in account["rows"]} == {"direction"}
    assert any("decided by its direction" in a for a in account["assumptions"])
    seen = set()
    for row, sentence in zip(account["rows"], account["sentences"], strict=False):
        found = row["direction"]
        least, most = found["of_changed"]
        changed = found["rises"] + found["falls"]
        ends = binomtest(found["rises"], changed).proportion_ci(
            1 - 0.05 / account["family"]["size"], method="exact"
        )
        assert (least, most) == pytest.approx((ends.low, ends.high), rel=1e-9)
        word = "higher" if least > 0.5 else "lower" if most < 0.5 else None
        assert found.get("mostly") == word
        expected = "inconclusive" if word is None else f"mostly {word}"
        assert row["verdict"] == expected
        seen.add(expected)
        assert row["p"] == pytest.approx(binomtest(found["rises"], changed).pvalue)
        # However wide the margin, nothing is called equivalent, and the reason is told
        assert row["n_for_margin"] is None
        assert "range" in row["equivalence_missing_because"]
        assert "approximate t interval" in sentence
        share = least if word == "higher" else 1 - most
        percent = math.floor(1000 * share) / 10
        assert word is None or f"{word} on most queries that change" in sentence
        assert word is None or f"on at least {percent} %" in sentence
    assert seen - {"inconclusive"}  # so that the loop said something


def test_the_order_sentence_says_which_samplings_swap(tmp_path):
    world = make(tmp_path, n_queries=40)
    # negatives that tie among themselves and lie far below: much entropy over all pairs
    rows = []
    for qid, row in world.teacher.items():
        for place in range(5):
            row[f"{qid}-low{place}"] = -30.0 - len(rows) / 1e3  # no constant
        rows.append((qid, [f"{qid}-d0", *(f"{qid}-low{i}" for i in range(5))]))
    from tests.rankbound.files import lookup

    (tmp_path / "teacher.json").write_text(lookup(world.teacher))
    world.write_groups("low", rows)
    account = world.account("--teacher-kind", "logit", names=("near", "low"))
    line = account["sentences"][-1]
    assert "The order depends on the pairs" in line
    assert "low has more entropy than near over all pairs" in line
    assert "closer to each other" in line
    assert "farther from the positives" in line
    assert "66.7% of them" in line
    assert account["orders"]["all"] == ["near", "low"]
    assert account["orders"]["pos-neg"] == ["low", "near"]


def test_equal_orders_are_said_to_be_equal(samplings):
    account = samplings.account(names=("near", "far"))
    same = account["orders"]["all"] == account["orders"]["pos-neg"]
    assert ("the pair sets order alike" in account["sentences"][-1]) == same


def test_advice_lists_what_was_altered_and_what_is_open(tmp_path):
    world = make(tmp_path, n_queries=80)
    account = world.account(names=("near", "far"))
    altered = [r for r in account["rows"] if r["verdict"] == "different"]
    assert altered
    line = next(a for a in account["advice"] if "is altered" in a)
    for row in altered:
        word = "raises" if row["difference"] > 0 else "lowers"
        assert f"far {word} it over {row['pairs']} pairs" in line
    copy = world.groups["near"]
    world.write_groups("copy", copy)
    same = world.account(names=("near", "copy"), out="same")
    assert any("Undecided at the margin" in a for a in same["advice"])
    wide = world.account("--margin", "0.5", names=("near", "copy"), out="wide")
    assert any("Unaltered within the margin" in a for a in wide["advice"])
    assert {r["verdict"] for r in wide["rows"]} == {"equivalent"}


def test_fitted_temperatures_and_vectors_are_mentioned(samplings):
    account = samplings.account(
        "--temperature", "fit", "--qrels", samplings.path("qrels.txt"),
        *samplings.vectors_of(),
    )  # fmt: skip
    assert any("was fitted on queries" in line for line in account["advice"])
    assert any("Diameter against near" in line for line in account["advice"])
    assert any("essential supremum" in line for line in account["cannot_say"])


@pytest.mark.parametrize(
    ("p", "text"), [(0.5, "0.5"), (0.00012, "0.00012"), (9e-5, "< 0.0001")]
)
def test_p_values_are_printed_as_papers_do(p, text):
    assert p_text(p) == text


def test_a_sentence_says_where_holm_finds_more_than_the_interval():
    made = comparison([a_row()])
    assert "alone finds" not in sentences(made)[0]
    more = comparison([a_row(note="x", p_holm=0.012)])
    said = sentences(more)[0]
    assert "Holm p = 0.012, which alone finds a difference" in said
    assert said.endswith(f": {more.rows[0].verdict}.")


def falling(falls=76, of=76, least=0.95, **changes):
    """A row whose quantity falls in most queries."""
    made = Directions(
        rises=of - falls,
        falls=falls,
        of=of,
        share_rising=(0.0, 1 - least),
        share_falling=(least, 1.0),
        certain="falls" if least > 0.5 else None,
        tolerance=1e-9,
        delta=0.05,
    )
    return a_row(direction=made, **changes)


def test_a_sentence_gives_mean_and_direction_in_a_fixed_order():
    open_mean, decided, neither, older = sentences(
        comparison(
            [
                falling(verdict="inconclusive"),
                falling(verdict="different"),
                falling(40, 76, 0.4, verdict="inconclusive"),
                a_row(),
            ]
        )
    )[:4]
    share = "; it falls in at least 95.0 % of queries (76 of 76)"
    certain = ": the direction is certain and the mean is open, since a share of"
    assert f"{share}{certain} queries is not a mean: inconclusive." in open_mean
    assert decided.endswith(f"{share}: different.")
    assert "most queries is open (36 and 40 of 76): inconclusive." in neither
    assert "queries (" not in older
    assert all(
        "d_z = -0.70, t = -3.40 (approximate)" in line for line in (decided, older)
    )


def test_the_claim_says_where_it_holds_and_where_it_fails():
    rows = [
        a_row("bm25", "all", verdict="inconclusive"),
        a_row("bm25", "pos-neg", verdict="different"),
        a_row("bm25", "neg-neg", verdict="different"),
        a_row("dense", "all", verdict="equivalent"),
        a_row("dense", "pos-neg", verdict="negligible"),
    ]
    said = claim(rows, "random")
    assert "holds by definition for the target form" in said
    assert "against random, at a margin of 0.02 nats, it fails for bm25 (pos-" in said
    for part in (
        "it fails for bm25 (pos-neg, neg-neg)",
        "it fails, by no more than the margin, for dense (pos-neg)",
        "it holds within the margin for dense (all)",
        "it is undecided for bm25 (all)",
    ):
        assert part in said


def test_the_claim_is_not_judged_where_entropy_was_not_asked_for():
    rows = [a_row("bm25", "all", verdict="different", quantity="margin")]
    said = claim(rows, "random")
    assert said.endswith("not asked for here (`quantities='entropy'`).")
    assert "bm25" not in said


def said_of(every, star):
    means = order_means({"all": every, "pos-neg": star, "neg-neg": every})
    return order_sentence(means, orders(means), dict.fromkeys(every, 0.875))


def test_equal_means_are_not_ordered():
    same = {"a": 0.5, "b": 0.5 + 1e-15, "c": 0.5}
    said = said_of(same, same)
    assert "order alike" in said
    assert "<" not in said
    assert said.count("=") == 4


def test_a_tie_in_one_order_is_no_change_of_places():
    said = said_of({"a": 0.5, "b": 0.5}, {"a": 0.3, "b": 0.4})
    assert "depends on the pairs" in said
    assert "all pairs a = b; pos-neg pairs a < b" in said
    assert "has more entropy than" not in said


def test_the_swap_that_is_named_is_one_of_the_common_queries(tmp_path):
    """Over its own queries `part` has another mean than over those that all have."""
    world = make(tmp_path, n_queries=40)
    world.write_groups("part", world.groups["far"][:10])
    account = world.account(names=("near", "far", "part"))
    means = account["order_means"]
    qids = {qid for qid, _ in world.groups["far"][:10]}
    assert {row["n"] for row in means.values()} == {len(qids)}
    for pairs, row in means.items():
        order = account["orders"][pairs]
        assert sorted(row["entropy"].values()) == [row["entropy"][n] for n in order]
        for name, mean in row["entropy"].items():
            theirs = per_query(world, name, pairs)
            assert mean == pytest.approx(np.mean([theirs[q] for q in qids]), abs=1e-12)


def per_query(world, name, pairs):
    lines = (
        (world.folder / "out" / "comparison.per_query.tsv").read_text().splitlines()[1:]
    )
    rows = (line.split("\t") for line in lines)
    return {
        q: float(v)
        for q, s, k, p, v, _ in rows
        if (s, k, p) == (name, "entropy", pairs)
    }
