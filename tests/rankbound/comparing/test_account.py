"""comparison.json: its keys, and that nothing in it is hidden."""

import hashlib
import json
from pathlib import Path

import pytest

KEYS = (
    "sampling", "quantity", "pairs", "n", "mean", "reference_mean", "difference",
    "lower", "upper", "p_holm", "effect_size", "margin", "smallest_margin",
    "n_for_margin", "verdict",
)  # fmt: skip


def test_the_promised_keys_come_first(samplings):
    account = samplings.account()
    assert list(account)[:4] == ["schema", "reference", "family", "rows"]
    assert account["schema"] == "rankbound.comparison/1"
    for row in account["rows"]:
        assert tuple(row)[: len(KEYS)] == KEYS


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


def test_inputs_have_their_digests_and_the_file_is_strict_json(samplings):
    account = samplings.account(*samplings.vectors_of(), "--quantity", "two_nn")
    for record in account["inputs"]:
        digest = hashlib.sha256(Path(record["path"]).read_bytes()).hexdigest()
        assert record["sha256"] == digest
    assert len(account["inputs"]) == 6
    text = Path(samplings.path("out/comparison.json")).read_text()

    def refuse(constant):
        raise AssertionError(constant)

    json.loads(text, parse_constant=refuse)
    assert account["command"].startswith("rankbound compare --teacher")


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


def test_group_means_weigh_groups(samplings):
    from tests import oracles

    record = samplings.account()["samplings"][0]
    values = [
        oracles.pairwise_entropy([samplings.teacher[q][d] for d in docs])
        for q, docs in samplings.groups["near"]
    ]
    found = record["entropy"][0]
    assert found["group_mean"] == pytest.approx(sum(values) / len(values))
    assert found["mean"] != pytest.approx(found["group_mean"], rel=1e-6)
    assert record["n_groups"] == len(values)


def test_a_family_of_one_is_named_in_the_singular(samplings, capsys):
    account = samplings.account("--pairs", "all", names=("near", "far"))
    assert account["family"]["name"] == "1 sampling against near, entropy, all pairs"
    assert "family: 1 comparison (1 sampling" in capsys.readouterr().out
