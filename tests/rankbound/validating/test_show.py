import copy
import io

from rich.console import Console

from rankbound.validating.account import account
from rankbound.validating.show import findings, show


def shown(made):
    stream = io.StringIO()
    show(account(made), Console(file=stream, width=100, highlight=False))
    return stream.getvalue()


def test_the_text_says_what_was_found_and_what_could_be(validation):
    text = shown(validation)
    for part in (
        "toy, given: 30 judged queries",
        "mean effectiveness",
        "p (Holm)",
        "power: with",
        "too few configurations (2; 8 are needed",
        "control, shuffled entropies",
        "control, constant student",
        "0 of 4 rows can be tested",
        "locality and entropy (toy, given, strong)",
        "no kappa",
        "dropped:",
    ):
        assert part in text, part


def test_no_evidence_is_said(validation):
    made = copy.deepcopy(account(validation))
    for row in made["per_query"]:
        row["verdict"] = row["partial_verdict"] = "inconclusive"
    text = " ".join(findings(made))
    assert "no evidence that any term goes with effectiveness: none of 64 tests" in text
    assert "beyond how hard a query is" in text
    assert text.count("no evidence") == 2
    made["per_query"][0]["verdict"] = "associated"
    made["per_query"][0]["partial_verdict"] = "associated"
    text = " ".join(findings(made))
    assert "1 of 64 tests associated" in text
    assert "no evidence" not in text


def test_several_data_sets_are_told_apart(pooled):
    text = shown(pooled)
    assert "more, given: 24 judged queries" in text
    assert "(pooled)" in text
    assert "(average)" in text
