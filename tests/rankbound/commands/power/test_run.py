import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import two_sided
from rankbound.commands.power.result import Power
from rankbound.commands.power.run import (
    GIVE_RANGE,
    NO_RANGE,
    PowerOptions,
    power,
    power_with,
)
from rankbound.errors import UsageError
from rankbound.validation.power import detectable_correlation


def test_every_row_by_statsmodels():
    found = power_with(PowerOptions(n=(43, 250), sd=(0.1, 0.15), comparisons=4))
    assert [(row.sd, row.n) for row in found.rows] == [
        (0.1, 43),
        (0.1, 250),
        (0.15, 43),
        (0.15, 250),
    ]
    for row in found.rows:
        reached = TTestPower().power(row.effect_size, row.n, 0.05 / 4)
        assert reached == pytest.approx(0.8, abs=1e-9)
        size = row.detectable_difference / row.sd
        assert row.effect_size == pytest.approx(size)
        rho = detectable_correlation(row.n, delta=0.05 / 4)
        assert row.detectable_correlation == rho
        assert row.smallest_margin < row.smallest_margin_interval
    assert found.needed == ()


def test_queries_for_a_margin():
    [needed] = power_with(PowerOptions(sd=(0.1,), margin=0.02)).needed
    assert (needed.n_tost, needed.n_normal) == (216, 215)
    assert needed.n_interval > 216
    assert (needed.n_betting, needed.n_betting_reason) == (None, GIVE_RANGE)


def test_the_betting_interval_of_that_many_queries_fits_the_margin():
    options = PowerOptions(sd=(0.1,), margin=0.02, half_range=0.7)
    [needed] = power_with(options).needed
    n = needed.n_betting
    values = np.resize([-0.1, 0.1], n + n % 2)
    low, high = two_sided(values, low=-0.7, high=0.7, delta=0.05)
    assert max(-low, high) <= 0.02 * (1 + 2 / n)
    fewer = np.resize([-0.1, 0.1], n - 20 - n % 2)
    low, high = two_sided(fewer, low=-0.7, high=0.7, delta=0.05)
    assert max(-low, high) > 0.02


def test_the_rule_that_decides_is_betting_where_a_range_is_known():
    known, unknown = (
        power_with(PowerOptions(n=(60,), sd=(0.1,), margin=0.05, half_range=half_range))
        for half_range in (0.7, None)
    )
    assert (known.rows[0].rule, unknown.rows[0].rule) == ("betting", "direction")
    assert (known.needed[0].rule, unknown.needed[0].rule) == ("betting", "direction")
    # Betting knows nothing of normal tails, and pays for it
    assert known.needed[0].n_rule > 1.5 * known.needed[0].n_interval
    assert known.needed[0].power_reached == pytest.approx(0.8, abs=0.03)
    assert known.rows[0].rule_share is None
    # The direction shows differences and shares, and no margin
    [row] = unknown.rows
    assert row.rule_difference > row.detectable_difference
    assert 0.65 < row.rule_share < 0.75
    assert row.rule_margin is unknown.needed[0].n_rule is None
    for reason in (
        row.rule_margin_missing_because,
        unknown.needed[0].n_rule_missing_because,
    ):
        assert "without a range" in reason
        assert "give `half_range`" in reason
    assert (unknown.curves[0].margins, known.curves[0].margins != ()) == ((), True)
    assert len(unknown.curves[0].differences) > 5


def test_laws_and_seeds():
    asked = {"sd": (0.1,), "margin": 0.04, "half_range": 0.7}
    first, again, other = (
        power_with(PowerOptions(**asked, seed=seed)).needed[0].n_rule
        for seed in (0, 0, 1)
    )
    assert first == again
    assert other == pytest.approx(first, rel=0.05)
    found = power_with(PowerOptions(**asked, law="two-point"))
    assert found.needed[0].law == "two-point"
    assert found.needed[0].n_rule == pytest.approx(first, rel=0.1)
    assert found.seed == 0


