"""bounds.views: under node the source gives the doubles of the NumPy view."""

import json
import subprocess

import numpy as np
import pytest
from sympy import Abs, Function, Max, Min, Piecewise, cosh, floor, log, sqrt, tanh

from rankbound.bounds import numeric, views
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import A, B, R_hat, delta, k, m, n, p, term
from rankbound.bounds.registry import REGISTRY
from rankbound.bounds.special import (
    BinaryEntropy,
    Divergence,
    MarginDivergence,
    PairEntropy,
    Softplus,
)
from rankbound.bounds.views import (
    HELPERS,
    NAMES,
    domain_ends,
    javascript_view,
    numpy_view,
)
from tests.optional import needs_node

CLOSED = [entry for entry in REGISTRY.values() if entry.expression is not None]
# as they are called in the NumPy view and in the source
RUNNER = """
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
const read = (x) => Number(x);
console.log(JSON.stringify(cases.map(({source, rows}) => {
  const f = eval(source);
  return rows.map((row) => {
    try { return String(f(...row.map(read))); }
    catch (error) { return error.name + ": " + error.message; }
  });
})));
"""
RESERVED = """
arguments await break case catch class const continue
debugger default delete do else enum eval export
extends false finally for function if implements import
in instanceof interface let new null package private
protected public return static super switch this throw
true try typeof var void while with yield
"""


