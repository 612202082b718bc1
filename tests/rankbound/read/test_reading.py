import pytest

from rankbound.errors import UsageError
from rankbound.read.reading import read_groups, read_part, read_qrels, read_scores
from tests.rankbound.files import group_text, lookup, refusal, run_text, table, written

SCORES = {"q": {"a": 2.5, "b": -1.0}, "r": {"a": 3.0}}
GROUPS = group_text([("q", ["a", "b"])])
QRELS = "q 0 a 1\nq 0 b 0\n"


def test_each_part_is_read_from_its_file(tmp_path):
    for text in (run_text(SCORES), lookup(SCORES)):
        assert table(read_scores(written(tmp_path, text))) == SCORES
    assert read_groups(written(tmp_path, GROUPS)).n_groups == 1
    assert table(read_qrels(written(tmp_path, QRELS))) == {"q": {"a": 1, "b": 0}}


def test_read_part_takes_the_format_that_it_is_given(tmp_path):
    path = written(tmp_path, run_text(SCORES))
    assert read_part(path, "scores", format="trec-run").format == "trec-run"
    message = refusal(lambda path: read_part(path, "scores", format="lookup"), path)
    assert message.startswith(f"{path}:1: ")
    with pytest.raises(UsageError, match="no format is called 'run'"):
        read_part(path, "scores", format="run")


@pytest.mark.parametrize(
    ("text", "read", "message"),
    [
        (GROUPS, read_scores, "holds groups (training groups, .*`groups`"),
        (QRELS, read_scores, "holds qrels (relevance judgements: .*`qrels`"),
        (lookup(SCORES), read_groups, "holds scores (.*`teacher`"),
        (run_text(SCORES), read_qrels, "holds scores (TREC run: .*`teacher`"),
    ],
)
def test_read_part_rejects_a_file_of_another_part(tmp_path, text, read, message):
    path = written(tmp_path, text)
    found = refusal(read, path)
    start, _, end = message.partition(".*")
    assert found.startswith(f"{path}:1: {start}")
    assert found.endswith(end)


@pytest.mark.parametrize(
    ("text", "read", "message"),
    [
        ("q Q0 d 1 2.5 t x\n", read_scores, "columns"),
        ('{"q": 1}', read_scores, "expected an object {docno: score}"),
        ("[1", read_scores, "broken JSON"),
        ('{"query_id": "q"}\n', read_groups, "expected an object with query_id"),
        ("q\n", read_qrels, "columns"),
        ("", read_scores, "the file is empty"),
    ],
)
def test_a_damaged_file_gets_the_words_of_the_usual_format(
    tmp_path, text, read, message
):
    path = written(tmp_path, text.encode("latin-1"))
    found = refusal(read, path)
    assert found.startswith(f"{path}:1: ")
    assert message in found
