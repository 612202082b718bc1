import numpy as np
import pytest

from rankbound.commands.measure.given import Files
from rankbound.commands.measure.options import MeasureOptions
from rankbound.commands.measure.run import measure
from rankbound.data.groups import top_documents
from rankbound.data.scores import Scores
from rankbound.errors import FormatError
from rankbound.read import registry
from rankbound.read.contents import Contents, Format
from tests.rankbound.files import run_text, written

SCORES = {"q": {"a": 2.5, "b": -1.0}, "r": {"a": 3.0, "c": 1.0}}


def test_files_keep_account_of_repairs_and_notes(tmp_path):
    clean = written(tmp_path, run_text(SCORES), "clean")
    blank = written(tmp_path, "\n" + run_text(SCORES), "blank")
    ranks = written(tmp_path, "q a 1\nq b 2\n", "ranks")
    files = Files({}, clean)
    for path in (clean, blank, ranks):
        files.part(path, "scores")
    assert files.repairs == {blank: {"blank lines": 1}}
    assert len(files.warnings()) == 1
    assert files.warnings()[0].startswith(f"{ranks}: the third column is the rank")


def test_files_take_the_chosen_format(tmp_path):
    path = written(tmp_path, "q a 1\nq b 2\n")
    other = written(tmp_path, "q a 1\nq b 2\n", "other")
    files = Files({"": "scoreddocs"}, path)
    assert files.part(path, "scores").format == "scoreddocs"
    assert files.part(other, "scores").format == "msmarco-run"
    files = Files({str(other): "scoreddocs"}, path)
    assert files.part(other, "scores").format == "scoreddocs"


@pytest.fixture
def both(monkeypatch):
    """A format whose files hold scores and groups; counts how often it is read."""
    reads = []

    def read(source):
        reads.append(source.path)
        rng = np.random.default_rng(0)
        scores = Scores.from_dict(
            {
                f"q{q}": {f"d{d}": float(rng.normal(0, 3)) for d in range(4)}
                for q in range(20)
            }
        )
        groups = top_documents(scores, depth=3)
        return Contents("both", source.path, scores=scores, groups=groups)

    entry = Format(
        "both", "both", ("scores", "groups"), lambda source: source.head[:4], read
    )
    monkeypatch.setattr(registry, "formats", lambda: {"both": entry})
    return reads


def test_a_file_of_scores_and_groups_is_read_once(tmp_path, both):
    path = written(tmp_path, "both")
    result = measure(MeasureOptions(teacher=path, groups=path))
    assert result.inputs.groups.sizes.tolist() == [3] * 20
    assert both == [path]


def test_files_forget_what_they_kept(tmp_path, both):
    path = written(tmp_path, "both")
    files = Files({}, path)
    files.part(path, "scores", keep=True)
    files.part(path, "groups")
    assert len(both) == 1
    files.forget()
    files.part(path, "groups")
    assert len(both) == 2


def test_files_reject_a_file_without_the_part(tmp_path):
    path = written(tmp_path, run_text(SCORES))
    with pytest.raises(FormatError, match=r"holds scores .*, and groups are expected"):
        Files({}, path).part(path, "groups")
