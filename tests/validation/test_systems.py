import itertools

import numpy as np
import pytest
from scipy.stats import kendalltau
from sklearn.linear_model import RidgeCV

from rankbound.bounds.errors import DomainError
from rankbound.validation.systems import (
    ALPHAS,
    design_of,
    drawn_for,
    leave_system_out_ridge,
    orderings,
)

EIGHT = [f"f{i}" for i in range(8)]


def names(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def crossed(systems=EIGHT, datasets=("d",), samplings=("s",)):
    """All systems under all samplings of all data sets, in this order of loops."""
    return [*itertools.product(systems, datasets, samplings)]


def designed(keys):
    return design_of(*(names([key[i] for key in keys]) for i in range(3)))


def drawn(design, permutations=199, resamples=300, seed=0):
    return drawn_for(
        design,
        delta=0.05,
        resamples=resamples,
        permutations=permutations,
        rng=np.random.default_rng(seed),
    )


def order(x, y, keys=None, rising=True, **settings):
    x, y = np.array(x, dtype=float), np.array(y, dtype=float)
    design = designed(keys or crossed([f"f{i:02d}" for i in range(len(x))]))
    made = drawn(design, **settings)
    return orderings({"x": x}, y, design, rising={"x": rising}, drawn=made)["x"]


def averaged(keys, column):
    """One number per data set and system, by loops: the mean of the differences from
    the mean of all systems under the same sampling.
    """
    found = {}
    for (f, d, s), value in zip(keys, column, strict=True):
        level = [
            v for (_, e, t), v in zip(keys, column, strict=True) if (e, t) == (d, s)
        ]
        if len(level) > 1:
            found.setdefault((d, f), []).append(value - np.mean(level))
    return {key: np.mean(parts).round(9) for key, parts in found.items()}


def counted_tau(x, y):
    """Tau-b of pairs within data sets, from dicts of (data set, system), by loops."""
    both = left = right = 0
    for a, b in itertools.combinations(x, 2):
        if a[0] != b[0]:
            continue
        p, q = np.sign(x[a] - x[b]), np.sign(y[a] - y[b])
        both, left, right = both + p * q, left + abs(p), right + abs(q)
    return both / np.sqrt(left * right)


def uneven():
    """Eight systems; f0 lacks a sampling, f1 a data set, and one cell has f2 alone."""
    keys = crossed(datasets=("d", "e"), samplings=("s", "t"))
    keys = [k for k in keys if k != ("f0", "d", "t") and k[:2] != ("f1", "e")]
    return [*keys, ("f2", "alone", "s")]


def test_systems_that_can_be_compared_are_found():
    made = designed(uneven())
    assert made.systems == tuple(EIGHT)
    assert (made.n_datasets, made.n) == (2, 8 * 4 - 1 - 2)
    assert made.cells[-1] == made.units[-1] == -1
    # f0 and f1 occur elsewhere than the others, so six can be exchanged
    assert made.n_orders == 720
    assert made.smallest_p == pytest.approx(1 / 720)
    assert [*np.unique_counts(made.strata).counts] in ([6, 1, 1], [1, 6, 1], [1, 1, 6])


def test_one_number_per_system_and_data_set():
    keys = uneven()
    column = np.random.default_rng(0).normal(5, 3, len(keys))
    made = designed(keys)
    wanted = averaged(keys, column)
    found = made.means(column)
    for place, (system, dataset) in enumerate(
        zip(made.unit_system, made.unit_dataset, strict=True)
    ):
        key = ("de"[dataset], made.systems[system])
        assert found[place] == pytest.approx(wanted[key])
    assert len(found) == len(wanted) == 15


def test_tau_is_scipys_and_p_that_of_all_orders():
    x, y = np.random.default_rng(1).normal(size=(2, 8))
    found = order(x, y, permutations=4_999)
    exact = kendalltau(x, y)
    assert found.tau == pytest.approx(exact.statistic)
    assert found.p == pytest.approx(exact.pvalue, abs=0.03)
    assert -1 <= found.lower <= found.tau <= found.upper <= 1


def test_p_counts_exchanges_of_systems_by_hand():
    keys = uneven()
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=len(keys)), rng.normal(size=len(keys)).round()
    made = designed(keys)
    draws = drawn(made, permutations=60)
    found = orderings({"x": x}, y, made, rising={}, drawn=draws)["x"]
    left, right = averaged(keys, x), averaged(keys, y)
    taus = []
    for places in draws.orders:
        takes = dict(zip(made.systems, [made.systems[i] for i in places], strict=True))
        moved = {(d, f): right[d, takes[f]] for d, f in right}
        taus.append(counted_tau(left, moved))
    assert found.tau == pytest.approx(counted_tau(left, right))
    beyond = sum(abs(tau) >= abs(found.tau) - 1e-9 for tau in taus)
    assert found.p == pytest.approx((beyond + 1) / 61)


