"""A study of ablations: cells by collection, their verdicts, and what they say."""

import contextlib
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student

import rankbound as rb
from rankbound.cli import main
from rankbound.commands.study import run
from rankbound.commands.study.config import Config, read_config
from rankbound.commands.validate.ablated import CellOptions
from rankbound.errors import UsageError
from tests.rankbound.ablations import by_hand
from tests.rankbound.commands.study.test_study import files_of

CELLS = [("bi", "kl"), ("bi", "lce"), ("cross", "kl"), ("cross", "lce")]
CONFIG = "[validate]\nresamples = 200\npermutations = 99\nmeasures = 'AP'\n"
LINE = "study first second --config study.toml --out out"


def gains(*values):
    return dict(zip(CELLS, values, strict=True))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two ablations of three collections, and their study."""
    folder = tmp_path_factory.mktemp("ablations")
    alpha = by_hand("alpha", gains(0.3, 0.3, 0.3, 0.0), seed=1, n=60, abroad="gamma")
    alpha.save(folder / "first")
    by_hand("beta", gains(0.25, 0.0, -0.3, 0.0), seed=2, n=60).save(folder / "second")
    (folder / "study.toml").write_text(CONFIG)
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as said:
        assert main(LINE.split()) == 0
    (folder / "said.txt").write_text(said.getvalue())
    return folder


@pytest.fixture
def copy(root, tmp_path, monkeypatch):
    folder = tmp_path / "copy"
    shutil.copytree(root, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def done(root, monkeypatch):
    """The steps that are really done; validations are those that were made before."""
    found = []
    taken = run.ablation_in

    def take(folder):
        found.append(f"{folder}: ablate")
        return taken(folder)

    def validated(options, _command):
        found.append(f"{options.ablation.parent}: validate")
        return rb.Validation.load(root / "out/first/validate")

    monkeypatch.setattr(run, "ablation_in", take)
    monkeypatch.setattr(CellOptions, "validated", validated)
    return found


def studied(*names, out="out", **settings):
    config = read_config(Path("study.toml"))
    return run.studied(names, Path(out), config=config, **settings)


def cell(made, architecture, loss, domain="in"):
    (row,) = (
        one
        for one in made.gains
        if (one.architecture, one.loss, one.domain) == (architecture, loss, domain)
    )
    return row


def column(ablation, architecture, loss, sampling):
    """nDCG@10 by query of the cell that is tested in domain."""
    return {
        row["qid"]: float(row["ndcg@10"])
        for row in ablation.beside["queries"]
        if (row["domain"], row["architecture"], row["loss"], row["sampling"])
        == ("in", architecture, loss, sampling)
    }


def test_a_cell_has_the_differences_of_all_collections_by_plain_loops(root):
    made = rb.Study.load(root / "out")
    assert len(made.gains) == 8
    for place, name, collection in ((0, "first", "alpha"), (1, "second", "beta")):
        ablation = rb.Ablation.load(root / name)
        for architecture, loss in CELLS:
            mined, plain = (
                column(ablation, architecture, loss, one) for one in ("bm25", "random")
            )
            values = [mined[qid] - plain[qid] for qid in plain]
            n, mean = len(values), sum(values) / len(values)
            square = sum((v - mean) ** 2 for v in values) / (n - 1)
            reach = student.ppf(0.975, n - 1) * (square / n) ** 0.5
            effect = cell(made, architecture, loss).effects[place]
            assert effect.dataset == f"{name}: {collection}"
            found = effect.n, effect.value, effect.lower, effect.upper
            assert found == pytest.approx((n, mean, mean - reach, mean + reach))
            (own,) = (
                one
                for one in ablation.differences
                if (one.architecture, one.loss, one.domain)
                == (architecture, loss, "in")
            )
            assert effect.verdict == own.verdict


def test_verdicts_of_collections_agree_or_do_not(root):
    made = rb.Study.load(root / "out")
    found = [cell(made, *one).agreement for one in CELLS]
    assert found == ["agree", "partly", "contradict", "open"]
    row = cell(made, "bi", "kl", "out")
    assert row.agreement is None
    assert row.value is None
    assert [one.dataset for one in row.effects] == ["first: gamma by students of alpha"]
    both = cell(made, "bi", "kl")
    values = np.array([one.value for one in both.effects])
    assert values.min() < both.value < values.max()
    said = (root / "said.txt").read_text()
    assert "1 better in one and worse in another (kl on bm25)" in said
    rows = {(r.architecture, r.loss, r.verdict) for r in made.tables()["effects"]}
    assert ("cross", "kl", "better") in rows
    assert ("cross", "kl", "worse") in rows


def test_the_page_shows_cells_and_the_ablations(root):
    page = (root / "out/report.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Cells of ablations (8 rows)" in text
    assert "Effectiveness of cross on alpha (2 rows)" in text
    assert "pooled-ndcg@10-bi-in" in text
    assert "first/ablate" in text
    assert "across 8 systems on 2 data sets" in text  # the cells as configurations


def test_nothing_is_done_twice_but_by_fresh_or_for_another_file(copy, done):
    before = files_of(copy / "out")
    made = rb.Study.load("out")
    assert studied("first", "second").pooled == made.pooled
    assert done == []
    assert files_of(copy / "out") == before
    studied("first", "second", fresh=True)
    steps = ["first: ablate", "first: validate", "second: ablate", "second: validate"]
    assert done == steps
    done.clear()
    other = by_hand("beta", gains(0.25, 0.0, -0.3, 0.3), seed=2, n=60)
    other.save("second", force=True)
    made = studied("first", "second")
    assert done == steps[2:]
    assert cell(made, "cross", "lce").agreement == "partly"
    held = json.loads(Path("second/ablation.json").read_text())
    assert held["differences"][3]["verdict"] == "better"


@pytest.mark.usefixtures("copy", "done")
def test_collections_that_two_ablations_test_are_not_pooled():
    """Their queries are the same, and other settings of the grid are said."""
    for name, collection in (("again", "alpha"), ("third", "delta")):
        made = by_hand(collection, gains(0.3, 0, 0, 0), seed=3, n=60, group_size=8)
        made.save(name)
    row = cell(studied("first", "again", "third"), "bi", "kl")
    assert row.value is None
    assert "the same queries" in row.missing_because
    assert row.agreement == "agree"
    row = cell(studied("first", "third"), "bi", "kl")
    assert row.value > 0.2
    assert "designs differ: groups of 6, scales matched; groups of 8" in row.caution


def test_what_is_wrong_with_an_ablation_is_said(copy):
    (copy / "second/ablation.queries.tsv").unlink()
    (copy / "second/rankbound.manifest.json").unlink()
    held = (copy / "first/ablation.json").read_text()
    (copy / "first/ablation.json").write_text(held[:-9])
    (copy / "first/rankbound.manifest.json").unlink()
    made = studied("first", "second")
    for one, said in zip(
        made.datasets, ("ablation.json", "lacks one of its tables"), strict=True
    ):
        assert [step.step for step in one.failed] == ["ablate", "validate"]
        assert said in one.failed[0].because
        # What an earlier run left says nothing of this one
        assert not (copy / f"out/{one.name}/ablate/ablation.json").exists()
    assert not made.complete
    assert not made.gains


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"datasets": {"first": {"teacher": "t"}}}, "has no setting 'teacher'"),
        ({"datasets": {"first": {"compare": {"seed": 1}}}}, "setting 'compare'"),
        ({"validate": {"resamples": 1}}, "`resamples` must be"),
        ({"datasets": {"first": {"validate": {"band": 2}}}}, "`band` must be"),
    ],
)
def test_settings_are_those_of_cells(held, said, root, tmp_path):
    with pytest.raises(UsageError, match=said):
        run.studied([root / "first"], tmp_path / "out", config=Config(held=held))
    assert not (tmp_path / "out").exists()
