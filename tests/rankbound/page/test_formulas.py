import json
import re
import subprocess

import numpy as np
import pytest

from rankbound.bounds.notation import term
from rankbound.bounds.registry import statement
from rankbound.bounds.theorem2 import HEADLINE, part_expressions
from rankbound.bounds.views import domain_ends, numpy_view
from rankbound.commands.measure.result import Locality, LossRange, Shift
from rankbound.page.formulas import (
    EXAMPLE,
    PAIRS,
    STATEMENTS,
    explorer,
    views_script,
)
from tests.optional import needs_node
from tests.rankbound import ledgers


def expressions():
    """(expression, arguments) by the name that the page has for it."""
    found = {
        key: (statement(key).expression, statement(key).arguments) for key in STATEMENTS
    }
    headline = statement(HEADLINE).arguments
    for name, part in part_expressions().items():
        mine = tuple(s for s in headline if s in part.free_symbols)
        found[f"part: {name}"] = (part, mine)
    return found | {f"pair: {name}": pair for name, pair in PAIRS.items()}


def drawn(symbol, rng):
    low, high, *_ = domain_ends(term(symbol))
    low = max(low, -3.0)
    high = min(high, low + 4.0)
    if term(symbol).code == "n_queries":
        return float(rng.integers(10, 10**6))
    return float(rng.uniform(low + 0.01 * (high - low), high - 0.01 * (high - low)))


def student(**changes):
    found = {
        "n_queries": 40,
        "entropy": 0.3,
        "divergence": 0.02,
        "locality": Locality(
            lipschitz=3.0,
            diameter=1.1,
            lipschitz_times_diameter=3.3,
            pairs_at_distance_0_with_different_scores=0,
            status="descriptive",
        ),
        "shift": Shift(kappa=1.5, missing_because=None, assumptions=()),
        "range": ranged("lemma-2c, all pairs, k = 7"),
    }
    return ledgers.student(**found | changes)


def ranged(source):
    return LossRange(B=10.0, width=5.0, source=source, low=0.0, high=5.0)


def ledger(**students):
    return ledgers.ledger(students, delta=0.1)


@pytest.mark.parametrize("key", STATEMENTS)
def test_the_source_of_a_statement_is_its_own_javascript_view(key):
    names = ", ".join(f'"{term(s).code}"' for s in statement(key).arguments)
    entry = f'"{key}": {{names: [{names}], value: {statement(key).javascript()}}}'
    assert views_script().count(entry) == 1


def test_the_script_has_an_entry_for_each_name_and_no_other():
    names = re.findall(r'^"([^"]+)": \{names:', views_script(), re.MULTILINE)
    assert names == [*expressions()]


@needs_node
def test_node_evaluates_every_view_as_numpy_does():
    rng = np.random.default_rng(3)
    settings = {
        name: [[drawn(s, rng) for s in symbols] for _ in range(20)]
        for name, (_, symbols) in expressions().items()
    }
    code = (
        f"{views_script()}const settings = {json.dumps(settings)};\n"
        "console.log(JSON.stringify(Object.fromEntries(Object.entries(settings).map("
        "([name, rows]) => [name, rows.map(row => VIEWS[name].value(...row))]))));\n"
    )
    done = subprocess.run(
        ["node", "-"],
        input=code,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = json.loads(done.stdout)
    for name, (expression, symbols) in expressions().items():
        view = numpy_view(expression, symbols)
        wanted = [float(view(*row)) for row in settings[name]]
        assert found[name] == pytest.approx(wanted, rel=1e-12, abs=1e-12), name


def test_without_a_ledger_the_explorer_begins_with_the_example():
    data = explorer({})
    assert data.start == 0
    assert data.settings == (EXAMPLE,)


def test_a_students_numbers_replace_the_examples():
    data = explorer({"out": ledger(tasb=student())})
    assert data.start == 1
    mine = data.settings[1]
    assert mine.name == "out / tasb"
    wanted = {"n": 40.0, "delta": 0.1, "entropy": 0.3, "divergence": 0.02}
    wanted |= {"lipschitz": 3.0, "diameter": 1.1, "kappa": 1.5, "group_size": 7}
    assert {key: getattr(mine, key) for key in wanted} == wanted


def test_what_a_ledger_lacks_is_the_examples_and_is_said():
    lacking = student(locality=None, shift=None, range=ranged("given"))
    mine = explorer({"": ledger(tasb=lacking)}).settings[1]
    assert mine.name == "tasb"
    for key in ("lipschitz", "diameter", "kappa", "group_size"):
        assert getattr(mine, key) == getattr(EXAMPLE, key)
    assert "no vectors were measured" in mine.note
    assert "kappa was not measured" in mine.note
