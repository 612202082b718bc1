"""Statements with something broken, and what their checks make of them."""

import inspect
import sys
from dataclasses import replace

import numpy as np

from rankbound.bounds.registry import statement
from rankbound.validation.suite import certified
from rankbound.validation.worlds import World


def invented_groups(queries=60, size=6, dim=5):
    """Groups as real ones are: unit vectors, a teacher that resembles the student."""
    rng = np.random.default_rng(12)
    asked = rng.normal(size=(queries, dim))
    documents = rng.normal(size=(queries, size, dim))
    student = 3 * rng.normal(size=(dim, dim))
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    documents /= np.linalg.norm(documents, axis=2, keepdims=True)
    scores = np.einsum("qa,ab,qdb->qd", asked, student, documents)
    teacher = scores + rng.normal(size=scores.shape)
    weights = np.full(queries, 1 / queries)
    return World("invented groups", weights, asked, documents, teacher, student)


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


def planted(function, right, wrong):
    """The function with a wrong constant in place of the right one."""
    source = inspect.getsource(function)
    code = source[source.index('"""', source.index('"""') + 3) + 3 :]  # no docstring
    assert code.count(right) == 1, f"{right} is not once in {function.__name__}"
    scope = {**vars(sys.modules[function.__module__])}
    exec(source.replace(code, code.replace(right, wrong)), scope)
    return scope[function.__name__]


def assert_caught(table):
    """Every check of a table passes the statement and fails a copy off by 3 %."""
    for key in table:
        entry = statement(key)
        assert verdict(entry) == "holds", key
        for factor in (0.97, 1.03) if entry.expression is not None else (0.97,):
            assert verdict(with_factor(key, factor)) == "FAILS", (key, factor)
