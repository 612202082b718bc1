"""Answers: what the catalogue asks, results answer, and nobody else words."""

import json
import re
import shlex
import string
from pathlib import Path

import pytest

from rankbound.catalogue import QUESTIONS
from rankbound.cli import build_parser, main
from rankbound.commands import following
from rankbound.results import KINDS, Answer, result_type
from tests.golden import data
from tests.golden.cases import CASES
from tests.golden.running import commands, expected

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


def screens(*, details):
    """What the commands print, of every golden case with an answer."""
    for name, case in CASES.items():
        if case.line.split(" ")[0] not in COMMANDS or "--json" in case.words[-1:]:
            continue
        record = expected(name)
        lines = record["stdout"]
        if isinstance(lines, list) and lines and ("--details" in case.words) == details:
            yield pytest.param(lines, id=name)


def is_rest(line):
    return re.match(r"(no warnings|[\d,]+ warnings?); --details prints ", line)


@pytest.mark.parametrize("lines", [*screens(details=False)])
def test_a_screen_is_ten_lines_of_answers_warnings_and_files(lines):
    [end] = [place for place, line in enumerate(lines) if is_rest(line)]
    # Several configurations of a bound stand below each other
    screens = "\n".join(lines[:end]).strip().split("\n\n")
    assert all(len(screen.splitlines()) <= 10 for screen in screens)
    assert any(question.wording in screens[0] for question in QUESTIONS.values())
    assert "rests on: " in screens[-1]
    rest = lines[end:]
    while rest and (rest[-1].startswith(("  ", "written: "))):
        rest.pop()
    assert len(rest) == 1


@pytest.mark.parametrize("lines", [*screens(details=True)])
def test_details_begin_with_the_same_ten_lines(lines):
    assert len(lines[: lines.index("")]) <= 10
    assert len(lines) > 10
    assert not any(is_rest(line) for line in lines)


def both():
    return [*screens(details=False), *screens(details=True)]


@pytest.mark.parametrize("lines", both())
def test_no_line_in_a_pipe_is_longer_than_120(lines):
    assert max(map(len, lines)) <= 120


def whole(lines):
    """Lines that were wrapped, put together again; without rows of tables."""
    found = []
    for line in lines:
        if re.search(r"\S  +\S|─", line):
            found.append("")  # a row of a table
        elif line.startswith("  ") and found and found[-1]:
            found[-1] += f" {line.strip()}"
        else:
            found.append(line.strip())
    return found


def clauses(line):
    return [part for part in re.split(r"; |\. ", line) if len(part.split()) >= 6]


@pytest.mark.parametrize("lines", both())
def test_no_sentence_is_printed_twice(lines):
    said = [line for line in whole(lines) if len(line.split()) >= 6]
    assert len(said) == len(set(said))


@pytest.mark.parametrize("lines", [*screens(details=True)])
def test_details_repeat_nothing_of_the_answers(lines):
    end = lines.index("")
    said = {part for line in whole(lines[:end]) for part in clauses(line)}
    below = "\n".join(whole(lines[end:]))
    assert not {part for part in said if part in below}


def test_the_temperature_is_one_option_of_all_that_have_a_teacher():
    [found] = [
        action.choices
        for action in build_parser()._actions
        if isinstance(action.choices, dict)
    ]
    of = {
        name: action
        for name, parser in found.items()
        for action in parser._actions
        if "--temperature" in action.option_strings
    }
    assert set(of) == {"measure", "compare", "validate", "cut", "sample", "inspect"}
    assert {(one.default, one.metavar, one.nargs) for one in of.values()} == {
        (None, "X|fit", None)
    }


def commands_to_run():
    """The next commands of all answers in the golden files, each once."""
    found = {}
    for name, case in CASES.items():
        if case.line.split(" ")[0] not in (*COMMANDS, "inspect"):
            continue
        record = expected(name)
        texts = [record["stdout"], *record["files"].values()]
        held = [one["json"] for one in texts if isinstance(one, dict) and "json" in one]
        results = [
            one for text in held for one in (text if isinstance(text, list) else [text])
        ]
        for answer in (a for result in results for a in result.get("answers", ())):
            found.setdefault(answer.get("next", ""), name)
    return [one for one in found if one]


@pytest.mark.parametrize("command", commands_to_run())
def test_the_command_to_run_next_is_one(command):
    words = shlex.split(command)
    assert words[0] == "rankbound"
    arguments = build_parser().parse_args(words[1:])
    assert arguments.run is not None


def parsed(words):
    return vars(build_parser().parse_args(words))


@pytest.mark.parametrize("command", following.TAKEN)
def test_every_option_that_is_taken_over_is_one_of_the_command(command):
    known = commands(build_parser())[command]
    options = {word for action in known._actions for word in action.option_strings}
    assert {*following.TAKEN[command]} <= options
    assert {name for name, _ in following.NEEDED[command]} <= options


def test_options_of_all_commands_are_told_from_those_that_they_begin():
    for command, parser in commands(build_parser()).items():
        for word in (w for one in parser._actions for w in one.option_strings):
            line = f"rankbound {command} {word} x"
            if word.startswith("--"):
                assert following.given(line, word) == ("x",)


SOURCES = [
    "--teacher",
    "teacher.json.gz",
    "--teacher-kind",
    "logit",
    "--student",
    "close=close.run",
    "far=far.run.gz",
    "--student-kind",
    "logit",
    "--embeddings",
    "docs.npy",
    "--ids",
    "docs.ids.txt",
    "--qrels",
    "qrels.trec",
    "--format",
    "close.run=trec-run",
]
# What is given in these must be given by the next command, too
CARRIED = (
    *("teacher", "teacher_kind", "student", "student_kind", "embeddings", "ids"),
    *("qrels", "format", "clusters"),
)
FEWER = {"validate": ["--permutations", "199", "--resamples", "200", "--splits", "1"]}


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("line", "follow"),
    [
        (
            [
                *("compare", *SOURCES, "--groups", "random=random.jsonl"),
                *("hard=hard.jsonl", "--pairs", "all", "--resamples", "0"),
                *("--form", "random.jsonl=groups", "--temp=2", "--out", "my results/c"),
            ],
            ["measure", "sample", "compare", "power"],
        ),
        (
            ["measure", *SOURCES, "--groups", "random.jsonl", "--out", "m"],
            ["validate", "measure", "power"],
        ),
    ],
)
def test_the_commands_to_run_next_run_on_what_was_given(
    line, follow, tmp_path, monkeypatch, capsys
):
    data.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    out = tmp_path / line[-1]
    assert main(line) == 0
    [result] = [*out.glob("*[!t].json")]
    before, given = contents(out), parsed(line)
    answers = json.loads(result.read_text())["answers"]
    lines = [*dict.fromkeys(filter(None, (one.get("next") for one in answers)))]
    ran = [shlex.split(one)[1:] for one in lines]
    assert {words[0] for words in ran} == {*follow}
    for words in ran:
        if words[0] == "power":  # takes longest, and has cases of its own
            assert parsed(words)["folder"] == Path(line[-1])
            continue
        assert main([*words, *FEWER.get(words[0], ())]) == 0, capsys.readouterr()
        assert contents(out) == before
        took = parsed(words)
        for name in CARRIED if words[0] != "sample" else ("teacher",):
            assert took.get(name) == given.get(name), (words, name)
