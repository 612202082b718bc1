import io

from rich.console import Console

from rankbound.commands.inspect.run import inspect
from rankbound.terminal.files import as_text, show
from tests.rankbound.commands.inspect.test_run import paths
from tests.rankbound.commands.inspect.world import matching
from tests.rankbound.files import group_text, packed, run_text, written


def test_plain_output_has_a_row_a_file_and_two_verdicts(tmp_path):
    text = as_text(inspect(*paths(tmp_path, matching())))
    assert "\x1b" not in text
    for words in ("teacher.json", "random.jsonl", "student.run", "logit", "48", "8"):
        assert words in text
    assert text.count("ready for ") == 2
    lines = text.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("ready for meas"))
    assert lines[place + 1].startswith("  rankbound measure --teacher ")
    assert "nothing unusual was found" in text


def test_like_findings_share_a_line_and_errors_do_not(tmp_path):
    tied = run_text({"q": {"a": 1.5, "b": 1.5, "c": -2.5}}, tag="x")
    contents = {"a.run": tied, "b.run": tied, "c.run": "q Q0 a 1 x t\n", "d.run": ""}
    lines = as_text(inspect(*paths(tmp_path, contents))).splitlines()
    (ties,) = [line for line in lines if "on one score" in line]
    assert ties.startswith("warning a.run: ")
    assert "also b.run 1" in ties
    assert sum(line.startswith("error") for line in lines) == 2
    places = [
        n
        for n, line in enumerate(lines)
        if line[:7].strip() in ("error", "warning", "note")
    ]
    words = [lines[n][:7].strip() for n in places]
    assert words == sorted(words, key=["error", "warning", "note"].index)


def test_errors_of_one_remedy_share_a_line(tmp_path):
    rows = {"q": {"d1": 1.5, "d2": -0.5}, "r": {"d1": 0.5, "d2": 2.5}}
    contents = {
        "g.jsonl": group_text([("q", ["D1", "D2"]), ("r", ["D1", "D2"])]),
        "a.run": run_text(rows),
        "b.run": run_text({q: dict(reversed(row.items())) for q, row in rows.items()}),
    }
    lines = as_text(inspect(*paths(tmp_path, contents))).splitlines()
    (error,) = [line for line in lines if line.startswith("error")]
    assert error.startswith("error   g.jsonl / a.run: 0 of 2 (0.0%) document ids")
    assert (
        "; also g.jsonl / b.run 2. Rewrite the ids of one file: ignore case." in error
    )


def test_evidence_of_formats_and_kinds_is_shown(tmp_path):
    path = written(tmp_path, packed(run_text({"q": {"a": 1.5, "b": -0.5}})), "x.gz")
    text = as_text(inspect(path))
    assert "trec-run: 6 columns (qid Q0 docno rank score tag) (packed: gzip)" in text
    assert "x.gz: logit, since all scores lie in" in text
    assert "bit in the top 16" in text


def test_markup_in_names_is_not_interpreted(tmp_path):
    path = written(tmp_path, run_text({"[red]q": {"a": 1.5, "b": 1.5}}), "[bold]x.run")
    assert "[bold]x.run" in as_text(inspect(path))


def test_a_terminal_gets_colours_and_its_own_width(tmp_path):
    stream = io.StringIO()
    console = Console(
        file=stream, force_terminal=True, width=80, color_system="standard"
    )
    tied = run_text({"q": {"a": 1.5, "b": 1.5, "c": -2.5}})
    show(inspect(written(tmp_path, tied, "a.run")), console)
    assert "\x1b[33mwarning" in stream.getvalue()
