"""From parsed arguments of `rankbound measure` to options, naming any mistake."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rankbound.commands.model_options import (
    kind_from,
    students_from,
    temperature_from,
)

if TYPE_CHECKING:
    from rankbound.measuring.options import MeasureOptions


def options_from(arguments: argparse.Namespace, command: str) -> MeasureOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from rankbound.measuring.options import MeasureOptions
    from rankbound.paper_row import Architecture

    return MeasureOptions(
        teacher=arguments.teacher,
        teacher_kind=kind_from(arguments.teacher_kind, "--teacher-kind"),
        temperature=temperature_from(arguments.temperature, "--temperature"),
        students=students_from(arguments),
        groups=arguments.groups,
        target_groups=arguments.target_groups,
        depth=arguments.depth,
        embeddings=arguments.embeddings,
        ids=arguments.ids,
        metric=arguments.metric,
        qrels=arguments.qrels,
        unjudged=arguments.unjudged,
        pairs=arguments.pairs,
        score_range=arguments.score_range,
        missing=arguments.missing,
        delta=arguments.delta,
        seed=arguments.seed,
        command=command,
        architecture=Architecture(arguments.weights, arguments.layers),
    )
