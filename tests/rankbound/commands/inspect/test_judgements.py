from rankbound.commands.inspect.parts import (
    judgement_counts,
    judgement_findings,
    only_relevant,
)
from rankbound.data.scores import Scores
from tests.rankbound.commands.inspect.world import codes, only

QRELS = Scores.from_dict(
    {"p": {"a": 2, "b": 0}, "q": {"a": 0, "b": -1}, "r": {"a": 1, "b": 1, "c": 0}}
)


def test_facts_count_grades_and_relevant_documents():
    facts = judgement_counts(QRELS)
    assert facts.grades == {"-1": 1, "0": 3, "1": 2, "2": 1}
    assert facts.relevant_per_query == (0, 1.0, 2)
    assert facts.queries_without_relevant == 1
    assert facts.queries_with_one_relevant == 1


def test_findings_name_a_query():
    found = judgement_findings(QRELS)
    assert codes(found) == {"negative-grades": 1, "no-relevant": 1, "one-relevant": 1}
    assert only(found, "no-relevant").example == "query 'q'"
    assert only(found, "one-relevant").example == "query 'p'"


def test_judgements_of_relevant_documents_only_are_noted():
    good = Scores.from_dict({"p": {"a": 1, "b": 2}})
    assert only_relevant(good)
    assert not only_relevant(QRELS)
    assert only(judgement_findings(good), "only-relevant").count == 2
