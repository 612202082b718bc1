"""`rankbound bound` on the command line."""

import json

import pytest

from rankbound.cli import main

NUMBERS = (
    "--diameter", "1.4", "--lipschitz", "5", "--entropy", "0.42",
    "--divergence", "0.06",
)  # fmt: skip


def answer(capsys, *words):
    assert main(["bound", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_bound_prints_words_and_json(capsys):
    assert main(["bound", *NUMBERS, "--n", "500000"]) == 0
    assert "not vacuous" in capsys.readouterr().out
    found = answer(capsys, *NUMBERS, "--n", "500000", "--weights", "1e6")
    assert found["vacuous"] is False
    assert found["paper_form"]["weights"] == 1e6


@pytest.mark.parametrize("unknown", ["n", "diameter", "entropy"])
def test_bound_solves_without_the_number_asked_for(capsys, unknown):
    words = [*NUMBERS, "--n", "500000"]
    place = words.index(f"--{unknown}")
    del words[place : place + 2]
    found = answer(capsys, *words, "--solve", unknown)
    assert found["solve"] == unknown
    assert found["given"][unknown] == found["solution"]


def test_bound_compares_before_and_after(capsys):
    found = answer(
        capsys, "--diameter", "2", "--lipschitz", "5", "--entropy", "0.42",
        "--divergence", "0", "--n", "1000", "--augment", "--after-diameter", "1.2",
        "--after-entropy", "0.47",
    )  # fmt: skip
    assert found["break_even_n"] == 399
    assert found["vacuous"] is True


def test_bound_reads_a_table(capsys, tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("n\tkappa\n43\t1\n500000\t1.01\n")
    found = answer(capsys, *NUMBERS, "--table", str(path))
    assert [row["vacuous"] for row in found] == [True, False]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--diameter", "1"), "missing: --lipschitz"),
        ((*NUMBERS, "--n", "9", "--solve", "luck"), "--solve must be one of"),
        ((*NUMBERS, "--n", "9", "--solve", "n", "--augment"), "exclude each other"),
        ((*NUMBERS, "--n", "9", "--kappa", "0.5"), "kappa"),
        ((*NUMBERS, "--n", "9", "--delta", "2"), "delta"),
        ((*NUMBERS, "--n", "9", "--layers", "0"), "at least one layer"),
    ],
)
def test_bound_rejects(capsys, words, message):
    assert main(["bound", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
