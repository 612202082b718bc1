"""Ablations made of numbers by hand, through what makes those of `ablate`."""

import msgspec
import numpy as np

from rankbound.bounds.certificate import LossRange
from rankbound.commands.ablate import run
from rankbound.commands.ablate.keeping import Cell
from rankbound.commands.ablate.measuring import Limit, Measured
from rankbound.commands.ablate.result import (
    BASE,
    MEASURED,
    NONE,
    TRAINING,
    CollectionRow,
    Cost,
    SamplingTerms,
)
from rankbound.validation.configurations import HeldOut

SEEDS = 2
SAMPLINGS = "random", "bm25"


class Untrained(run.Design):
    """A grid that asks no library."""

    def libraries(self):
        return {}


def by_hand(collection, gains, *, seed, n=24, abroad=None, **design):
    """An ablation whose students gain so much from BM25 negatives over random ones.

    `gains` are by architecture and loss; `abroad` is a collection that the same
    students are tested on, where they gain nothing.
    """
    rng = np.random.default_rng(seed)
    architectures, losses = (
        tuple(dict.fromkeys(one)) for one in zip(*gains, strict=True)
    )
    settings = {"group_size": 6, "architectures": architectures, "losses": losses}
    design = Untrained(samplings=SAMPLINGS, seeds=SEEDS, **(settings | design))
    tests = [(collection, "in"), *([(abroad, "out")] if abroad else [])]
    plain = {name: rng.integers(20, 60, n) / 100 for name, _ in tests}
    cells = []
    for (architecture, loss), gain in gains.items():
        for sampling in SAMPLINGS:
            parts = []
            for name, domain in tests:
                more = gain if (sampling, domain) == ("bm25", "in") else 0.0
                found = [
                    _student(plain[name] + more + rng.integers(-3, 4, n) / 100, rng)
                    for _ in range(SEEDS)
                ]
                key = name, domain, architecture, loss, sampling
                last = BASE, NONE, "240", "1000"
                parts.append(run._part(key, collection, found, (0, 1), 1.0, last))
            stem = f"{collection}.{architecture}.{loss}.{sampling}"
            cells.append(
                Cell(
                    digest=stem,
                    runs={},
                    parts=tuple(parts),
                    steps=240,
                    pairs_scored=1000,
                    costs=(
                        Cost(
                            collection=collection,
                            stage=TRAINING,
                            seconds=2.0,
                            architecture=architecture,
                        ),
                    ),
                )
            )
    worked = run.Worked(
        cells=tuple(cells),
        controls=(),
        terms=tuple(
            SamplingTerms(
                collection=collection,
                architecture="",
                sampling=sampling,
                terms={"score_variance": 1.0 + place},
            )
            for place, sampling in enumerate(SAMPLINGS)
        ),
        foretold=(),
        laws=(),
        sha256="",
        qids={name: [f"q{row:02}" for row in range(n)] for name, _ in tests},
        costs=(),
    )
    rows = [
        CollectionRow(
            name=name,
            domain=domain,
            n_documents=200,
            n_train=n,
            n_validation=n,
            n_test=n,
            bm25=0.4,
            dense=0.3,
            teacher=0.6,
            untrained=dict.fromkeys(design.architectures, 0.2),
            notes=(),
            trained_on=collection,
        )
        for name, domain in tests
    ]
    made = run._result(design, rows, [worked], [], [], "")
    # As on every machine
    same = msgspec.structs.replace(made, versions={"rankbound": "0"})
    return same.with_beside(**made.beside)


def _student(ndcg, rng):
    n = len(ndcg)
    columns = {name: rng.integers(30, 60, n) / 100 for name in MEASURED}
    half = HeldOut(
        certificate=0.65, risk=0.5, lower=0.4, n_certificate=n // 2, n_held_out=n // 2
    )
    columns |= {"ndcg@10": ndcg}
    span = LossRange(3.0, low=0.1, high=1.1, source="by hand")
    limit = Limit(columns["risk"], columns["divergence"], 0.66, span, 3.0, 0.5)
    return Measured(columns, limit, half, ranking=None, law_risk=None)
