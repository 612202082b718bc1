"""Write the numbers and figures of the ablation: ``python -m docs.ablation [FOLDER]``.

Parts may be named behind the folder; all are trained otherwise, and go on where they
were ended. `default` is the default grid. `wide` has all samplings over several
collections and asks what predicts students before training; it takes vaswani and
cranfield-titles below RANKBOUND_DATA, too, if that is set. `arms` has other teachers,
augmentations and costs. `prototype` repeats an earlier study on cranfield-titles.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import rankbound as rb
from rankbound.bounds.limits import two_sided
from rankbound.bounds.wording import counted
from rankbound.cli import main as rankbound
from rankbound.commands.ablate.augmenting import AUGMENTATIONS
from rankbound.commands.ablate.collections import TEST, read_collection
from rankbound.commands.ablate.measuring import Bench, Drawn
from rankbound.commands.ablate.result import BASE, MARKS, NONE, Arm
from rankbound.commands.ablate.students import Lessons, train
from rankbound.commands.ablate.teaching import TEACHERS
from rankbound.tables import Cell, Table, markdown

HERE = Path(__file__).parent
DATA = ("vaswani", "cranfield-titles")
WIDE_SEEDS = 2
SAMPLINGS = (
    *("random", "bm25", "dense", "crossencoder", "ensemble"),
    *("stratified-width", "stratified-count", "entropy"),
)
OF_PREDICTION = ("ablation-predictors", "ablation-choices")
DRAWN = ("random", "bm25", "crossencoder", "ensemble")  # as the prototype had them
SCALES = ((1.0, 1.0), (20.0, 1.0), (20.0, 16.0))  # with the teacher's temperature
SPLITS = (0, 1, 2)
PROTOTYPE_SEEDS = 3


def main(work: Path, parts: Sequence[str]) -> None:
    """Train what is not trained yet, and write pages and figures."""
    for name in parts or PARTS:
        PARTS[name](work / name)


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


def arms(out: Path) -> None:
    """Other teachers, augmentations, and what the stages of the grid cost."""
    found = rb.ablate(
        ["docstrings"],
        out,
        out_of_domain=[],
        samplings=("random",),
        losses=("ranknet", "kl"),
        seeds=WIDE_SEEDS,
        teachers=TEACHERS,
        augmentations=AUGMENTATIONS,
        progress=True,
    )
    for name, page in (
        ("costs", _costs(found)),
        ("teachers", _teachers(found)),
        ("augmentations", _augmentations(found)),
    ):
        (HERE / "measured" / f"{name}.md").write_text(page)


def _costs(found: rb.Ablation) -> str:
    rows = [
        one for one in found.costs if (one.teacher, one.augmentation) == (BASE, NONE)
    ]
    table = Table(
        name="costs",
        caption="What the stages of the grid took, all students together",
        header=(
            *("stage", "architecture", "seconds", "steps", "teacher's scores"),
            "students' scores",
        ),
        rows=tuple(
            (
                *(Cell(one.stage), Cell(one.architecture), Cell(f"{one.seconds:.1f}")),
                *(
                    Cell(f"{n:,}" if n else "")
                    for n in (one.steps, one.teacher_pairs, one.student_pairs)
                ),
            )
            for one in rows
        ),
        n_labels=2,
    )
    (bought,) = (one for one in found.sentences if "of each student buy" in one)
    return f"{markdown([table])}\n{bought}.\n"


def _gains(found: rb.Ablation, of: Callable[[Arm], str], name: str) -> list[Cell]:
    """The gains of an arm by architecture and loss, with what excludes 0."""
    return [
        Cell(f"{one.gain:+.4f}", MARKS[one.verdict])
        for one in found.arms
        if of(one) == name
    ]


def _caption(found: rb.Ablation) -> str:
    return (
        "Gains in nDCG@10 over the same cell of the grid; + and - exclude 0, at 95 % "
        f"for all {len(found.arms)} arms at once"
    )


def _tasks(found: rb.Ablation) -> list[str]:
    cells = [one.cell for one in found.arms]
    return [*dict.fromkeys(f"{one.architecture}, {one.loss}" for one in cells)]


def _teachers(found: rb.Ablation) -> str:
    table = Table(
        name="teachers",
        caption=_caption(found),
        header=("teacher", "its nDCG@10", "its entropy in nats", *_tasks(found)),
        rows=tuple(
            (
                *(
                    Cell(one.teacher),
                    Cell(f"{one.ndcg:.4f}"),
                    Cell(f"{one.entropy:.3f}"),
                ),
                *(
                    _gains(found, lambda arm: arm.teacher, one.teacher)
                    if one.teacher != BASE
                    else [Cell("")] * len(_tasks(found))
                ),
            )
            for one in found.teachers
        ),
    )
    claim = found.claims["moderate-teacher-entropy"]
    return (
        f"{markdown([table])}\n{claim.claim[0].upper()}{claim.claim[1:]}: "
        f"{claim.verdict}; {claim.evidence}.\n"
    )


def _augmentations(found: rb.Ablation) -> str:
    table = Table(
        name="augmentations",
        caption=_caption(found),
        header=("augmentation", *_tasks(found)),
        rows=tuple(
            (Cell(name), *_gains(found, lambda arm: arm.augmentation, name))
            for name in AUGMENTATIONS
        ),
    )
    claim = found.claims["break-even"]
    return f"{markdown([table])}\nBreak-even, {claim.verdict}: {claim.evidence}.\n"


def prototype(out: Path) -> None:
    """The prototype's students, and what the units of scores make of its order."""
    home = os.environ.get("RANKBOUND_DATA")
    if home is None or not Path(home, DATA[1]).is_dir():
        sys.stderr.write(
            f"prototype: skipped, since RANKBOUND_DATA names no folder with {DATA[1]}\n"
        )
        return
    place = Path(home, DATA[1])
    found = rb.ablate(
        [place],
        out,
        out_of_domain=[],
        samplings=(*DRAWN, "stratified-width", "stratified-count"),
        architectures=("bi",),
        seeds=PROTOTYPE_SEEDS,
        match_scale=False,
        progress=True,
    )
    values = {(one.sampling, one.loss): one.ndcg.value for one in found.cells}
    samplings, losses = (
        tuple(dict.fromkeys(names)) for names in zip(*values, strict=True)
    )
    row = found.collections[DATA[1]]
    table = Table(
        name="prototype",
        caption=f"nDCG@10 of bi-encoders on {row.n_test} test queries, means over "
        f"{counted(PROTOTYPE_SEEDS, 'seed')}; untrained {row.untrained['bi']:.4f}, the "
        f"teacher {row.teacher:.4f}",
        header=("sampling", *losses),
        rows=tuple(
            (Cell(name), *(Cell(f"{values[name, loss]:.4f}") for loss in losses))
            for name in samplings
        ),
    )
    page = markdown([table, _units(place)])
    (HERE / "measured" / "prototype.md").write_text(page)


