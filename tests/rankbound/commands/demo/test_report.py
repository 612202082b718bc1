"""The story on small packages: what is said, and that its commands are true."""

import json
import re
import shlex
import shutil

import pytest

from rankbound.catalogue import QUESTIONS, SAMPLINGS
from rankbound.cli import main
from rankbound.commands.compare.run import n_stages as compare_stages
from rankbound.commands.demo.run import (
    HEADINGS,
    STAGES,
    opening_lines,
    report_text,
    summary_lines,
    summary_rows,
)
from rankbound.data.scores import Scores
from rankbound.page import demo
from rankbound.page.demo import Demonstration, screens_of
from rankbound.read.reading import read_groups
from tests.rankbound.commands.demo.test_prepare import contents

STEPS = ["sample", "inspect", "measure", "compare", "validate"]


@pytest.fixture(scope="module")
def report(told):
    return report_text(told.story, screens=dict(screens_of(told.story)))


def commands_in(report):
    return re.findall(r"^\$ (rankbound .*)$", report, re.MULTILINE)


def opened(story):
    return [
        *opening_lines(
            story.ledgers, story.comparison, story.calibration, story.validation
        )
    ]


def test_story_tells_its_stages(told):
    # So few queries may fit no temperature, which ends that comparison early
    assert told.story.calibration is None
    assert 0 < STAGES - len(told.stages) < compare_stages([*SAMPLINGS])
    steps = [stage.partition(":")[0].partition(",")[0] for stage in told.stages]
    assert told.stages[:3] == [
        "reading docstrings",
        "ranking 150 documents for 130 queries",
        "training the teacher",
    ]
    assert [*dict.fromkeys(step for step in steps if step in STEPS)] == STEPS


def test_story_opens_with_at_most_ten_answers_of_the_results(told, report):
    story, lines = told.story, opened(told.story)
    assert len(lines) <= 10
    results = (story.comparison, *story.ledgers.values(), story.validation)
    sentences = [answer.sentence for one in results for answer in one.answers]
    for line in lines:
        (said,) = {text for text in sentences if line.endswith(text)}
        assert any(line.startswith(one.wording) for one in QUESTIONS.values())
        assert said in report.split("\n## ")[0]
    # Every student is spoken of in the same way, whatever is found
    for sampling in SAMPLINGS:
        assert sum(f"({sampling} negatives)" in line for line in lines) == 1
    assert not any("\n" in line for line in lines)


def test_summary_rows_repeat_the_ledgers(told):
    rows = [*summary_rows(told.story.ledgers)]
    assert [row[0] for row in rows] == [*SAMPLINGS]
    for row, ledger in zip(rows, told.story.ledgers.values(), strict=True):
        assert len(row) == len(HEADINGS)
        student = ledger.students["bilinear"]
        numbers = (student.entropy, student.divergence, student.risk, student.upper)
        assert row[1:5] == tuple(f"{number:.4f}" for number in numbers)
        assert row[5] == ("yes" if student.vacuous else "no")
    lines = summary_lines(told.story.ledgers)
    place = lines[0].index("entropy")
    assert all(
        line[place : place + 6] == row[1]
        for line, row in zip(lines[1:], rows, strict=True)
    )


def test_report_has_answers_then_the_table_then_the_steps(told, report):
    first, *sections = report.split("\n## ")
    assert first.index("**") < first.index("| sampling |") < first.index("not rank")
    titles = [section.partition("\n")[0] for section in sections]
    assert titles == [*STEPS, "report"]
    assert "150 docstrings" in first
    assert "invented_fresh" in first
    story = told.story
    assert commands_in(report) == [
        *(one.command for one in story.samples.values()),
        story.inspection.command,
        *(one.command for one in story.ledgers.values()),
        story.comparison.command,
        story.validation.command,
    ]


def test_terminal_shows_the_opening_the_table_and_where_to_go(
    told, monkeypatch, capsys
):
    story = told.story
    made = Demonstration(
        story.ledgers,
        [told.folder / "report.md"],
        story.inspection,
        story.comparison,
        story.validation,
        story.calibration,
    )
    monkeypatch.setattr(demo, "demo", lambda *_, **__: made)
    assert main(["demo", "--out", "out"]) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 120
    first, _, below = printed.partition("\n\n")
    assert len(first.splitlines()) <= 12
    # What does not fit on a line goes on, indented
    assert first.replace("\n  ", " ").splitlines() == opened(story)
    table = summary_lines(story.ledgers)
    assert below.splitlines()[: len(table)] == table
    rest = below.replace("\n  ", " ").splitlines()[len(table) :]
    assert len(rest) == 3
    assert "not rank" in rest[0]
    assert "out/report.html" in rest[1]
    assert "rankbound inspect" in rest[2]


def test_no_sentence_of_the_report_names_a_place_on_this_machine(told, report):
    assert str(told.folder) not in report
    for path in told.folder.rglob("*.json"):
        assert str(told.folder.parent) not in path.read_text()


def test_every_command_of_the_report_repeats_what_is_there(
    told, report, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "again"
    shutil.copytree(told.folder, folder)
    monkeypatch.chdir(folder)
    before = contents(folder)
    for command in commands_in(report):
        outputs = [word for word in shlex.split(command) if word in before]
        assert main(shlex.split(command)[1:]) == 0
        assert outputs
        printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
        shown = dict(screens_of(told.story))[command].splitlines()
        assert printed[: len(shown)] == shown
    after = contents(folder)
    assert [*after] == [*before]
    assert [name for name in after if after[name] != before[name]] == []


def test_groups_of_the_files_are_those_drawn_in_memory(told, experiment):
    """The teacher's file holds all that `sample` needs."""
    pool = experiment.pools["heldout"]
    assert isinstance(pool.teacher, Scores)
    for sampling, path in told.story.files.groups.items():
        written, drawn = (
            groups.in_order()
            for groups in (
                read_groups(told.folder / path),
                pool.draw(sampling, seed=told.story.samples[sampling].seed),
            )
        )
        rows = [
            list(
                zip(
                    groups.group_qids()[groups.row_group()],
                    groups.docnos[groups.codes],
                    groups.inclusion,
                    strict=True,
                )
            )
            for groups in (written, drawn)
        ]
        assert rows[0] == rows[1]


def test_folder_is_a_data_set_that_validate_reads(told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(told.folder)
    words = "validate --datasets demo:. --temperature 1 --student-temperature 1 "
    words += "--measures nDCG@10 --resamples 200 --permutations 99 --splits 1 --out"
    assert main([*words.split(), str(tmp_path / "out")]) in (0, 1)
    capsys.readouterr()
    found = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert {one["sampling"] for one in found["datasets"]} == set(SAMPLINGS)
    students = {name for one in found["datasets"] for name in one["students"]}
    assert students == {
        *("bm25", "lsa", "rrf"),
        *told.story.files.students.values(),
    }
