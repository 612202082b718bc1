"""Every statement about samples is covered on every world, and coverage can refute."""

from dataclasses import replace

import numpy as np
import pytest

from rankbound.bounds.registry import REGISTRY, statement
from rankbound.validation import suite
from rankbound.validation.checks import limits
from rankbound.validation.findings import Tally
from rankbound.validation.suite import certified, certify, probabilistic
from rankbound.validation.worlds import Terms
from tests.validation.mutation import invented_groups

LIMITS = [key for key, entry in REGISTRY.items() if probabilistic(entry)]
GROUPS = invented_groups()
WORLDS = ("two-point", "beta(1, 9)", "Bernoulli(1/n)", "invented groups")
WITH_MEASURED = {
    *("theorem-1a", "theorem-1b", "theorem-1c", "theorem-1d", "theorem-1f"),
    *("theorem-1f-pinsker", "theorem-1g", "theorem-1h", "paper-form"),
    *("theorem-8a", "theorem-8b", "theorem-8c", "theorem-10a", "theorem-11b"),
}


def measured():
    terms = GROUPS.terms(GROUPS.student)
    worse = GROUPS.terms(0 * GROUPS.student + 0.1)
    return {"mine": terms, "other": Terms(worse.entropy, worse.divergence, 0.0, 1.0)}


def test_what_is_about_samples():
    assert len(LIMITS) == 33
    assert {"theorem-1f-ensemble", "lemma-5a", "comparator-auc"} < set(LIMITS)
    assert not {"lemma-1", "lemma-4", "theorem-2b", "theorem-3e"} & set(LIMITS)


@pytest.mark.parametrize("key", LIMITS)
def test_every_limit_is_covered_on_every_world(key):
    (row,) = certify([key], groups=GROUPS, measured=measured())
    assert row.passed, row.finding.detail
    for world in WORLDS:
        assert world in row.finding.over
    assert "no real groups" not in row.finding.over
    left_out = "measured queries left out" in row.finding.over
    assert left_out is (key not in WITH_MEASURED)
    assert ("measured mine" in row.finding.over or "measured students" in
            row.finding.over) is (key in WITH_MEASURED)  # fmt: skip
    assert row.finding.looseness is not None
    assert row.finding.looseness >= 1


def test_a_missing_world_is_admitted():
    (row,) = certify(["theorem-1h"])
    assert row.finding.over.endswith("; no real groups at hand")


def few_queries_for_many(entry):
    """The closed form with ten thousand times as many queries as there were."""
    counts = {"n", "n_+", "n_-", "k", r"\lfloor N/2\rfloor"}
    scaled = {x: 1e4 * x for x in entry.arguments if str(x) in counts}
    free = {x: x / 100 for x in entry.arguments if "frak" in str(x)}
    near = {x: 1 + (x - 1) / 100 for x in entry.arguments if "kappa" in str(x)}
    changed = entry.expression.subs({**scaled, **free, **near}, simultaneous=True)
    return replace(entry, expression=changed)


def without_confidence(entry):
    """The procedure asked for a limit that fails almost always."""

    def procedure(*arguments, **options):
        return entry.procedure(*arguments, **{**options, "delta": 0.9999})

    return replace(entry, procedure=procedure)


def without_far_pairs(entry):
    """Theorem 7 (b) without what the far pairs cost."""

    def procedure(risks, excesses, **options):
        return entry.procedure(risks, [0.0] * len(excesses), **options)

    return replace(entry, procedure=procedure)


def with_copies(entry):
    """The procedure given every query a hundred times, as if pairs were queries."""

    def procedure(*arguments, **options):
        if entry.key == "theorem-1f":
            draws, posterior = arguments
            return entry.procedure(np.tile(draws, 100), posterior, **options)
        copies = [np.concatenate([x] * 100) for x in arguments]
        return entry.procedure(*copies, **options)

    return replace(entry, procedure=procedure)


def with_a_lower_rank(entry):
    """Lemma 5 (a) with a rank of fewer ties to spare."""

    def procedure(n, **options):
        return max(1, entry.procedure(n, **options) - 6)

    return replace(entry, procedure=procedure)


BREAKS = {
    **dict.fromkeys(
        [key for key in LIMITS if REGISTRY[key].expression is not None],
        few_queries_for_many,
    ),
    **dict.fromkeys(
        [
            *("theorem-1b", "theorem-1d", "theorem-2b-limit", "lemma-5b", "lemma-5c"),
            *("theorem-8a", "theorem-8c", "theorem-10a"),
        ],
        without_confidence,
    ),
    **dict.fromkeys(["theorem-1f", "theorem-1g", "theorem-2c-limit"], with_copies),
    "theorem-11b": with_copies,
    "lemma-5a": with_a_lower_rank,
    "theorem-8b": with_a_lower_rank,
    "theorem-7b": without_far_pairs,
    "theorem-1f-ensemble": lambda e: replace(e, expression=e.expression / 2),
}


def test_every_limit_is_broken_once():
    assert sorted(BREAKS) == sorted(LIMITS)


@pytest.mark.parametrize("key", sorted(BREAKS))
def test_coverage_alone_refutes_a_broken_limit(key, monkeypatch):
    """All other comparisons are switched off; what is left counts misses."""
    monkeypatch.setattr(Tally, "same", lambda *_, **__: None)
    monkeypatch.setattr(Tally, "at_most", lambda *_, **__: None)
    monkeypatch.setattr(limits, "_kl_spent", lambda *_: None)
    broken = BREAKS[key](statement(key))
    row = certified(broken, rng=np.random.default_rng(0), groups=GROUPS)
    assert row.verdict == "FAILS"
    assert " misses in " in row.finding.detail


def test_a_real_population_alone_can_refute(monkeypatch):
    """The invented worlds are passed over; the groups still give the limit away."""
    monkeypatch.setattr("rankbound.validation.worlds.laws", lambda _: ())
    monkeypatch.setattr(Tally, "same", lambda *_, **__: None)
    broken = few_queries_for_many(statement("theorem-1e"))
    row = suite.certified(broken, rng=np.random.default_rng(0), groups=GROUPS)
    assert row.finding.detail.startswith("invented groups: ")
