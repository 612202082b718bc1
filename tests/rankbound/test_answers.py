"""Answers: what the catalogue asks, results answer, and nobody else words."""

import string

import pytest

from rankbound.catalogue import QUESTIONS
from rankbound.results import KINDS, Answer, result_type
from tests.golden.cases import CASES
from tests.golden.running import expected

FIVE = ("hard-negatives", "temperature", "queries", "student", "augmentation")
COMMANDS = ("measure", "compare", "validate", "power", "bound")


def fields(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_the_five_questions_come_first():
    assert tuple(QUESTIONS)[:5] == FIVE


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_outcome_has_a_sentence_that_its_fields_fill(name):
    question = QUESTIONS[name]
    assert question.wording.endswith("?")
    assert set(question.results) <= set(KINDS)
    for outcome, said in question.outcomes.items():
        words = dict.fromkeys(fields(said.sentence) | fields(said.next), "7")
        made = Answer.to(name, outcome, rests_on="", **words)
        assert "{" not in made.sentence + made.next
        assert not made.next or made.next.startswith(("rankbound ", "7"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_question_says_it_is_answered_by_has_answers(kind):
    answers = any(kind in question.results for question in QUESTIONS.values())
    assert answers == ("answers" in result_type(kind).__struct_fields__)


def answered():
    """The answers of every golden case, by case."""
    for name, case in CASES.items():
        if case.line.split(" ")[0] not in COMMANDS:
            continue
        record = expected(name)
        texts = [record["stdout"], *record["files"].values()]
        for text in texts:
            found = text.get("json") if isinstance(text, dict) else None
            for result in found if isinstance(found, list) else [found]:
                if isinstance(result, dict) and "answers" in result:
                    yield name, result
