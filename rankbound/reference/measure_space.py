"""The reference's diameters, beside the largest distance of a group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rankbound.data.groups import Groups
from rankbound.data.scores import Integers
from rankbound.reference import diameters
from rankbound.reference.measure_columns import Column, Kindred, joined, on_groups

if TYPE_CHECKING:
    from rankbound.commands.measure.run import Measurement


def reference_diameters(measurement: Measurement, groups: Groups) -> Iterator[Column]:
    """Four quantiles of distances; nothing without vectors."""
    embeddings = measurement.inputs.embeddings
    terms = measurement.teacher
    if embeddings is None or terms.diameter is None:
        return
    rows = embeddings.rows(groups.docnos)[groups.codes]
    corrected = dict(zip(terms.qids, terms.diameter.tolist(), strict=True))
    own = "radians" if measurement.options.metric == "angular" else "distance"
    for what, cosine, level in _kinds(own):

        def formula(
            part: Integers, cosine: bool = cosine, level: float = level
        ) -> float:
            vectors = embeddings.take(part)
            if cosine:
                return diameters.reference_cosine_diameter(vectors, quantile=level)
            return diameters.reference_diameter(vectors, quantile=level)

        def why(part: Integers, cosine: bool = cosine) -> str:
            return diameters.why_diameter(embeddings.take(part), cosine=cosine)

        reference, reasons = on_groups(groups, rows, formula, why)
        yield joined(what, reference, corrected, reasons)


def _kinds(own: str) -> Iterator[tuple[Kindred, bool, float]]:
    """Every reference diameter: its name, whether it is of 1 - cos, its level."""
    for level in diameters.LEVELS:
        yield (
            Kindred(
                f"diameter_{round(100 * level)}",
                "distance",
                diameters.EUCLIDEAN_REASON,
                "vectors scaled along the documents, interpolated quantile",
                own,
            ),
            False,
            level,
        )
    for level in diameters.LEVELS:
        yield (
            Kindred(
                f"cosine_diameter_{round(100 * level)}",
                "1 - cos",
                diameters.COSINE_REASON,
                "1 - cos is no metric, interpolated quantile",
                own,
            ),
            True,
            level,
        )
