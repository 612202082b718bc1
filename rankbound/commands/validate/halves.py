"""Is the bound true, and how tight: certificates against queries held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rankbound.commands.validate.options import ValidateOptions
from rankbound.commands.validate.panels import StudentPanel
from rankbound.validation.holdout import LEAST_QUERIES, held_out

Row = dict[str, Any]


def certificates(panels: Sequence[StudentPanel], options: ValidateOptions) -> list[Row]:
    """Certificates of halves against the risk of the other halves, by student."""
    rows = []
    for position, panel in enumerate(panels):
        certificate = panel.result.certificate
        risk = panel.result.terms.risk_nats
        row: Row = {
            "dataset": panel.dataset,
            "sampling": panel.sampling,
            "student": panel.student,
            "n": certificate.n_queries,
            "risk": certificate.risk,
            "upper": certificate.upper,
            "vacuous": certificate.vacuous,
            "range": certificate.range.source,
        }
        if risk is None or len(risk) < LEAST_QUERIES:
            continue
        splits = held_out(
            risk,
            loss_range=certificate.range,
            delta=options.family.delta,
            splits=options.splits,
            rng=np.random.default_rng([options.seed, 1_000_037, position]),
        )
        held = float(np.mean([split.risk for split in splits]))
        stated = float(np.mean([split.certificate for split in splits]))
        rows.append(
            {
                **row,
                "splits": len(splits),
                "n_half": splits[0].n_certificate,
                "certificate": stated,
                "held_out": held,
                "slack": stated - held,
                "ratio": stated / held if held > 0 else None,
                "held": sum(split.holds for split in splits),
                "refuted": sum(split.refuted for split in splits),
            }
        )
    return rows