def test_systems_are_exchanged_for_their_like_only():
    made = designed(uneven())
    draws = drawn(made)
    assert (made.strata[draws.orders] == made.strata).all()
    assert (np.sort(draws.orders, axis=1) == np.arange(8)).all()
    assert len({tuple(row) for row in draws.orders}) > 100


def test_accuracy_counts_pairs_by_hand():
    # pairs by target: (0,1) right, (0,2) right, (1,2) wrong, (.,3) ties of predictor
    x, y = [1.0, 3, 2, 2], [1.0, 2, 3, 3]
    found = order(x, y)
    assert (found.n_pairs, found.accuracy) == (5, pytest.approx(3 / 5))
    assert order(x, y, rising=False).accuracy == pytest.approx(2 / 5)
    assert order(x, y, rising=None).accuracy is None
    flat = order(x, [1, 1, 1, 1])
    assert (flat.n_pairs, flat.accuracy, flat.tau) == (0, None, None)


def test_copies_that_differ_by_rounding_are_ties():
    found = order([0.1 + 0.2, 0.3, 0.3, 5.0], [1, 2, 3, 4])
    assert found.tau == pytest.approx(3 / np.sqrt(3 * 6))


def test_more_samplings_are_no_more_systems():
    """Four samplings with the same terms say what one says, to the last digit."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 8, 1, 1))
    one = crossed()
    four = crossed(samplings=tuple("stuv"))
    found = [
        order(*(np.broadcast_to(c, (8, 1, k)).ravel() for c in (x, y)), keys)
        for keys, k in ((one, 1), (four, 4))
    ]
    assert found[0] == found[1]
    parts = []
    for keys, k in ((one, 1), (four, 4)):
        made = designed(keys)
        columns = [np.broadcast_to(c, (8, 1, k)).ravel() for c in (x, y)]
        parts.append(
            leave_system_out_ridge({"x": columns[0]}, columns[1], made, drawn(made))
        )
    assert parts[0] == parts[1]


def test_neither_levels_nor_the_order_of_rows_play_a_part():
    keys = crossed(datasets=("d", "e"), samplings=("s", "t"))
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, len(keys)))
    level = np.array([{"d": 0.0, "e": 64.0}[k[1]] + 8 * (k[2] == "t") for k in keys])
    plain = order(x, y, keys)
    assert order(x + level, y - level, keys) == plain
    mixed = rng.permutation(len(keys))
    assert order(x[mixed], y[mixed], [keys[i] for i in mixed]) == plain


def test_an_order_within_every_data_set_is_found():
    keys = [(f, d, "s") for d in "de" for f in EIGHT]
    rising = np.arange(8.0)
    x = np.concatenate([rising, 50 - rising])
    y = np.concatenate([rising, -50 - rising])
    found = order(x, y, keys)
    assert (found.tau, found.accuracy, found.n_pairs) == (1.0, 1.0, 56)
    assert found.p == pytest.approx(1 / 200)


def test_few_systems_have_an_order_and_no_test():
    keys = crossed(EIGHT[:7], ("d", "e", "g"), tuple("stuv"))
    rng = np.random.default_rng(5)
    x = rng.normal(size=len(keys))
    found = order(x, x, keys)
    assert (found.tau, found.accuracy) == (1.0, 1.0)
    assert (found.p, found.lower, found.upper) == (None, None, None)
    made = designed(crossed(EIGHT[:4]))
    assert made.smallest_p == pytest.approx(2 / 24)
    why = drawn(made).missing_because
    assert why == "too few systems for a test: 4, and 8 are needed"
    with pytest.raises(DomainError, match="too few systems for a test: 4"):
        leave_system_out_ridge({"x": np.arange(4.0)}, np.arange(4.0), made, drawn(made))


def test_systems_that_cannot_be_exchanged_have_no_test():
    keys = [(f, d, "s") for f, d in zip(EIGHT, "ddeegghh", strict=True)]
    why = drawn(designed(keys)).missing_because
    assert why.endswith("to be exchanged: p cannot be below 0.0625")
    alone = designed([("f", "d", "s"), ("f", "e", "s")])
    assert drawn(alone).missing_because == (
        "no data set has two systems under one sampling"
    )


def test_what_does_not_fit_is_refused():
    with pytest.raises(DomainError, match=r"given once, got .*'f0'.* again"):
        designed([("f0", "d", "s")] * 2)
    with pytest.raises(DomainError, match="got 1, 1 and 2"):
        design_of(names(["a"]), names(["d"]), names(["s", "t"]))
    made = designed(crossed())
    with pytest.raises(DomainError, match="each of 8 configurations, got shape"):
        orderings({"x": np.zeros(7)}, np.zeros(8), made, rising={}, drawn=drawn(made))
    with pytest.raises(DomainError, match="does not vary between systems"):
        leave_system_out_ridge({"x": np.arange(8.0)}, np.ones(8), made, drawn(made))


def naive_ridge(keys, columns, target):
    """R2 of leaving each system out, by loops and one fit for each."""
    tables = [averaged(keys, column) for column in columns]
    y = averaged(keys, target)
    wrong = plain = 0.0
    for out in {f for _, f in y}:
        rest = [key for key in y if key[1] != out]

        def near(table, key, rest=rest):
            return table[key] - np.mean([table[r] for r in rest if r[0] == key[0]])

        x = np.array([[near(t, key) for t in tables] for key in rest])
        middle, spread = x.mean(axis=0), x.std(axis=0)
        model = RidgeCV(alphas=ALPHAS).fit(
            (x - middle) / spread, [near(y, key) for key in rest]
        )
        for key in (key for key in y if key[1] == out):
            one = (np.array([near(t, key) for t in tables]) - middle) / spread
            wrong += (near(y, key) - model.predict(one[None])[0]) ** 2
            plain += near(y, key) ** 2
    return 1 - wrong / plain, np.sqrt(wrong / len(y)), np.sqrt(plain / len(y))


def test_ridge_leaves_each_system_out_and_repeats_all_of_it():
    keys = uneven()
    rng = np.random.default_rng(6)
    columns = rng.normal(size=(2, len(keys)))
    target = columns[0] + rng.normal(size=len(keys))
    made = designed(keys)
    draws = drawn(made, permutations=25)
    found = leave_system_out_ridge(
        {"a": columns[0], "b": columns[1]}, target, made, draws
    )
    wanted = naive_ridge(keys, columns, target)
    assert (found.r2, found.rmse, found.baseline_rmse) == pytest.approx(wanted)
    place = {key: i for i, key in enumerate(keys)}
    null = []
    for places in draws.orders:
        takes = dict(zip(made.systems, [made.systems[i] for i in places], strict=True))
        moved = [target[place.get((takes[f], d, s), -1)] for f, d, s in keys]
        null.append(naive_ridge(keys, columns, np.array(moved))[0])
    assert found.r2_null == pytest.approx(np.median(null))
    assert found.r2_null_upper == pytest.approx(np.quantile(null, 0.95))
    assert found.p == pytest.approx((np.sum(np.array(null) >= found.r2) + 1) / 26)


def noise(rng, n_datasets=3, n_samplings=4):
    """A predictor and an effectiveness that have nothing to do with each other.

    Both differ between systems, the effectiveness is the same under all samplings.
    """
    shape = (8, n_datasets, n_samplings)
    x = rng.normal(size=(8, 1, 1)) + 0.5 * rng.normal(size=shape)
    y = rng.normal(size=(8, 1)) + 0.5 * rng.normal(size=(8, n_datasets))
    levels = rng.normal(size=(1, n_datasets, n_samplings))
    return (x + levels).ravel(), np.repeat(y[:, :, None], n_samplings, 2).ravel()


@pytest.mark.statistical
def test_noise_is_found_at_the_nominal_rate():
    """8 systems under 4 samplings of 3 data sets.

    With a rate of 5 %, 400 worlds have 36 or more findings once in 1,500 runs.
    """
    keys = crossed(datasets=("d", "e", "g"), samplings=tuple("stuv"))
    made = designed(keys)
    p = []
    for seed in range(400):
        x, y = noise(np.random.default_rng([8, seed]))
        draws = drawn(made, permutations=99, resamples=1, seed=seed)
        p.append(orderings({"x": x}, y, made, rising={}, drawn=draws)["x"].p)
    assert 8 <= np.sum(np.array(p) <= 0.05) < 36


@pytest.mark.statistical
def test_noise_is_predicted_at_the_nominal_rate():
    """With a rate of 5 %, 100 worlds have 14 or more findings once in 2,000 runs."""
    keys = crossed(datasets=("d", "e", "g"), samplings=tuple("stuv"))
    made = designed(keys)
    found = []
    for seed in range(100):
        rng = np.random.default_rng([9, seed])
        x, y = noise(rng)
        draws = drawn(made, permutations=99, resamples=1, seed=seed)
        features = {"x": x, "z": noise(rng)[0]}
        found.append(leave_system_out_ridge(features, y, made, draws))
    assert sum(one.p <= 0.05 for one in found) < 14
    # By chance alone, leaving systems out is worse than their mean
    assert np.median([one.r2 for one in found]) < 0
    assert np.median([one.r2_null for one in found]) < 0
