import argparse
from pathlib import Path

import pytest

from rankbound.bounds.errors import DomainError
from rankbound.cli import validate
from rankbound.cli.validate import options_from
from rankbound.errors import UsageError


def parsed(*words):
    parser = argparse.ArgumentParser()
    validate.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["validate", *words, "--out", "o"])
    return options_from(arguments, "rankbound validate")


FILES = ["--teacher", "t", "--student", "a=a.run", "b=b.run", "--qrels", "q"]


def test_files_become_a_case_for_every_sampling():
    options = parsed(
        *FILES, "--groups", "hard=x.jsonl", "train/bm25.16.jsonl.gz", "--name", "dl19",
        "--ranking", "teacher=t.run", "--student-temperature", "b=2", "--delta", "0.1",
        "--correction", "bh", "--band", "0.2", "--measures", "RR@5 AP",
    )  # fmt: skip
    assert [(c.dataset, c.sampling) for c in options.cases] == [
        ("dl19", "hard"),
        ("dl19", "bm25"),
    ]
    case = options.cases[1]
    assert case.measure.groups == Path("train/bm25.16.jsonl.gz")
    assert case.rankings == {"teacher": Path("t.run")}
    assert case.source("b").temperature == 2.0
    assert options.family.correction == "bh"
    assert options.family.band == 0.2
    assert options.family.delta == case.measure.delta == 0.1
    assert options.measure_names == ("RR@5", "AP")


def test_without_groups_the_sampling_is_the_depth():
    assert parsed(*FILES).cases[0].sampling == "top 16"
    assert parsed(*FILES, "--depth", "9").cases[0].sampling == "top 9"


def test_folders_take_kinds_and_temperatures_over(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "runs").mkdir(parents=True)
        for run in ("t", "a", "b"):
            (tmp_path / name / "runs" / f"{run}.run").write_text("")
        (tmp_path / name / "qrels.trec").write_text("")
    options = parsed(
        "--datasets", f"x:{tmp_path / 'one'}", f"y:{tmp_path / 'two'}",
        "--dataset-teacher", "t", "y=b", "--student-temperature", "fit", "a=2",
        "--student-kind", "dot", "--temperature", "3",
    )  # fmt: skip
    first, second = options.cases
    assert (first.dataset, second.dataset) == ("x", "y")
    assert [s.name for s in first.measure.students] == ["a", "b"]
    assert [s.name for s in second.measure.students] == ["a", "t"]
    assert [s.temperature for s in first.measure.students] == [2.0, "fit"]
    assert {s.kind.value for s in first.measure.students} == {"dot"}
    assert first.measure.temperature == 3.0


CHOICES = ["--pilot", "0.4", "--unscored", "drop", "--stake", "0.3", "b=0.6"]


def test_pilot_stake_and_unscored_are_those_of_measure(tmp_path):
    plain = parsed(*FILES).cases[0].measure
    assert (plain.pilot, plain.stake, plain.unscored) == (0.2, None, "floor")
    found = parsed(*FILES, *CHOICES).cases[0].measure
    assert (found.pilot, found.unscored) == (0.4, "drop")
    assert [found.stake_of(name) for name in "ab"] == [0.3, 0.6]
    for name, runs in (("one", "tab"), ("two", "ta")):
        (tmp_path / name / "runs").mkdir(parents=True)
        for run in runs:
            (tmp_path / name / "runs" / f"{run}.run").write_text("")
        (tmp_path / name / "qrels.trec").write_text("")
    folders = ["--datasets", f"x:{tmp_path / 'one'}", f"y:{tmp_path / 'two'}"]
    folders += ["--dataset-teacher", "t"]
    first, second = (case.measure for case in parsed(*folders, *CHOICES).cases)
    assert (first.pilot, second.unscored) == (0.4, "drop")
    assert [first.stake_of(name) for name in "ab"] == [0.3, 0.6]
    assert second.stake == {"a": 0.3}
    own = parsed(*folders, "--stake", "b=0.6").cases
    assert [case.measure.stake for case in own] == [{"b": 0.6}, None]
    with pytest.raises(UsageError, match="'c', and no folder has such a student"):
        parsed(*folders, "--stake", "c=0.6")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--teacher FILE, or --datasets"),
        (["--teacher", "t"], "--qrels FILE, or --datasets"),
        (["--datasets", "x"], "is no folder; give DIR"),
        (["--datasets", "tests", "./tests"], "two folders are called"),
        (["--datasets", "x:/nowhere"], "is no folder"),
        ([*FILES, "--datasets", "x:."], "exclude each other"),
        (["--datasets", "x:.", "--dataset-teacher", "z=t"], "no student 'z'"),
        ([*FILES, "--stake", "z=0.5"], "no student 'z'"),
        ([*FILES, "--stake", "1.5"], "`stake` must be"),
        ([*FILES, "--pilot", "1"], "`pilot` must be"),
        ([*FILES, "--pilot", "0", "--student-temperature", "fit"], "nothing can be"),
    ],
)
def test_contradictions_are_named(words, message):
    with pytest.raises((UsageError, DomainError), match=message):
        parsed(*words)


def test_two_samplings_of_one_name_are_refused():
    with pytest.raises(UsageError, match="two samplings are called 'a'"):
        parsed(*FILES, "--groups", "x/a.jsonl", "y/a.jsonl")


ADDERS = [getattr(validate, name) for name in vars(validate) if
          name in ("add_rankings", "add_datasets", "add_documents", "add_question",
                   "add_settings")]  # fmt: skip


def test_together_they_make_one_parser_with_defaults():
    parser = argparse.ArgumentParser()
    for add in ADDERS:
        add(parser)
    found = parser.parse_args(["--out", "o"])
    assert (found.delta, found.band, found.margin) == (0.05, 0.1, 0.02)
    assert (found.resamples, found.permutations, found.splits) == (2000, 9999, 20)
    assert (found.missing_queries, found.correction, found.pairs) == (
        "zero",
        "holm",
        "all",
    )
    assert len(ADDERS) == 5


@pytest.mark.parametrize("add", ADDERS)
def test_every_option_is_explained(add):
    parser = argparse.ArgumentParser()
    add(parser)
    assert all(action.help for action in parser._actions)
