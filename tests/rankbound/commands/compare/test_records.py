import pytest

from rankbound.commands.compare.account import comparison_json
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.compare.records import headline
from rankbound.commands.compare.run import compare_samplings


def test_the_family_is_named_with_its_level(samplings):
    family = samplings.account("--delta", "0.1")["family"]
    assert family["size"] == 6
    assert family["samplings"] == ["far", "odd"]
    assert family["quantities"] == ["entropy"]
    assert family["pairs"] == ["all", "pos-neg", "neg-neg"]
    assert family["interval_level"] == pytest.approx(1 - 0.1 / 6)
    assert family["name"] == (
        "2 samplings against near, entropy, all, pos-neg, neg-neg pairs"
    )


def test_every_verdict_follows_from_its_interval_and_margin(samplings):
    for margin in ("0.02", "0.3", "0.6"):
        for row in samplings.account("--margin", margin)["rows"]:
            outside = row["lower"] > 0 or row["upper"] < 0
            within = max(abs(row["lower"]), abs(row["upper"])) <= row["margin"]
            expected = {
                (True, False): "different",
                (True, True): "negligible",
                (False, True): "equivalent",
                (False, False): "inconclusive",
            }
            assert row["verdict"] == expected[outside, within]
            assert row["n_for_margin"] is not None


def test_a_bootstrap_that_was_left_out_has_a_reason(samplings):
    row = samplings.account("--resamples", "0")["rows"][0]
    assert row["bca"]["lower"] is None
    assert "0 resamples" in row["bca"]["missing_because"]
    row = samplings.account("--resamples", "3000")["rows"][0]
    assert row["bca"]["lower"] < row["difference"] < row["bca"]["upper"]


def test_unknown_ranges_are_said_to_be_unknown(samplings):
    rows = samplings.account("--quantity", "margin", "entropy")["rows"]
    for row in rows:
        known = row["quantity"] == "entropy"
        assert (row["range"] is not None) == known
        assert (row["range_missing_because"] is None) == known
        assert (row["margin_missing_because"] is None) == known
        assert (row["effect_size_missing_because"] is None) == (
            row["effect_size"] is not None
        )


def test_a_family_of_one_is_named_in_the_singular(samplings, capsys):
    account = samplings.account("--pairs", "all", names=("near", "far"))
    assert account["family"]["name"] == "1 sampling against near, entropy, all pairs"
    assert "family: 1 comparison (1 sampling" in capsys.readouterr().out


def test_the_headline_is_the_beginning_of_the_account(samplings):
    options = CompareOptions(
        teacher=samplings.path("teacher.json"),
        groups={name: samplings.path(f"{name}.jsonl") for name in ("near", "far")},
        resamples=0,
    )
    comparison = compare_samplings(options)
    told, account = headline(comparison), comparison_json(comparison)
    assert told.items() <= account.items()
    assert list(account)[:7] == list(told)[:7]
