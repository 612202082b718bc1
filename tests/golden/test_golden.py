"""What every command gives is what it gave: see `tests.golden.deviations`."""

import copy

import pytest

from tests.golden.cases import CASES, NOT_RUN
from tests.golden.comparing import differences, unexpected
from tests.golden.deviations import (
    ADDED,
    ALLOWED,
    CHANGED,
    Added,
    Renamed,
    Renewed,
    Reordered,
    Replaced,
)
from tests.golden.recording import SUMS
from tests.golden.running import FOLDER, Runner, commands, expected, options
from tests.optional import only_deep
from tests.rankbound.realdata import needs_data

SLOW = {"figures-all", "appendix-files"}
# Options that no case needs: none changes what is computed
NOT_GIVEN = {
    "--help",
    "--memory",  # what it does, tests/rankbound/test_memory.py sees
    *("--workers", "--dask", "--fresh"),  # tests/rankbound/test_engine.py
    "--pdf",  # needs pdflatex
    "--encoder",  # needs transformers
    "--deep",  # takes minutes
    "--quiet",  # of what is said after 30 seconds
}


def param(case):
    group = case.group if case.group == "appendix" else f"golden-{case.group}"
    marks = [pytest.mark.xdist_group(group)]
    if case.real:
        marks += [pytest.mark.realdata, needs_data]
    if case.name == "figures-every":  # the same figures and some more
        marks.append(only_deep)
    if case.name in SLOW:
        marks.append(pytest.mark.slow)
    return pytest.param(case.name, marks=marks, id=case.name)


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return Runner(tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("name", [param(case) for case in CASES.values()])
def test_outputs_are_the_expected_ones(name, runner):
    found = unexpected(
        name, expected(name), runner.record(name), (*ADDED, *ALLOWED, *CHANGED)
    )
    assert not found, "\n".join(
        [f"{name} differs in {len(found)} places:", *found[:50]]
    )


def test_options_are_the_expected_ones():
    found = unexpected(
        "options", expected("options"), options(), (*ADDED, *ALLOWED, *CHANGED)
    )
    assert not found, "\n".join(found)


def test_every_expected_file_has_a_case():
    assert {p.stem for p in FOLDER.glob("*.json")} == {*CASES, "options"}


def test_every_command_and_option_has_a_case():
    from rankbound.cli import build_parser

    given = {}
    for case in CASES.values():
        if case.words:
            given.setdefault(case.words[0], set()).update(case.words)
    succeeding = {c.words[0] for c in CASES.values() if expected(c.name)["exit"] == 0}
    for name, command in commands(build_parser()).items():
        assert name in succeeding or name in NOT_RUN, name
        for action in command._actions:
            wanted = {word for word in action.option_strings if word.startswith("--")}
            assert not wanted or wanted & (given[name] | NOT_GIVEN), (name, wanted)


def numbers(value, path=()):
    """Places of all numbers with decimals."""
    parts = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    elif isinstance(value, float):
        yield path
    for key, part in parts:
        yield from numbers(part, (*path, key))


def at(record, path):
    for key in path:
        record = record[key]
    return record


def put(record, path, value):
    at(record, path[:-1])[path[-1]] = value


@pytest.mark.parametrize("name", ["measure-full", "compare-full", "validate-single"])
def test_a_changed_number_is_found_wherever_it_is(name):
    wanted, changed = expected(name), expected(name)
    places = list(numbers(wanted))
    assert len(places) > 100
    for place in places[::7]:
        *above, key = place
        value = at(wanted, place)
        sizes = at(wanted, above).get("#sizes", 1.0) if key in SUMS else abs(value)
        put(changed, place, value + 1e-6 * max(1.0, sizes))
        where = "/" + "/".join(map(str, place))
        [line] = differences(wanted, changed)
        assert line.startswith(f"{where}: wanted {value!r}, found ")
        put(changed, place, value)


WANTED = {
    "exit": 0,
    "stdout": ["a", "wrote out/x/per_query.tsv"],
    "files": {
        "out/x/per_query.tsv": {"rows": [[1, 0.5]]},
        "out/x/ledger.json": {"json": {"risk": 0.25, "n": 3, "why": None}},
    },
}
JSON = ("files", "out/x/ledger.json", "json")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("exit",), 1),
        (("stdout",), ["a"]),
        (("stdout",), ["a", "wrote out/x/per_query.tsv", "more"]),
        (("stdout", 0), "b"),
        ((*JSON, "risk"), 0.25 + 1e-11),
        ((*JSON, "risk"), float("nan")),
        ((*JSON, "risk"), None),
        ((*JSON, "n"), 3.0),
        ((*JSON, "n"), True),
        ((*JSON, "why"), 0),
        ((*JSON, "why"), "no"),
        ((*JSON, "more"), 1),
        (JSON, {"n": 3, "risk": 0.25, "why": None}),
        (("files", "out/x/more.json"), {}),
        (("files", "out/x/per_query.tsv", "rows", 0), [1, 0.6]),
    ],
)
def test_any_change_is_found(place, value):
    found = copy.deepcopy(WANTED)
    put(found, place, value)
    assert list(differences(WANTED, WANTED)) == []
    assert len(list(differences(WANTED, found))) == 1
    missing = copy.deepcopy(found)
    del at(missing, place[:-1])[place[-1]]
    assert list(differences(found, missing))


