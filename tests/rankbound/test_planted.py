"""An entry in the catalogue is enough: planted ones show everywhere."""

import io
import json
from pathlib import Path

import matplotlib.colors
import numpy as np
import pytest

import rankbound as rb
from rankbound import catalogue
from rankbound.catalogue import Quantity, Verdict
from rankbound.cli import main
from rankbound.cli.program import build_parser
from rankbound.drawing.comparisons import drawings
from rankbound.drawing.results import Found, find_results
from rankbound.page.studies import comparison_account
from rankbound.terminal.compare import comparison_text, show_details
from rankbound.terminal.console import console_for
from tests.rankbound.commands.compare.world import make
from tests.rankbound.comparisons import a_row, comparison

SCHEMA = "rankbound.comparison/1"
WORDS = "how far apart planted things are"
UNIT = "furlongs"
NEEDS = ("scores", "vectors", "student")


def of_scores(scores, **_):
    """A span, counted in furlongs."""
    return np.ptp(scores, axis=-1)


def of_student(teacher, student, **_):
    """Largest distance of the two models."""
    return np.abs(teacher - student).max(axis=-1)


def of_vectors(distances, chosen):
    """Least distance of a pair."""
    return np.where(chosen, distances, np.inf).min(axis=-1)


@pytest.fixture
def samplings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make(tmp_path)


@pytest.fixture
def plant(monkeypatch):
    def planted(need):
        entry = Quantity(
            words=WORDS,
            unit=UNIT,
            need=need,
            function=f"{__name__}:of_{need}",
            range=(0.0, 1e3),
            margin=0.25,
            pair_sets=("all",),
        )
        for table in (catalogue.QUANTITIES, catalogue.COMPARED):
            monkeypatch.setitem(table, "planted", entry)

    return planted


def inputs(samplings):
    student = f"s={samplings.path('strong.run')}"
    models = ["--student", student, "--student-temperature", "1"]
    return [*samplings.vectors_of(), *models]


@pytest.mark.parametrize("need", NEEDS)
def test_a_planted_quantity_is_compared_and_shown(samplings, plant, capsys, need):
    plant(need)
    asked = ("--quantity", "planted", "--pairs", "all", "--delta", "0.1", "--details")
    made = samplings.account(*asked, *inputs(samplings))
    assert {row["quantity"] for row in made["rows"]} == {"planted"}
    assert {(row["unit"], row["margin"]) for row in made["rows"]} == {(UNIT, 0.25)}
    assert {tuple(row["range"]) for row in made["rows"]} == {(-1e3, 1e3)}
    printed = " ".join(capsys.readouterr().out.split())
    assert f"planted, in {UNIT}" in printed
    assert "margins: planted 0.25" in printed
    assert f"{WORDS} over all pairs" in printed
    assert ("planted" in {row["quantity"] for row in made["spaces"]}) == (
        need == "vectors"
    )
    (result,) = find_results(Path("out"))
    drawn = {drawing.name: drawing for drawing in drawings(result)}
    assert UNIT in drawn["differences-planted"].draw().get_xlabel()
    assert (
        f"planted per query ({UNIT})" in drawn["ecdf-planted-all"].draw().get_xlabel()
    )
    assert main(["report", "out", "--out", "report.html"]) == 0
    page = Path("report.html").read_text()
    assert f"planted ({UNIT})" in page


@pytest.mark.parametrize("need", NEEDS)
def test_a_planted_quantity_cuts(samplings, plant, need):
    plant(need)
    given = ["--teacher", samplings.path("teacher.json"), *inputs(samplings)]
    groups = ["--groups", samplings.path("near.jsonl"), "--by", "planted"]
    keep = ["--keep", "below-median", "--out", "cut"]
    assert main(["cut", *given, *groups, *keep]) == 0
    made = json.loads(Path("cut/manifest.json").read_text())
    assert (made["quantity"], made["unit"]) == ("planted", UNIT)
    assert "planted" in {row["quantity"] for row in made["comparison"]["rows"]}
    assert Path("cut/near.kept-planted-below-median.jsonl").exists()


def test_a_planted_quantity_has_power_and_help(samplings, plant):
    plant("scores")
    files = {name: samplings.path(f"{name}.jsonl") for name in ("near", "far")}
    made = rb.compare(
        teacher=samplings.path("teacher.json"),
        groups=files,
        quantities=("planted",),
        pairs="all",
        resamples=0,
    )
    assert [row.unit for row in made.rows] == [UNIT]
    made.save("out")
    rows = rb.power(folder="out").rows
    [row] = [row for row in rows if "planted" in row.source]
    assert row.unit == UNIT
    program = build_parser()
    for command in ("compare", "cut"):
        [parser] = [
            action.choices[command]
            for action in program._actions
            if isinstance(action.choices, dict)
        ]
        text = " ".join(parser.format_help().split())
        assert "margin, ties, planted; with vectors" in text
    assert f"0.25 {UNIT} for planted" in text or command == "cut"


def test_a_planted_verdict_shows_its_colour_level_and_style(monkeypatch):
    entry = Verdict(
        meaning="planted", level="bad", style="bold green", colour="#123456", sign="P"
    )
    monkeypatch.setitem(catalogue.VERDICTS, "planted", entry)
    made = comparison([a_row("s0"), a_row("s1", verdict="planted")])
    first, second = comparison_account(made).verdicts
    assert (first.word, first.level) == ("planted", "bad")
    assert second.word == "different"
    assert "planted: s1, entropy" in comparison_text(made)
    stream = io.StringIO()
    console = console_for(stream)
    show_details(made, console)
    assert "planted" in stream.getvalue()
    for drawing in drawings(Found(SCHEMA, "", made)):
        if drawing.kind in ("differences", "verdicts"):
            assert_drawn(drawing.draw(), entry)


def assert_drawn(ax, entry):
    legend = ax.get_legend()
    names = [text.get_text() for text in legend.get_texts()]
    line = legend.legend_handles[names.index("planted")]
    assert matplotlib.colors.to_hex(line.get_color()) == entry.colour
    assert line.get_marker() == entry.sign
    assert any(
        drawn.get_marker() == entry.sign
        and matplotlib.colors.to_hex(drawn.get_color()) == entry.colour
        for drawn in ax.lines
    )
