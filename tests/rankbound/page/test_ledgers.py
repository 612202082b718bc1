from rankbound.page.ledgers import ledger_account
from tests.rankbound.page.conftest import HOSTILE


def cells(account):
    return [cell for table in account.tables for row in table.rows for cell in row]


def test_the_ledgers_numbers_stand_in_its_tables(contents):
    content = contents["ledger"]
    account = ledger_account(content, name="m")
    shown = cells(account)
    student = content["students"][HOSTILE]
    for value in (student["risk"], student["entropy"], student["upper"]):
        assert f"{value:.4f}" in shown
    assert any(HOSTILE in cell for cell in shown)


def test_the_verdict_is_the_ledgers_sentence(contents):
    content = contents["ledger"]
    (verdict,) = ledger_account(content).verdicts
    assert content["students"][HOSTILE]["verdict"] in verdict.sentence
    vacuous = content["students"][HOSTILE]["vacuous"]
    assert ("not" in verdict.word.lower()) is (not vacuous)


def test_a_ledger_without_students_has_the_teacher_alone(contents):
    account = ledger_account(contents["ledger"] | {"students": {}})
    assert any("(teacher)" in cell for cell in cells(account))