def _units(place: Path) -> Table:
    """RankNet's students by their scale at the start and the teacher's temperature."""
    rows = []
    for split in SPLITS:
        bench = Bench(read_collection(place, seed=split))
        given = {name: bench.lessons("bi", _groups(bench, name)) for name in DRAWN}
        for scale, temperature in SCALES:
            found = {
                name: np.mean(
                    [
                        bench.ndcg(one, TEST)
                        for one in _students(bench, lessons, scale, temperature)
                    ],
                    axis=0,
                )
                for name, lessons in given.items()
            }
            values = found["ensemble"] - found["crossencoder"]
            lower, upper = two_sided(values, low=-1.0, high=1.0, delta=0.05)
            rows.append(
                (
                    *map(Cell, (str(split), f"{scale:g}", f"{temperature:g}")),
                    *(Cell(f"{found[name].mean():.4f}") for name in DRAWN),
                    Cell(f"{values.mean():+.4f} [{lower:+.4f}, {upper:+.4f}]"),
                )
            )
    return Table(
        name="units",
        caption="The same under RankNet on three splits of the queries, by the scale "
        "that cosines are multiplied by at the start and the temperature that divides "
        "the teacher's log-odds; 95 % intervals by betting, each by itself",
        header=(
            *("split", "scale", "temperature"),
            *(*DRAWN, "ensemble less crossencoder"),
        ),
        rows=tuple(rows),
    )


def _groups(bench: Bench, sampling: str) -> list[Drawn]:
    """The groups of every seed."""
    seeds = range(PROTOTYPE_SEEDS)
    return [bench.drawn(sampling, size=16, seed=seed) for seed in seeds]


def _students(
    bench: Bench, lessons: Lessons, scale: float, temperature: float
) -> Iterator[Any]:
    """The chosen student of each seed; longer vectors of queries are a larger scale."""
    changed = replace(
        lessons,
        queries=np.float32(scale) * lessons.queries,
        teacher=lessons.teacher / temperature,
    )
    for checkpoints in train("bi", "ranknet", changed, match=False):
        yield bench.chosen(checkpoints)[1]


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


PARTS = {"default": default, "wide": wide, "arms": arms, "prototype": prototype}

if __name__ == "__main__":
    where, *asked = sys.argv[1:] or ["ablation-out"]
    main(Path(where), asked)
