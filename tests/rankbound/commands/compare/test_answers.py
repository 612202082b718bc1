"""The first lines of a comparison answer what was asked, and on what they rest."""

from pathlib import Path

from msgspec.structs import replace

from rankbound.commands.compare.result import Flip
from rankbound.commands.compare.sentences import advice
from tests.rankbound.commands.compare.test_students import STRONG, student
from tests.rankbound.commands.compare.world import make
from tests.rankbound.comparisons import comparison
from tests.rankbound.files import run_text


def test_what_was_asked_for_is_answered_first(samplings):
    account = samplings.account(
        *student(samplings, "strong"), *STRONG, "--quantity", "risk", "--pairs", "all"
    )
    (first, *_) = account["answers"]
    assert first["question"] == "differences"
    for row in account["rows"]:
        ends = f"[{row['lower']:+.4f}, {row['upper']:+.4f}]"
        assert f"{row['sampling']} {row['difference']:+.4f} {ends}" in first["sentence"]
    both = samplings.account(
        *student(samplings, "strong"), *STRONG, "--quantity", "risk", "entropy"
    )
    assert both["answers"][0]["question"] == "hard-negatives"


def test_documents_without_a_score_are_told_with_what_answers_rest_on(tmp_path):
    world = make(tmp_path)
    lacking = {
        qid: {doc: row[doc] for doc in [*row][:6] + [*row][-3:]}
        for qid, row in world.students["strong"].items()
    }
    Path(world.path("lacking.run")).write_text(run_text(lacking))

    def rests(quantity):
        account = world.account(
            *student(world, "lacking"), *STRONG, "--quantity", quantity
        )
        return account["answers"][0]["rests_on"]

    far = world.groups["far"]
    missing = sum(doc not in lacking[qid] for qid, docs in far for doc in docs)
    share = missing / sum(len(docs) for _, docs in far)
    said = f", most documents of a sampling unscored by lacking ({share:.1%}), "
    assert share > 0.5
    assert said in rests("risk")
    assert "unscored" not in rests("entropy")


def test_a_fitted_temperature_is_not_asked_for_again():
    made = comparison()
    flip = Flip(sampling="bm25", pairs="all", verdicts={"1": "different"})
    flipping = replace(made, sweep=replace(made.sweep, flips=(flip,)))
    for fitted in (False, True):
        teacher = replace(made.teacher, fitted=fitted)
        said = " ".join(advice(replace(flipping, teacher=teacher)))
        assert "verdicts change between" in said
        assert ("Fit it by likelihood" in said) == (not fitted)
