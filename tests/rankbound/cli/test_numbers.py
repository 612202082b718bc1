"""Every number that a command takes: its range, and one line for any other value."""

import argparse
import inspect
import math
from functools import cache

import pytest

import rankbound as rb
from rankbound.bounds.errors import DomainError
from rankbound.cli import main, program
from rankbound.commands.settings import NUMBERS
from rankbound.errors import UsageError
from tests.rankbound.commands.test_settings import COMMANDS

MODELS = "--teacher t.run --student s=s.run"
# Files that are not there: numbers are checked before anything is read
LINES = {
    "inspect": "inspect t.run",
    "convert": "convert t.run u.run",
    "measure": f"measure {MODELS} --embeddings v.npy --out out",
    "compare": f"compare {MODELS} --groups a=a.jsonl b=b.jsonl --out out",
    "sample": "sample --teacher t.run --sampling random --out out.jsonl",
    "cut": f"cut {MODELS} --groups a.jsonl --out out",
    "power": "power --n 50 --sd 0.1",
    "validate": f"validate {MODELS} --qrels q.txt --out out",
    "report": "report results --out out.html",
    "demo": "demo --out out",
    "ablate": "ablate --out out",
    "bound": "bound --diameter 1 --lipschitz 5 --entropy 0.4 --divergence 0 --n 9 "
    "--augment",
}
# Options of numbers that have other words, too, or a name in front
WORDED = {
    "--temperature",
    "--student-temperature",
    "--stake",
    "--lipschitz",
    "--missing-value",
    "--margin",
    "--band",
}
OWN = {
    "compare": ("CompareOptions",),
    "inspect": ("Settings",),
    "measure": ("MeasureOptions",),
    "power": ("PowerOptions",),
    "sample": ("SampleOptions",),
    "validate": ("ValidateOptions", "MeasureOptions"),
}


@cache
def parser():
    return program.build_parser()


def options():
    """Command, option and parameter of every number of the command line."""
    (commands,) = (
        one for one in parser()._actions if isinstance(one, argparse._SubParsersAction)
    )
    for command, own in commands.choices.items():
        for action in own._actions:
            option = (action.option_strings or [""])[-1]
            if action.type in (int, float) or option in WORDED:
                name = action.dest.removeprefix("after_").removeprefix("student_")
                yield command, option, name


OPTIONS = [*options()]


def rule_of(command, name):
    own = (NUMBERS.get(f"{kind}.{name}") for kind in OWN.get(command, ()))
    found = next(filter(None, own), None) or NUMBERS[name]
    assert found.low < found.high
    return found


def wrong(rule):
    """Values beyond the range, near its ends and far from them."""
    values = ["nan", "-inf", "x"]
    if rule.high < math.inf:
        values += ["inf", "1e400"]
    if rule.whole:
        low = rule.low - 1
        values += ["1.5", str(rule.high + 1), "9" * 23, "9" * 5000]
        values += [str(low if low or not rule.zero else low - 1), f"-{'9' * 23}"]
    else:
        values.append(repr(math.nextafter(rule.low, -math.inf)))
        if rule.high < math.inf:
            values.append(repr(math.nextafter(rule.high, math.inf)))
        if rule.low > 0:
            values += ["1e-320", "-1"] + ["0"] * (not rule.zero)
    return values


@pytest.mark.parametrize(("command", "option", "name"), OPTIONS)
def test_other_numbers_end_in_one_line(
    command, option, name, monkeypatch, capsys, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(program, "build_parser", parser)
    rule = rule_of(command, name)
    for value in wrong(rule):
        words = LINES[command].split()
        if option in words:  # the last one counts, but of several values all do
            at = words.index(option)
            del words[at : at + 2]
        given = f"{value}:1" if (command, option) == ("sample", "--band") else value
        try:
            code = main([*words, option, given])
        except SystemExit as ending:
            code = ending.code
        printed = capsys.readouterr()
        assert (code, printed.out) == (2, ""), (option, value)
        (line,) = printed.err.splitlines()
        assert line.startswith("rankbound: error: "), line
        bare = option.replace("--after", "-")
        assert option in line or bare in line, line
        assert len(line) < 6000


def settings():
    """Function, parameter and rule of every number of the Python functions."""
    for name in COMMANDS:
        function = getattr(rb, name)
        for parameter in inspect.signature(function).parameters.values():
            kinds = str(parameter.annotation).replace(" ", "").split("|")
            # A size of memory has units and a test of its own
            if {"int", "float"} & {*kinds} and parameter.name != "memory":
                yield name, parameter.name


SCORES = {"q": {"a": 1.5, "b": 0.5}}
TEACHER = {"inspect": None}
GIVEN = {
    "measure": {"students": {"s": {"q": {"a": 0.5, "b": 1.0}}}},
    "compare": {"groups": {"a": "a.jsonl", "b": "b.jsonl"}},
    "sample": {"sampling": "random"},
    "cut": {"groups": "a.jsonl"},
    "report": {"out": "out.html"},
    "demo": {"out": "out"},
    "ablate": {"collections": ["docstrings"], "out": "out"},
    "validate": {"students": {"s": {"q": {"a": 0.5, "b": 1.0}}}, "qrels": "q.txt"},
    "bound": {"diameter": 1, "lipschitz": 5, "entropy": 0.4, "divergence": 0, "n": 9},
    "power": {"n": 50, "sd": 0.1},
}


@pytest.mark.parametrize(("command", "name"), [*settings()])
def test_functions_have_the_same_ranges(command, name):
    rule = rule_of(command, name)
    function = getattr(rb, command)
    for text in wrong(rule):
        value = int(text) if text.lstrip("-").isdigit() and len(text) < 99 else text
        value = value if isinstance(value, int) or text == "x" else float(text)
        for one in (value, True):
            given = {**GIVEN.get(command, {}), name: one}
            files = {"report": ("r",), "inspect": ("t",), "convert": ("t", "u")}
            if "teacher" in inspect.signature(function).parameters:
                given.setdefault("teacher", TEACHER.get(command, SCORES))
            with pytest.raises((UsageError, DomainError)) as caught:
                function(*files.get(command, ()), **given)
            assert name in str(caught.value)
