"""Questions in boxes, notes said once, and the figures that belong to them."""

import pytest

from rankbound.catalogue import QUESTIONS
from rankbound.page.accounts import Account, Verdict
from rankbound.page.rendering import Picture
from rankbound.page.story import ELSE, SHOWN, Line, blocks, pooled
from rankbound.results import KINDS, Answer
from tests.rankbound.page.reading import check_certificates, check_words


class Told:
    """A result with answers."""

    KIND = "ledger"

    def __init__(self, *answers):
        self.answers = answers


def account(*verdicts, notes=()):
    return Account("ledger", "Ledger", verdicts, (), (), notes)


def answer(question, outcome, sentence, rests_on="40 queries", next=""):
    return Answer(
        question=question,
        outcome=outcome,
        sentence=sentence,
        rests_on=rests_on,
        next=next,
    )


def figure(name, kind, result="ledger"):
    return Picture(name, "", "<svg/>", "", kind=kind, result=result)


def test_a_question_has_one_box_with_every_sentence_once():
    one = Told(answer("vacuous", "not vacuous", "no: 0.5", next="rankbound a"))
    two = Told(answer("vacuous", "not vacuous", "no: 0.6", next="rankbound a"))
    same = Told(answer("vacuous", "not vacuous", "no: 0.5", rests_on="9 queries"))
    given = [(name, told, account()) for name, told in
             (("a", one), ("b", two), ("c", same))]  # fmt: skip
    (block,) = blocks(given, [])
    assert (block.level, block.word) == ("good", "not vacuous")
    assert block.lines == (Line(("a", "c"), "no: 0.5"), Line(("b",), "no: 0.6"))
    assert block.rests == (Line(("a", "b"), "40 queries"), Line(("c",), "9 queries"))
    assert block.next == ("rankbound a",)
    (alone,) = blocks(given[:1], [])
    assert alone.lines == (Line((), "no: 0.5"),)


def test_the_worst_news_colours_the_box_and_differing_outcomes_have_no_word():
    one = Told(answer("vacuous", "not vacuous", "no"))
    two = Told(answer("vacuous", "vacuous", "yes"))
    (block,) = blocks([("a", one, account()), ("b", two, account())], [])
    assert (block.level, block.word) == ("bad", "")


def test_questions_stand_in_their_order_and_nothing_rests_twice():
    told = Told(
        answer("dominating", "entropy", "the entropy"),
        answer("temperature", "given", "1, given"),
    )
    first, second = blocks([("", told, account())], [])
    assert [first.key, second.key] == ["temperature", "dominating"]
    assert (first.rests, second.rests) == ((Line((), "40 queries"),), ())


def test_the_first_figure_of_a_question_is_its_picture_and_none_is_lost():
    told = Told(answer("queries", "enough", "yes"), answer("vacuous", "vacuous", "yes"))
    figures = [
        figure("scatter", "scatter"),
        figure("limit", "limit"),
        figure("limit-2", "limit"),
        figure("forest", "correlations", "validation"),
    ]
    queries, vacuous, others = blocks([("", told, account())], figures)
    assert (queries.picture.name, [one.name for one in queries.figures]) == (
        "limit",
        ["limit-2"],
    )
    assert vacuous.picture.name == "scatter"  # no student is compared
    assert (others.key, others.picture) == (ELSE, None)
    assert [one.name for one in others.figures] == ["forest"]


def test_a_result_without_answers_has_its_verdicts_in_one_box():
    verdicts = (Verdict("good", "ready", "yes"), Verdict("caution", "warning", "old"))
    noted = account(*verdicts, notes=(("warnings", ("old",)),))
    (block,) = blocks([("", Told(), noted)], [])
    assert (block.level, block.word, block.lines) == (
        "good",
        "ready",
        (Line((), "yes"),),
    )


def test_a_command_of_a_verdict_is_one_to_run_next():
    ready = Verdict(
        "good", "ready for measure", "", "rankbound measure --teacher a.run"
    )
    error = Verdict("bad", "error", "1 error in 2 inspected files")
    (block,) = blocks([("", Told(), account(ready, error))], [])
    assert block.next == (ready.command,)
    assert [line.sentence for line in block.lines] == [
        "ready for measure",
        f"error: {error.sentence}",
    ]


def test_an_inspection_keeps_its_verdicts_beside_its_answers():
    class Inspected(Told):
        KIND = "inspection"

    found = Inspected(answer("false-negatives", "suspected", "g 56%"))
    verdicts = (
        Verdict("bad", "error", "4 errors in 5 inspected files"),
        Verdict("caution", "warning", "2 warnings in 5 inspected files"),
    )
    question, box = blocks([("", found, account(*verdicts))], [])
    assert (question.key, box.key, box.level) == (
        "false-negatives",
        "inspection",
        "bad",
    )
    assert [line.sentence for line in box.lines] == [
        f"{verdict.word}: {verdict.sentence}" for verdict in verdicts
    ]


def test_notes_are_pooled_with_the_results_that_do_not_all_say_them():
    one = account(notes=(("warnings", ("old", "few")), ("assumptions", ("A0",))))
    two = account(notes=(("warnings", ("old",)),))
    found = pooled([("a", one), ("b", two)])
    assert found == {
        "warnings": [("old", ()), ("few", ("a",))],
        "assumptions": [("A0", ())],
    }


@pytest.mark.parametrize("kind", SHOWN)
def test_figures_belong_to_questions_that_their_results_answer(kind):
    assert kind in KINDS
    for wanted in SHOWN[kind].values():
        for question in (wanted,) if isinstance(wanted, str) else wanted:
            assert kind in QUESTIONS[question].results


@pytest.mark.xdist_group("report")
def test_the_page_of_everything_says_nothing_twice(opened, everything, contents):
    page = opened(everything / "all.html", viewport={"width": 1280, "height": 900})
    check_words(page)
    check_certificates(page, {"m": contents["ledger"]})
    page.close()
