import pytest

from rankbound.errors import UsageError
from rankbound.read.registry import by_name, detect, read_any
from rankbound.read.source import Source
from rankbound.read.text.trec import BEHIND
from tests.rankbound.files import packed, refusal, table, written

WIDE = "q Q0 a 1 2.5 my tag\nq Q0 b 2 -1.0 my\nr Q0 a 1 0.5 my own tag # 7\n"
ROWS = {"q": {"a": 2.5, "b": -1.0}, "r": {"a": 0.5}}


def test_a_run_of_more_columns_is_refused_with_the_remedy(tmp_path):
    path = written(tmp_path, f"# a comment\n\n{WIDE}", "x.run")
    assert detect(Source(path))[0].name == "trec-run-wide"
    message = refusal(read_any, path)
    assert message.startswith(f"{path}:3: expected 6 columns (qid Q0 docno rank score")
    assert "found 7" in message
    assert "`format='trec-run-lenient'`" in message


def test_the_first_line_that_is_too_wide_is_named_in_a_run(tmp_path):
    path = written(tmp_path, f"q Q0 c 1 3.0 my\n{WIDE}", "x.run")
    message = refusal(read_any, path)
    assert message.startswith(f"{path}:2: expected 6 columns")
    assert "`format='trec-run-lenient'`" in message


@pytest.mark.parametrize("pack", [str.encode, packed])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_follows_the_tag_is_passed_over_and_counted(tmp_path, pack, end):
    text = "\ufeff# head of more than six words\n\n" + WIDE.replace(
        "my own", "my  own\t"
    )
    path = written(tmp_path, pack(text.replace("\n", end)), "x.run")
    found = read_any(path, format="trec-run-lenient")
    assert found.format == "trec-run-lenient"
    assert table(found.scores) == ROWS
    assert found.metadata["tag"] == "my"
    assert found.ranks.tolist() == [1, 2, 1]
    counted = {"byte order mark": 1, "blank lines": 1, "comment lines": 1, BEHIND: 2}
    if end == "\r\n":
        counted["CRLF line ends"] = 5
    assert found.repairs == counted


def test_errors_keep_their_line_and_short_lines_are_refused(tmp_path):
    path = written(tmp_path, f"{WIDE}s Q0 a 1 x my tag\n", "x.run")
    message = refusal(lambda: read_any(path, format="trec-run-lenient"))
    assert message.startswith(f"{path}:4: the score must be a finite number")
    path = written(tmp_path, f"{WIDE}s Q0 a 1\n", "x.run")
    message = refusal(lambda: read_any(path, format="trec-run-lenient"))
    assert message.startswith(f"{path}:4: expected 6 columns")


@pytest.mark.parametrize(
    "text", ["a b c d e f g\n", "q Q0 a 1 nan t u\n", "1 2 3 4\n", "{}\n"]
)
def test_other_text_is_no_wide_run(tmp_path, text):
    assert by_name("trec-run-wide").sniff(Source(written(tmp_path, text))) is None


def test_a_wide_run_takes_no_argument():
    with pytest.raises(UsageError, match="takes no argument"):
        by_name("trec-run-lenient:x")


@pytest.mark.parametrize("name", ["trec-run", "trec-run-lenient", "trec-run-wide"])
def test_lines_that_a_carriage_return_alone_ends_are_refused(tmp_path, name):
    rows = "q Q0 a 1 2.5 t\rq Q0 b 2 1.5 t\r"
    path = written(tmp_path, rows.encode())
    message = refusal(lambda path: by_name(name).read(Source(path)), path)
    assert f"{path}:1: a carriage return (CR) inside a line" in message
    assert "tr '\\r' '\\n' < FILE > NEW" in message


def test_a_carriage_return_in_the_middle_is_named_by_its_line(tmp_path):
    path = written(tmp_path, b"q Q0 a 1 2.5 t\r\nq Q0 b\r 2 1.5 t\r\n")
    message = refusal(lambda path: by_name("trec-run").read(Source(path)), path)
    assert f"{path}:2: a carriage return" in message
