import csv

import pytest

from rankbound.drawing.run import draw_all
from rankbound.errors import UsageError
from tests.rankbound.drawing.folders import comparison, ledger


def test_every_figure_has_its_numbers_beside_it_and_the_same_bytes(tmp_path):
    source = comparison(tmp_path / "from")
    first, _ = draw_all(source, tmp_path / "one", extension="png")
    second, _ = draw_all(source, tmp_path / "two", extension="png")
    assert first == second
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == sorted(f"{n}{s}" for n in first for s in (".png", ".csv"))
    for file in files:
        one, two = tmp_path / "one" / file, tmp_path / "two" / file
        assert one.read_bytes() == two.read_bytes()
    with (tmp_path / "one" / "differences-entropy.csv").open() as stream:
        assert next(csv.DictReader(stream))["difference"] == "-0.07"


def test_what_is_missing_is_listed(tmp_path):
    source = ledger(tmp_path / "from", {})
    written, missing = draw_all(source, tmp_path / "out", extension="svg")
    assert "entropy" in written
    reasons = dict(missing)
    assert "no student" in reasons["parts"]
    assert "rankbound inspect" in reasons["quality"]
    assert not {*written} & {*reasons}


def test_figures_are_as_wide_as_asked(tmp_path):
    source = comparison(tmp_path / "from")
    draw_all(source, tmp_path / "out", extension="svg", wide=True)
    text = (tmp_path / "out" / "sweep-all.svg").read_text()
    assert 'width="504pt"' in text


def test_nothing_is_written_where_there_are_no_results(tmp_path):
    (tmp_path / "from").mkdir()
    with pytest.raises(UsageError):
        draw_all(tmp_path / "from", tmp_path / "out")
    assert not (tmp_path / "out").exists()
