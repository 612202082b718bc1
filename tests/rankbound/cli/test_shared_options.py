import argparse

import pytest

from rankbound.cli import compare, cut, measure, validate
from rankbound.cli.options import chosen_formats, given_settings, source_settings
from rankbound.errors import UsageError

COMMANDS = {
    "measure": (measure, []),
    "compare": (compare, ["--groups", "a=a.jsonl", "b=b.jsonl"]),
    "cut": (cut, ["--groups", "a.jsonl"]),
    "validate": (validate, []),
}
SHARED = (
    *("--qrels", "--score-range", "--missing", "--delta", "--seed", "--out"),
    *("--pairs", "--embeddings", "--ids", "--metric", "--teacher", "--student"),
)


def parser_of(name):
    parser = argparse.ArgumentParser()
    COMMANDS[name][0].add_parser(parser.add_subparsers(dest="command"))
    return parser


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_shared_options(name):
    parser = parser_of(name)
    [subparsers] = parser._subparsers._group_actions
    actions = subparsers.choices[name]._option_string_actions
    assert set(SHARED) <= actions.keys()
    assert all(actions[option].help for option in SHARED)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_same_words_mean_the_same_in_every_command(name):
    words = [
        *("--teacher", "t.json", "--teacher-kind", "dot", "--temperature", "2"),
        *("--score-range", "5", "--missing", "drop", "--delta", "0.1", "--seed", "3"),
        *("--qrels", "q.txt", "--student", "s=s.run", "--out", "o"),
    ]
    arguments = parser_of(name).parse_args([name, *COMMANDS[name][1], *words])
    found = source_settings(arguments)
    assert found["teacher_kind"].value == "dot"
    assert (found["temperature"], found["score_range"]) == (2.0, 5.0)
    assert (found["missing"], found["delta"], found["seed"]) == ("drop", 0.1, 3)
    assert str(found["qrels"]) == "q.txt"
    more = given_settings(arguments, "rankbound x")
    assert more["command"] == "rankbound x"
    assert [student.name for student in more["students"]] == ["s"]


def test_chosen_formats_hold_a_name_for_each_file():
    chosen = chosen_formats(["lookup", "a=b.txt=qrels", "./c=groups"])
    assert chosen == {"": "lookup", "a=b.txt": "qrels", "c": "groups"}
    assert chosen_formats([]) == {}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["x"], "no format is called 'x';"),
        (["file=x"], "no format is called 'x'"),
        (["=qrels"], r"--format needs \[FILE=\]NAME, got '=qrels'"),
        (["qrels", "lookup"], "--format is given twice for the main file"),
        (["a=qrels", "./a=lookup"], "--format is given twice for a; give one"),
    ],
)
def test_chosen_formats_reject_other_texts(texts, message):
    with pytest.raises(UsageError, match=message):
        chosen_formats(texts)


def test_format_takes_several_in_one_or_more():
    start = ["measure", "--teacher", "t", "--out", "x"]
    formats = ["--format", "lookup", "a=qrels", "--format", "b=groups"]
    parser = parser_of("measure")
    assert parser.parse_args(start).format == []
    found = parser.parse_args([*start, *formats]).format
    assert found == ["lookup", "a=qrels", "b=groups"]
