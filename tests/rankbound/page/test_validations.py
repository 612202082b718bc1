from rankbound.page.validations import validation_account
from tests.rankbound.page.conftest import HOSTILE


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


def test_a_term_that_repeats_another_is_no_association_of_its_own(contents):
    content = contents["validation"]
    row = content["per_query"][0] | {"verdict": "associated", "same_as": None}
    rows = [row, row | {"verdict": "inconclusive"}, row | {"same_as": "diameter"}]
    account = validation_account(content | {"per_query": rows})
    found = [v.sentence for v in account.verdicts if v.word == "associated"]
    assert len(found) == 1
    assert found[0].startswith("1 of 2 associations ")
