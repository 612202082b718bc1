import inspect
import re
from dataclasses import MISSING, fields

import numpy as np
import pytest

import rankbound as rb
from rankbound.cli import build_parser
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.cut.options import CutOptions
from rankbound.commands.measure.options import MeasureOptions
from rankbound.commands.power.run import PowerOptions
from rankbound.commands.settings import made_options
from rankbound.commands.validate.options import ValidateOptions
from rankbound.errors import UsageError

COMMANDS = (
    *("measure", "compare", "validate", "cut", "power", "inspect", "convert"),
    *("sample", "study", "ablate"),
    *("bound", "certify", "draw", "report", "demo", "explain", "appendix"),
)
# Of `rankbound`, and the function of each in `rb`
SPOKEN = {"figures": "draw"}
# How a call works, and no setting
REPORTED = {"progress", "memory", "workers", "dask", "blocks", "fresh"}


def test_every_command_is_a_function_of_its_name():
    (commands,) = build_parser()._subparsers._group_actions
    assert {SPOKEN.get(name, name) for name in commands.choices} == {*COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_its_progress(name):
    """A statement is printed at once."""
    assert ("progress" in parameters(name)) == (name != "explain")


def parameters(name):
    return inspect.signature(getattr(rb, name)).parameters


@pytest.mark.parametrize("name", COMMANDS)
def test_every_parameter_is_explicit_typed_and_documented(name):
    function = getattr(rb, name)
    head, *_ = re.split(r"\n    Returns\n    -+\n", function.__doc__)
    _, told = re.split(r"\n    Parameters\n    -+\n", head)
    documented = re.findall(r"^    ([\w*, ]+?) : \S", told, re.M)
    documented = [one.strip("*") for line in documented for one in line.split(", ")]
    found = parameters(name)
    assert documented == [*found]
    for one in found.values():
        assert one.kind is not one.VAR_KEYWORD
        assert one.annotation is not one.empty, one.name
    # A type of ours or a path; `explain` alone gives a text
    returned = inspect.signature(function).return_annotation
    assert returned[0].isupper() != (name == "explain")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_docstring_teaches(name):
    text = getattr(rb, name).__doc__
    for heading in ("Parameters", "Returns", "Raises", "See Also", "Examples"):
        assert f"\n    {heading}\n    {'-' * len(heading)}\n" in text, heading
    _, named = text.split("See Also\n    --------\n")
    for other in re.findall(r"^    (\w+) :", named.split("\n\n")[0], re.M):
        assert callable(getattr(rb, other))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("measure", MeasureOptions),
        ("compare", CompareOptions),
        ("cut", CutOptions),
        ("power", PowerOptions),
    ],
)
def test_a_function_takes_what_its_options_hold(name, kind):
    """The names and the defaults; the command is the command line's to record."""
    held = {one.name: one for one in fields(kind) if one.name != "command"}
    found = {n: one for n, one in parameters(name).items() if n not in REPORTED}
    assert found.keys() == held.keys()
    for one in held.values():
        given = found[one.name].default
        if one.default is not MISSING:
            assert (given or None) == (one.default or None) or given == one.default
        else:
            assert given in (None, inspect.Parameter.empty)


def test_validate_takes_what_its_options_and_cases_hold():
    only_measured = {"command", "compat", "architecture", "target_groups", "lipschitz"}
    held = {one.name for one in fields(MeasureOptions)} - only_measured
    held |= {one.name for one in fields(ValidateOptions)} - {"command", "family"}
    held |= {"dataset", "rankings", "delta", "correction", "band"}
    assert parameters("validate").keys() - REPORTED == held


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rb.measure(None), r"give teacher=\.\.\. at least; data are paths, or"),
        (
            lambda: rb.compare(None, groups=None),
            r"give teacher=\.\.\. and groups=\.\.\. at least",
        ),
        (lambda: rb.measure("t", depth="8"), "depth must be a whole number, got '8'"),
        (lambda: rb.measure("t", progress="yes"), "progress must be True, False or"),
    ],
)
def test_what_is_missing_or_wrong_is_named(call, message):
    with pytest.raises(UsageError, match=message):
        call()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depth": "8"}, "depth must be a whole number, got '8'"),
        ({"depth": 2.5}, "depth must be a whole number, got 2.5"),
        ({"depth": True}, "depth must be a whole number, got True"),
        ({"delta": "0.1"}, "delta must be a number, got '0.1'"),
        ({"metric": 3}, "metric must be a text, got 3"),
    ],
)
def test_settings_of_a_wrong_type_are_named(settings, message):
    with pytest.raises(UsageError) as caught:
        made_options(MeasureOptions, teacher="t", **settings)
    assert str(caught.value) == message


def test_numbers_of_numpy_are_numbers():
    made = made_options(
        MeasureOptions, teacher="t", depth=np.int64(8), delta=np.float32(0.1)
    )
    assert made.depth == 8


def test_records_of_options_that_are_gone_say_what_took_their_place():
    with pytest.raises(AttributeError, match=r"use the keywords of rb\.compare"):
        rb.CompareOptions  # noqa: B018