def test_spreads_draw_by_their_names_so_that_others_change_nothing():
    alone, many = (
        power_with(PowerOptions(n=(60,), sd=sd, margin=0.05, half_range=0.7))
        for sd in ((0.1,), (0.2, 0.1))
    )
    assert alone.rows[0] == many.rows[1]
    assert alone.needed[0] == many.needed[1]


def test_a_family_needs_more():
    one, many = (
        power_with(PowerOptions(n=(43,), sd=(0.1,), margin=0.05, comparisons=m))
        for m in (1, 32)
    )
    for key in ("detectable_difference", "detectable_correlation", "smallest_margin"):
        assert getattr(many.rows[0], key) > getattr(one.rows[0], key)
    assert many.needed[0].n_tost > one.needed[0].n_tost
    assert many.delta_each == 0.05 / 32


def test_few_queries_have_no_detectable_correlation():
    [row] = power_with(PowerOptions(n=(3,), sd=(0.1,))).rows
    assert row.detectable_correlation is None


def test_results_bring_their_own_queries(measured):
    text = "qid\tstudent\tentropy_nats\tdiameter\tmean_distance\n" + "".join(
        f"q{i}\t\t{0.1 + i / 100!r}\t1.5\t{i}\n" for i in range(20)
    )
    folder = measured({}, text)
    found = power_with(PowerOptions(folder=str(folder), margin=0.05))
    assert [row.n for row in found.rows] == [20, 20]
    assert found.without_spread == ("diameter",)
    first, second = found.needed
    assert (first.rule, first.law) == ("betting", "resampled")
    # A single number has no direction, and this one no range
    assert (second.rule, second.law) == (None, "resampled")
    assert (second.n_rule, second.n_rule_missing_because) == (None, NO_RANGE)
    low, high = first.n_rule_interval
    assert low <= first.n_rule <= high
    # A single number is compared with nothing, but has an interval
    assert found.rows[0].rule_difference is None
    assert "compared with nothing" in found.rows[0].rule_difference_missing_because
    assert found.rows[0].rule_margin > 0
    assert first.n_betting > 20
    assert (second.n_betting, second.n_betting_reason) == (None, NO_RANGE)
    [read] = found.inputs
    assert read.path == str(folder / "per_query.tsv")
    assert len(read.sha256) == 64
    other = power_with(PowerOptions(folder=folder, n=(7, 9)))
    assert [row.n for row in other.rows] == [7, 9, 7, 9]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, UsageError, "nothing was asked.*`sd`"),
        ({"margin": 0.02}, UsageError, "`margin`: .* need the spread"),
        ({"n": (5,), "half_range": 0.5}, UsageError, "`half_range`.*`sd`"),
        ({"n": (5,), "sd": (0.1,), "folder": "x"}, UsageError, "one of them"),
        ({"sd": (0.1,)}, UsageError, "give `n`"),
        ({"n": (1,), "sd": (0.1,)}, DomainError, "`n` must be a whole"),
        ({"n": (5,), "sd": (0.0,)}, DomainError, "`sd`"),
        ({"n": (5,), "sd": (0.1,), "margin": -1.0}, DomainError, "`margin`"),
        ({"n": (5,), "sd": (0.1,), "delta": 0.0}, DomainError, "`delta`"),
        ({"n": (5,), "sd": (0.1,), "power": 1.0}, DomainError, "`power`"),
        ({"n": (5,), "sd": (0.1,), "power": 0.01}, DomainError, "exceed `delta`"),
        ({"n": (5,), "sd": (0.1,), "comparisons": 0}, DomainError, "`comparisons`"),
        (
            {"n": (5,), "sd": (0.1,), "half_range": 0.05},
            UsageError,
            "`half_range=0.05`",
        ),
        ({"folder": "x", "half_range": 0.5}, UsageError, "goes with `sd`"),
        ({"n": (5,), "sd": (0.1,), "law": "cauchy"}, UsageError, "`law` must be one"),
        ({"folder": "x", "law": "uniform"}, UsageError, "`law`.*resampled"),
        (
            {"n": (5,), "sd": (0.1,), "half_range": 0.15},
            UsageError,
            "`half_range=0.15`.*normal.*`law='two-point'`",
        ),
        ({"n": (5,), "sd": (0.1,), "seed": -1}, DomainError, "`seed`"),
    ],
)
def test_impossible_settings_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        PowerOptions(**options)


