import json

from rankbound.commands.validate.account import SCHEMA, account, dropped
from rankbound.writing import json_text

KEYS = {"schema", "family", "per_query", "configurations", "certificates"}


def test_the_account_is_json_without_nan(validation, pooled):
    for made in (validation, pooled):
        read = json.loads(json_text(account(made)))
        assert set(read) >= KEYS
        assert read["schema"] == SCHEMA == "rankbound.validation/1"


def test_the_family_says_how_errors_are_controlled(validation):
    family = account(validation)["family"]
    assert family["n_tests"] == 64
    assert family["correction"] == "holm"
    assert family["seed"] == 0
    assert family["configurations"]["needed"] == 8
    assert family["equivalence"]["n_tests"] == 6


def test_inputs_are_hashed_once_each(validation, toy):
    inputs = account(validation)["inputs"]
    paths = [row["path"] for row in inputs]
    assert len(paths) == len(set(paths)) == 7
    assert toy.path("qrels.txt") in paths
    assert all(len(row["sha256"]) == 64 for row in inputs)


def test_drops_are_counted_by_place(validation):
    counts = dropped(validation)
    assert counts["toy, given: gappy: documents_without_student_score"] > 0


def test_absent_terms_have_reasons(validation):
    assert set(account(validation)["absent_terms"]) == {"kappa"}
