"""From parsed arguments of `rankbound measure` to options, naming any mistake."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rankbound.cli.shared_options import given_settings

if TYPE_CHECKING:
    from rankbound.commands.measure.options import MeasureOptions


def options_from(arguments: argparse.Namespace, command: str) -> MeasureOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from rankbound.commands.measure.options import MeasureOptions
    from rankbound.commands.measure.paper_form import Architecture

    return MeasureOptions(
        **given_settings(arguments, command),
        groups=arguments.groups,
        target_groups=arguments.target_groups,
        depth=arguments.depth,
        unjudged=arguments.unjudged,
        pairs=arguments.pairs,
        compat=arguments.compat,
        architecture=Architecture(arguments.weights, arguments.layers),
    )
