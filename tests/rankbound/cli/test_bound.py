"""`rankbound bound` on the command line."""

import json

import pytest

from rankbound.cli import main
from rankbound.commands.measure.options import StudentSource
from rankbound.commands.measure.run import measure

NUMBERS = (
    "--diameter", "1.4", "--lipschitz", "5", "--entropy", "0.42",
    "--divergence", "0.06",
)  # fmt: skip


def answer(capsys, *words):
    assert main(["bound", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_bound_prints_words_and_json(capsys):
    assert main(["bound", *NUMBERS, "--n", "500000"]) == 0
    assert "Is the certificate vacuous? no, below ln 2" in capsys.readouterr().out
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
        ((*NUMBERS, "--n", "9", "--weights", "2"), "at least one layer"),
    ],
)
def test_bound_rejects(capsys, words, message):
    assert main(["bound", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Two measurements, one of them of a student that is the teacher."""
    monkeypatch.chdir(tmp_path)
    queries = {f"q{i}": {"a": 1.0 + i / 99, "b": -1.0} for i in range(200)}
    flat = {q: {d: s / 8 for d, s in row.items()} for q, row in queries.items()}
    for name, scores in (("old", flat), ("new", queries)):
        source = StudentSource("s", scores=scores, kind="logit")
        made = measure(
            queries, students={"s": source}, teacher_kind="logit", score_range=4
        )
        made.save(tmp_path / name)
    return tmp_path


BOTH = ("--before", "old", "--after", "new")


@pytest.mark.usefixtures("folders")
def test_bound_reads_two_measured_folders(capsys):
    assert main(["bound", *BOTH, "--details"]) == 0
    text = capsys.readouterr().out
    assert "before: old; after: new; all pairs" in text
    assert "Will augmentation help? for s it lowers the bound by" in text
    found = answer(capsys, *BOTH, "--delta", "0.2")
    assert found["schema"] == "rankbound.change/1"
    assert (found["delta"], found["students"][0]["verdict"]) == (0.2, "lower")
    assert (
        found["command"] == "rankbound bound --before old --after new --delta 0.2 "
        "--json"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--before", "old"), "--before and --after go together; --after is missing"),
        (("--after", "old"), "--before is missing"),
        ((*BOTH, "--n", "9"), "--n belongs to a bound from numbers, and --before"),
        ((*BOTH, "--after-entropy", "0.1"), "--after-entropy belongs to"),
        ((*BOTH, "--augment"), "--augment belongs to"),
        ((*BOTH, "--solve", "n"), "--solve belongs to"),
        ((*BOTH, "--table", "t.tsv"), "--table belongs to"),
        ((*BOTH, "--group-size", "8"), "--group-size belongs to"),
        ((*BOTH, "--layers", "6"), "--layers belongs to"),
        ((*BOTH, "--delta", "0"), "--delta must be a positive"),
        (("--before", "old", "--after", "none"), "none: no such folder; --after needs"),
        (
            ("--before", "old/ledger.json", "--after", "new"),
            "is a file; --before needs",
        ),
        (
            ("--before", "old", "--after", "other"),
            "holds no ledger.json but power.json",
        ),
        (("--before", "old", "--after", "alone"), "lacks per_query.tsv, the terms of"),
        (("--before", "old", "--after", "broken"), "it ends too early, at byte 3"),
        (("--before", "old", "--after", "later"), "expected the schema"),
        (("--before", "old", "--after", "torn"), "per_query.tsv:4: expected "),
    ],
)
def test_bound_refuses_what_it_cannot_compare(capsys, folders, words, message):
    for name in ("other", "alone", "broken", "later", "torn"):
        (folders / name).mkdir()
    (folders / "other" / "power.json").write_text("{}")
    ledger = (folders / "new" / "ledger.json").read_text()
    table = (folders / "new" / "per_query.tsv").read_text()
    (folders / "alone" / "ledger.json").write_text(ledger)
    (folders / "broken" / "ledger.json").write_text(ledger[:3])
    later = ledger.replace("rankbound.ledger/1", "rankbound.ledger/99")
    (folders / "later" / "ledger.json").write_text(later)
    (folders / "torn" / "ledger.json").write_text(ledger)
    (folders / "torn" / "per_query.tsv").write_text(
        "\n".join([*table.splitlines()[:3], "q9"]) + "\n"
    )
    assert main(["bound", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
