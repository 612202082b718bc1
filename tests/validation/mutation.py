"""Statements with something broken, and what their checks make of them."""

from dataclasses import replace

import numpy as np

from bounds.registry import statement
from validation.suite import certified


def verdict(entry):
    return certified(entry, rng=np.random.default_rng(0)).verdict


def with_expression(key, change):
    entry = statement(key)
    return replace(entry, expression=change(entry.expression))


def with_factor(key, factor):
    """Scale the right-hand side, closed form or procedure."""
    entry = statement(key)
    if entry.expression is not None:
        return replace(entry, expression=factor * entry.expression)

    def scaled(*arguments, **options):
        return factor * entry.procedure(*arguments, **options)

    return replace(entry, procedure=scaled)


def assert_caught(table):
    """Every check of a table passes the statement and fails a copy off by 3 %."""
    for key in table:
        entry = statement(key)
        assert verdict(entry) == "holds", key
        for factor in (0.97, 1.03) if entry.expression is not None else (0.97,):
            assert verdict(with_factor(key, factor)) == "FAILS", (key, factor)
