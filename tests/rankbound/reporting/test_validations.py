from rankbound.reporting.validations import validation_account
from tests.rankbound.reporting.conftest import HOSTILE


def test_associations_and_controls_are_shown(contents):
    content = contents["validation"]
    account = validation_account(content)
    shown = [cell for table in account.tables for row in table.rows for cell in row]
    assert any(HOSTILE in cell for cell in shown)
    assert {row["term"] for row in content["per_query"]} & set(shown)
    assert not any(cell in ("None", "nan") for cell in shown)


def test_no_association_is_said_so(contents):
    content = contents["validation"]
    rows = [row | {"verdict": "inconclusive"} for row in content["per_query"]]
    account = validation_account(content | {"per_query": rows})
    sentences = " ".join(f"{v.word} {v.sentence}" for v in account.verdicts).lower()
    assert "inconclusive" in sentences or "no " in sentences