def evaluated(cases):
    """Results of (source, rows of numbers), as the strings that node prints."""
    spelled = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
    payload = [
        {
            "source": source,
            "rows": [
                [spelled.get(repr(float(x)), repr(float(x))) for x in row]
                for row in rows
            ],
        }
        for source, rows in cases
    ]
    done = subprocess.run(
        ["node", "-e", RUNNER],
        input=json.dumps(payload),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def rows_of(symbols, size, seed):
    """Half of the numbers inside the domains, half at or near their ends."""
    rng, columns = np.random.default_rng(seed), []
    for symbol in symbols:
        domain = term(symbol).domain
        low = float(domain.inf) if domain.inf.is_finite else -6.0
        high = float(domain.sup) if domain.sup.is_finite else low + 12.0
        inner = low + (high - low) * rng.uniform(0.01, 0.99, size)
        ends = [low + (high - low) * share for share in (1e-12, 1e-6, 1 - 1e-9)]
        owned = domain_ends(term(symbol))[2:]
        ends += [end for end, is_in in zip((low, high), owned, strict=True) if is_in]
        if not domain.sup.is_finite:
            ends += [50.0, 800.0, 1e5]
        if not domain.inf.is_finite:
            ends += [0.0, 1e-9, -1e-3, -50.0, -800.0]
        if term(symbol).infinite:
            ends.append(np.inf)
        columns.append(np.where(rng.random(size) < 0.5, inner, rng.choice(ends, size)))
    return np.stack(columns, axis=1)


def assert_same(found, wanted, rows):
    assert (np.isnan(found) == np.isnan(wanted)).all()
    infinite = np.isinf(wanted)
    assert (found[infinite] == wanted[infinite]).all()
    keep = np.isfinite(wanted)
    gap = np.abs(found[keep] - wanted[keep])
    # one rounding of the largest term where terms cancel
    size = np.where(np.isfinite(rows), np.abs(rows), 0).max(axis=1)[keep]
    slack = 1e-12 * np.abs(wanted[keep]) + 4e-16 * np.maximum(size, 1)
    assert (gap <= slack).all(), (rows[keep][gap > slack][:3], gap[gap > slack][:3])


def values_of(view, rows):
    with np.errstate(all="ignore"):
        return np.asarray(view(*rows.T), dtype=float)


@needs_node
def test_every_statement_gives_the_same_doubles():
    cases = [
        (entry.javascript(), rows_of(entry.arguments, 120, i))
        for i, entry in enumerate(CLOSED)
    ]
    for entry, (_, rows), texts in zip(CLOSED, cases, evaluated(cases), strict=True):
        found = np.array([float(text) for text in texts])
        try:
            assert_same(found, values_of(entry.numpy(), rows), rows)
        except AssertionError as error:
            raise AssertionError(entry.key) from error


@needs_node
@pytest.mark.parametrize(
    ("expression", "symbols"),
    [
        (Divergence(p, m), (p, m)),
        (MarginDivergence(m, R_hat), (m, R_hat)),
        (
            Piecewise((m, (m > 0) & (m < B)), (-m, (m < -2) | (m > 3)), (B, True)),
            (m, B),
        ),
        (
            Piecewise((Piecewise((m, m > 1), (B, True)), m > 0), (A, True)) + 1,
            (m, B, A),
        ),
        (Min(m, 1, B) + Max(m, B) * Abs(m), (m, B)),
        (floor(m / 2) + sqrt(B) * tanh(m) + cosh(m / 300) / (1 + B), (m, B)),
        (log(2) * B ** (m / 9) - 1 / (1 + B) ** 2, (m, B)),
    ],
)
def test_every_construct_gives_the_same_doubles(expression, symbols):
    rows = rows_of(symbols, 300, 5)
    rows = rows[np.isfinite(rows).all(axis=1) & (rows.max(axis=1) < 1e5)]
    texts = evaluated([(javascript_view(expression, symbols), rows)])[0]
    found = np.array([float(text) for text in texts])
    assert_same(found, values_of(numpy_view(expression, symbols), rows), rows)


@needs_node
def test_digits_of_small_divergences_and_tails_survive():
    """Relative to the value alone, with no slack for cancelling terms."""
    rng = np.random.default_rng(8)
    a = rng.uniform(-60, 60, 400)
    near = a + rng.choice([1e-9, 1e-5, 5e-3, 0.3, 2.0], 400) * rng.uniform(0.5, 2, 400)
    rows = np.stack([a, near], axis=1)
    expression = MarginDivergence(m, R_hat)  # any two symbols
    source = javascript_view(expression, (m, R_hat)).replace(
        "empirical_risk >= 0.0", "1"
    )
    found = np.array([float(text) for text in evaluated([(source, rows)])[0]])
    wanted = numeric.margin_divergence(a, near)
    far = np.abs(a - near) < 1  # beyond, the softplus form cancels by design
    np.testing.assert_allclose(found[far], wanted[far], rtol=2e-12)
    tails = rng.uniform(-740, -30, (50, 1))
    texts = evaluated([(javascript_view(Softplus(m), (m,)), tails)])[0]
    np.testing.assert_allclose(
        [float(text) for text in texts], np.exp(tails[:, 0]), rtol=1e-12
    )


@needs_node
def test_digits_of_small_entropies_survive():
    margins = np.linspace(-600, 600, 41)[:, None]
    rare = np.logspace(-300, -1, 60)[:, None]
    exact = javascript_view(B * log(2), (B,))
    cases = [
        (javascript_view(PairEntropy(m), (m,)), margins),
        (javascript_view(BinaryEntropy(p), (p,)), rare),
        (exact, np.ones((1, 1))),
    ]
    pair, binary, [ln2] = evaluated(cases)
    wanted = numeric.pair_entropy(margins[:, 0])
    np.testing.assert_allclose([float(text) for text in pair], wanted, rtol=1e-12)
    wanted = numeric.binary_entropy(rare[:, 0])
    np.testing.assert_allclose([float(text) for text in binary], wanted, rtol=1e-12)
    assert float(ln2) == np.log(2)


@needs_node
def test_values_outside_are_thrown_where_numpy_raises():
    cases = [(B, -0.1), (B, np.inf), (B, np.nan), (A, -1.0), (delta, 0.0), (delta, 1.0)]
    cases += [(p, 1.0001), (k, 1.0), (n, 0.0), (m, np.inf)]
    sources = [javascript_view(2 * symbol, (symbol,)) for symbol, _ in cases]
    rows = [[[bad]] for _, bad in cases]
    texts = evaluated(list(zip(sources, rows, strict=True)))
    for (symbol, bad), [text] in zip(cases, texts, strict=True):
        assert text.startswith(f"RangeError: {term(symbol).code} must lie in ")
        with pytest.raises(DomainError):
            numpy_view(2 * symbol, (symbol,))(bad)
    assert evaluated([(javascript_view(2 * A, (A,)), [[np.inf]])]) == [["Infinity"]]


@needs_node
def test_missing_and_textual_arguments_are_thrown():
    source = javascript_view(2 * B, (B,))
    script = f"const f = {source}; for (const x of [undefined, null, '3', [2]]) "
    script += (
        "{ try { f(x); console.log('accepted'); } catch (e) { console.log(e.name); } }"
    )
    done = subprocess.run(
        ["node", "-e", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["RangeError"] * 4


def test_helpers_are_carried_only_where_they_are_called():
    source = javascript_view(Softplus(m), (m,))
    assert "function softPlus" in source
    assert "function logisticSigmoid" not in source
    assert all(f"function {name}(" in text for name, text in HELPERS.items())
    nested = javascript_view(MarginDivergence(m, R_hat), (m, R_hat))
    for name in ("marginDivergence", "klOriented", "softPlus", "logisticSigmoid"):
        assert nested.count(f"function {name}(") == 1


def test_every_special_function_of_the_views_has_its_helper():
    arrays_only = {"minimum", "maximum", "magnitude"}
    assert NAMES.keys() == views.SPECIAL.keys() - arrays_only
    assert set(NAMES.values()) <= HELPERS.keys()


def test_unknown_functions_are_refused():
    with pytest.raises(Exception, match="mystery"):
        javascript_view(Function("mystery")(B), (B,))


def test_names_of_arguments_are_legal():
    codes = {term(symbol).code for entry in CLOSED for symbol in entry.arguments}
    assert not codes & {*RESERVED.split(), *HELPERS, "Math"}
    for entry in CLOSED:
        assert "Not supported" not in entry.javascript()
