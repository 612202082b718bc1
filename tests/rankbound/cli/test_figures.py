"""`rankbound figures` on the command line."""

import shutil

import pytest

from rankbound.cli import main
from tests.rankbound.drawing.folders import ledger


@pytest.fixture(scope="module")
def theory(tmp_path_factory):
    out = tmp_path_factory.mktemp("figures")
    assert main(["figures", "--out", str(out)]) == 0
    return out


def test_without_results_the_theory_is_drawn_as_pdf(theory):
    names = {path.stem for path in theory.glob("*.pdf")}
    assert len(names) == 11
    assert all(name.startswith("theory-") for name in names)
    assert {path.stem for path in theory.glob("*.csv")} == names


def test_with_results_a_line_tells_what_they_do_not_allow(tmp_path, capsys):
    source = ledger(tmp_path / "from", diameters=False)
    command = ["figures", "--from", str(source), "--format", "svg"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert "not drawn: locality-entropy, distances: no diameters were" in printed[0]
    assert "power, verdicts, ridges: no results of `rankbound compare`;" in printed[-2]
    assert printed[-1] == f"written: 4 figures to {tmp_path}/out"
    assert len(printed) == 4


def test_figures_may_be_as_wide_as_a_page(tmp_path, capsys):
    source = ledger(tmp_path / "from", {}, diameters=False)
    command = ["figures", "--from", str(source), "--format", "svg", "--width", "page"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    assert 'width="504pt"' in (tmp_path / "out" / "entropy.svg").read_text()
    assert "written: 1 figure to" in capsys.readouterr().out


def test_mistakes_are_one_line(tmp_path, capsys):
    out = ["--out", str(tmp_path / "out")]
    assert main(["figures", "--from", str(tmp_path / "none"), *out]) == 2
    assert main(["figures", "--from", str(tmp_path), *out]) == 2
    shutil.copy(__file__, tmp_path / "ledger.json")
    assert main(["figures", "--from", str(tmp_path), *out]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    assert not (tmp_path / "out").exists()
