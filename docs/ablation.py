"""Write the numbers and figures of the ablation: ``python -m docs.ablation [FOLDER]``.

Two grids are trained, and go on where they were ended: the default one, and one of all
samplings over several collections, which asks what predicts students before training.
The second takes vaswani and cranfield-titles below RANKBOUND_DATA, too, if that is set.
"""

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import rankbound as rb
from rankbound.bounds.wording import counted
from rankbound.cli import main as rankbound
from rankbound.tables import markdown

HERE = Path(__file__).parent
DATA = ("vaswani", "cranfield-titles")
WIDE_SEEDS = 2
SAMPLINGS = (
    *("random", "bm25", "dense", "crossencoder", "ensemble"),
    *("stratified-width", "stratified-count", "entropy"),
)
OF_PREDICTION = ("ablation-predictors", "ablation-choices")


def main(work: Path) -> None:
    """Train what is not trained yet, and write pages and figures."""
    default(work / "default")
    wide(work / "wide")


def default(out: Path) -> None:
    """The default grid: students in and out of domain, claims and figures."""
    found = rb.ablate(["docstrings"], out, progress=True)
    (HERE / "measured" / "ablation.md").write_text(_default(found))
    with TemporaryDirectory() as folder:
        figures = Path(folder, "figures")
        line = f"figures --from {out} --out {figures} --format svg --quiet"
        rankbound(line.split())
        for path in figures.glob("gains-*.svg"):
            shutil.copy(path, HERE / "static" / f"ablation-{path.name}")


def wide(out: Path) -> None:
    """All samplings over several collections: what predicts students."""
    places = ["docstrings"]
    if home := os.environ.get("RANKBOUND_DATA"):
        places += [str(Path(home, name)) for name in DATA]
    found = rb.ablate(
        places,
        out,
        out_of_domain=[],
        samplings=SAMPLINGS,
        seeds=WIDE_SEEDS,
        progress=True,
    )
    (HERE / "measured" / "predictors.md").write_text(_wide(found))


def _size(found: rb.Ablation) -> str:
    students = sum(one.n_seeds for one in found.cells if one.domain == "in")
    cells = sum(one.domain == "in" for one in found.cells)
    rows = found.beside["students"]
    spent = sum(map(float, rows.column("seconds")))
    return (
        f"{counted(cells, 'cell')}, {counted(students, 'student')}, "
        f"{spent / 60:.0f} minutes to train, choose and measure them on one core of a "
        "machine that does other work, too."
    )


def _default(found: rb.Ablation) -> str:
    tables = [one for one in found.written_tables() if one.name not in OF_PREDICTION]
    said = "\n".join(found.sentences)
    return f"{_size(found)}\n\n```text\n{said}\n```\n\n{markdown(tables)}"


def _wide(found: rb.Ablation) -> str:
    tables = [one for one in found.written_tables() if one.name in OF_PREDICTION]
    names = ", ".join(one.name for one in found.collections)
    said = "\n".join(one for one in found.sentences if "predict" in one)
    return (
        f"{_size(found)} Collections: {names}; samplings: {', '.join(SAMPLINGS)}; "
        f"{WIDE_SEEDS} seeds.\n\n```text\n{said}\n```\n\n{markdown(tables)}"
    )


if __name__ == "__main__":
    main(Path(*sys.argv[1:]) if sys.argv[1:] else Path("ablation-out"))
