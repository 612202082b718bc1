"""Sentences say what the rows hold; advice names what happened."""

import pytest

from rankbound.commands.compare.sentences import p_text, sentences
from tests.rankbound.commands.compare.world import make


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
            f"smallest margin accepted {row['smallest_margin']:.4f}",
            f"{row['difference']:+.4f}",
        ):
            assert part in line, (part, line)
    assert len(account["sentences"]) == len(account["rows"]) + 3


def test_without_a_margin_it_asks_for_one(samplings):
    account = samplings.account("--quantity", "margin")
    assert all("no margin: give --margin" in s for s in account["sentences"][:6])
    assert all("paired t interval" in s for s in account["sentences"][:6])
    assert any("Student's t" in line for line in account["assumptions"])


def test_the_order_sentence_says_which_samplings_swap(tmp_path):
    world = make(tmp_path, n_queries=40)
    # negatives that tie among themselves and lie far below: much entropy over all pairs
    rows = []
    for qid, row in world.teacher.items():
        for place in range(5):
            row[f"{qid}-low{place}"] = -30.0
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
    assert ("both pair sets order alike" in account["sentences"][-1]) == same


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


def test_a_sentence_says_where_holm_finds_more_than_the_interval(samplings):
    account = samplings.account()
    row, plain = account["rows"][0], account["sentences"][0]
    assert "alone finds" not in plain
    said = sentences(account | {"rows": [row | {"note": "x", "p_holm": 0.012}]})[0]
    assert "Holm p = 0.012, which alone finds a difference" in said
    assert said.endswith(f": {row['verdict']}.")
