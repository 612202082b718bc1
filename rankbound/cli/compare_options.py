"""From parsed arguments of `rankbound compare` to options, naming any mistake."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rankbound.cli.model_options import named
from rankbound.cli.shared_options import given_settings
from rankbound.errors import UsageError

if TYPE_CHECKING:
    from rankbound.commands.compare.options import CompareOptions


def options_from(arguments: argparse.Namespace, command: str) -> CompareOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from rankbound.commands.compare.options import CompareOptions

    words = arguments.quantity or ("entropy",)
    quantities = tuple(name for word in words for name in word.split(","))
    groups = [named(text, "--groups") for text in arguments.groups]
    return CompareOptions(
        **given_settings(arguments, command),
        groups=tuple((name, Path(file)) for name, file in groups),
        reference=arguments.reference,
        quantities=quantities,
        pairs=arguments.pairs,
        margins=_margins(arguments.margin, quantities),
        target=arguments.target,
        controls=arguments.controls,
        resamples=arguments.resamples,
        compat=arguments.compat,
    )


def _margins(texts: Sequence[str], quantities: Sequence[str]) -> dict[str, float]:
    """Margins by quantity; a plain number needs one quantity, since units differ."""
    found: dict[str, float] = {}
    for text in texts:
        name, separator, value = text.rpartition("=")
        if not separator and len(quantities) > 1:
            raise UsageError(
                f"--margin {text}: there are {len(quantities)} quantities of different "
                f"units; say which, as in --margin {quantities[0]}={text}"
            )
        name = name if separator else quantities[0]
        if name in found:
            raise UsageError(f"--margin is given twice for {name!r}; give one")
        try:
            found[name] = float(value)
        except ValueError:
            raise UsageError(
                f"--margin must be a positive number, got {value!r}"
            ) from None
    return found