def test_one_number_needs_no_tuple():
    many = power_with(PowerOptions(n=(43,), sd=(0.1,)))
    assert power_with(PowerOptions(n=43, sd=0.1)).rows == many.rows


def test_correlations_need_no_spread():
    found = power(n=(3, 43), comparisons=2, margin=0.02)
    few, many = found.rows
    assert few.detectable_correlation is None
    assert many.detectable_correlation == detectable_correlation(43, delta=0.025)
    assert many.sd is None
    assert many.detectable_difference is None
    assert many.smallest_margin is None
    assert found.needed == ()
    assert "`sd`" in found.missing_because
    assert "give --sd" in found.in_options().missing_because
    assert power(n=43, sd=0.1).missing_because is None


def test_keywords_do_as_options_do():
    options = PowerOptions(n=(43,), sd=(0.1,))
    assert power_with(options) == power(n=43, sd=0.1)
    with pytest.raises(UsageError, match="delta must be a number"):
        power(n=43, delta="0.1")


@pytest.mark.parametrize(
    "settings",
    [
        {"n": (3, 43)},
        {"n": 43, "sd": (0.1, 1)},
        {"sd": 0.1, "margin": 0.02, "half_range": 0.7, "comparisons": 3},
    ],
)
def test_a_result_is_the_same_after_a_trip_through_its_file(tmp_path, settings):
    found = power(**settings)
    path = found.save(tmp_path)
    assert path.name == "power.json"
    loaded = Power.load(tmp_path)
    assert loaded == found
    assert loaded.save(tmp_path / "again").read_text() == path.read_text()


def test_tables_are_frames_and_latex():
    found = power(n=(43, 97), sd=0.1, margin=0.02)
    assert list(found.to_frame()["n"]) == [43, 97]
    assert list(found.to_frame("needed", library="polars")["n_tost"]) == [216]
    assert "216" in found.to_latex("needed")


def differences(values):
    """A table of compare in which bm25 differs from random by these values."""
    lines = ["qid\tsampling\tquantity\tpairs\tvalue"]
    for place, value in enumerate(values):
        lines.append(f"q{place}\trandom\tentropy\tall\t0")
        lines.append(f"q{place}\tbm25\tentropy\tall\t{float(value)!r}")
    return "\n".join(lines) + "\n"


def test_measured_differences_are_moved_to_no_difference(compared):
    spread = np.linspace(-0.1, 0.1, 40)
    needed = [
        power_with(PowerOptions(folder=compared("random", table), margin=0.05)).needed
        for table in (differences(spread + 0.3), differences(spread + 0.1))
    ]
    (far,), (near,) = needed
    assert (far.rule, far.law) == ("betting", "resampled")
    # The margin is about 0, wherever the measured mean is
    assert far.n_rule == near.n_rule
    assert far.n_rule_interval == near.n_rule_interval


def test_differences_that_cannot_be_moved_keep_their_mean(compared):
    values = np.array([-0.69, *np.full(40, 0.6)])
    [row] = power_with(
        PowerOptions(folder=compared("random", differences(values)))
    ).rows
    # The mean is 0.57 away from 0, which no margin about 0 could be smaller than
    assert row.rule_margin < 0.4
    assert "no mean difference that the range allows" in (
        row.rule_difference_missing_because
    )
