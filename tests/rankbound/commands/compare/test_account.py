"""comparison.json: its keys, and that nothing in it is hidden."""

import hashlib
import json
from pathlib import Path

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