def test_last_digits_may_differ():
    found = copy.deepcopy(WANTED)
    put(found, (*JSON, "risk"), 0.25 + 1e-14)
    assert list(differences(WANTED, found)) == []


def test_a_difference_names_its_place_and_both_values():
    found = copy.deepcopy(WANTED)
    put(found, (*JSON, "risk"), 0.5)
    [line] = differences(WANTED, found)
    assert line == "/files/out/x/ledger.json/json/risk: wanted 0.25, found 0.5"


def test_sums_are_compared_in_proportion_to_their_parts():
    wanted = {"#sum": 1e-3, "#by place": 2.0, "#sizes": 1e6}
    assert not list(differences(wanted, wanted | {"#sum": 1e-3 + 1e-7}))
    assert list(differences(wanted, wanted | {"#sum": 1e-3 + 1e-5}))


def test_a_renamed_file_is_renamed_in_texts_too():
    entry = Renamed("x*", "per_query.tsv", "comparison.per_query.tsv", "why")
    found = copy.deepcopy(WANTED)
    found["stdout"][1] = "wrote out/x/comparison.per_query.tsv"
    files = found["files"]
    files["out/x/comparison.per_query.tsv"] = files.pop("out/x/per_query.tsv")
    found["files"] = dict(reversed(files.items()))
    assert unexpected("xy", WANTED, found, [entry]) == []
    assert unexpected("y", WANTED, found, [entry])
    assert unexpected("xy", WANTED, WANTED, [entry])


def test_additions_are_allowed_where_they_are_listed():
    found = copy.deepcopy(WANTED)
    found["stdout"].insert(1, "also")
    put(found, (*JSON, "evidence"), {"e": 1.5})
    lines, key = Added("*", "/stdout/1", "why"), Added("*", "*/evidence", "why")
    assert unexpected("x", WANTED, found, [lines, key]) == []
    assert len(unexpected("x", WANTED, found, [lines])) == 1
    assert unexpected("x", WANTED, found, [key])
    put(found, (*JSON, "risk"), 0.5)
    assert len(unexpected("x", WANTED, found, [lines, key])) == 1


def test_replaced_values_and_words():
    found = copy.deepcopy(WANTED)
    found["stdout"][0] = "b"
    put(found, (*JSON, "n"), 4)
    words = Replaced("*", "/stdout/*", "t", "b", "why")
    value = Replaced("*", "*/json/n", 3, 4, "why")
    assert len(unexpected("x", WANTED, found, [value])) == 1
    only = Replaced("*", "/stdout/0", "a", "b", "why")
    assert unexpected("x", WANTED, found, [only, value]) == []
    assert unexpected("x", WANTED, found, [only, words, value])


def test_what_is_allowed_is_so_at_its_places_alone():
    found = copy.deepcopy(WANTED)
    json_of = found["files"]["out/x/ledger.json"]
    json_of["json"] = dict(reversed(json_of["json"].items()))
    order = Reordered("*", "/files/*/json", "why")
    assert unexpected("x", WANTED, found, [order]) == []
    assert unexpected("x", WANTED, found, [Reordered("*", "/files", "why")])
    put(found, (*JSON, "risk"), 0.5)
    assert len(unexpected("x", WANTED, found, [order])) == 1
    anything = Renewed("*", "*/risk", "why")
    assert unexpected("x", WANTED, found, [order, anything]) == []
    put(found, (*JSON, "n"), 4)
    assert len(unexpected("x", WANTED, found, [order, anything])) == 1


def test_every_change_that_is_listed_is_one():
    records = [expected(name) for name in [*CASES, "options"]]
    for entry in CHANGED:
        assert any(record != entry.applied(record, record) for record in records), entry


def test_every_deviation_has_a_reason():
    assert all(entry.reason for entry in (*ADDED, *ALLOWED, *CHANGED))
