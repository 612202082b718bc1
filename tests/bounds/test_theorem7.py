"""bounds.theorem7: the population bounds hold, are attained, and are needed."""

import numpy as np
from numpy.testing import assert_allclose

from rankbound.bounds.registry import statement
from rankbound.bounds.theorem7 import tail_excesses, truncated_limit, truncated_risks
from tests import oracles


def law(rng):
    """Pairs of one law: distances, losses of a student with constant L, weights."""
    size, lipschitz = int(rng.integers(1, 9)), rng.exponential(2.0) + 0.01
    d = rng.exponential(1.0, size)
    m = (
        lipschitz
        * d
        * (
            rng.choice([-1.0, 1.0], size)
            if rng.random() < 0.5
            else rng.uniform(-1, 1, size)
        )
    )
    p = rng.choice([0.0, 1.0], size) if rng.random() < 0.5 else rng.random(size)
    losses = [oracles.pair_loss(x, y) for x, y in zip(p, m, strict=True)]
    return d, np.array(losses), lipschitz


def test_risk_is_below_the_truncated_risk_plus_the_tail():
    rng = np.random.default_rng(90)
    tail = statement("theorem-7a").numpy()
    mass = statement("theorem-7a-mass").numpy()
    closest = []
    for _ in range(500):
        d, losses, lipschitz = law(rng)
        t = float(rng.uniform(0.05, 1.1) * d.max())
        options = {"lipschitz": lipschitz, "threshold": t}
        truncated = float(truncated_risks([losses], [d], **options)[0])
        excess = float(tail_excesses([d], threshold=t)[0])
        bound = tail(truncated, lipschitz, excess)
        assert losses.mean() <= bound + 1e-12
        far = float((d > t).mean())
        by_mass = mass(truncated, lipschitz, max(d.max(), t), t, far)
        assert bound <= by_mass + 1e-12
        closest.append(bound - losses.mean())
        if far == 0:  # attained
            assert_allclose(bound, losses.mean(), rtol=1e-12)
    assert min(closest) < 1e-9


def test_tail_is_needed_and_nearly_attained():
    """Far pairs reversed with certainty, L t large: slope of the softplus near one."""
    d, share, lipschitz, t = np.array([0.5] * 9 + [3.0]), 0.1, 20.0, 0.5
    losses = [oracles.softplus(0.0)] * 9 + [oracles.softplus(lipschitz * 3.0)]
    truncated = truncated_risks([losses], [d], lipschitz=lipschitz, threshold=t)[0]
    assert np.mean(losses) > truncated + 0.99 * share * lipschitz * 2.5
    bound = statement("theorem-7a-mass").numpy()(truncated, lipschitz, 3.0, t, share)
    assert_allclose(bound, np.mean(losses), rtol=1e-4)


def test_limit_is_the_procedure_with_the_price():
    entry = statement("theorem-7b")
    assert entry.procedure is truncated_limit
    assert "tail term" in entry.words
