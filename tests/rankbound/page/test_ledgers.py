import csv

import pytest
from msgspec.structs import replace

from rankbound.commands.measure.result import Ledger
from rankbound.page.report import write_report
from rankbound.page.studies import ledger_account
from tests.rankbound.page.conftest import HOSTILE

pytestmark = pytest.mark.xdist_group("report")


@pytest.fixture
def ledger(everything):
    return Ledger.load(everything / "all/m")


def cells(account):
    return [cell for table in account.tables for row in table.rows for cell in row]


def test_the_ledgers_numbers_stand_in_its_tables(ledger):
    account = ledger_account(ledger, name="m")
    shown = cells(account)
    student = ledger.students[HOSTILE]
    for value in (student.risk, student.entropy, student.upper):
        assert f"{value:.4f}" in shown
    assert any(HOSTILE in cell for cell in shown)


def test_the_verdict_is_the_ledgers_sentence(ledger):
    (verdict,) = ledger_account(ledger).verdicts
    assert ledger.students[HOSTILE].verdict in verdict.sentence
    vacuous = ledger.students[HOSTILE].vacuous
    assert ("not" in verdict.word.lower()) is (not vacuous)


def test_a_ledger_without_students_has_the_teacher_alone(ledger):
    account = ledger_account(replace(ledger, students={}))
    assert any("(teacher)" in cell for cell in cells(account))


def test_risks_outside_the_ledgers_range_are_told_and_the_page_is_made(
    everything, ledger, tmp_path
):
    source = tmp_path / "foreign"
    source.mkdir()
    (source / "ledger.json").write_bytes(
        (everything / "all/m/ledger.json").read_bytes()
    )
    top, *rows = (everything / "all/m/per_query.tsv").read_text().split("\n")
    place = next(csv.reader([top], delimiter="\t")).index("risk_nats")
    first = rows[0].split("\t")
    first[place] = str(ledger.students[HOSTILE].range.high + 1)
    text = "\n".join([top, "\t".join(first), *rows[1:]])
    (source / "per_query.tsv").write_text(text, encoding="utf-8")
    material = write_report(source, tmp_path / "page.html")
    reasons = [why for what, why in material.missing if what.startswith("figure limit")]
    assert len(reasons) == 1
    assert f"value {first[place]}" in reasons[0].replace("np.float64(", "").replace(
        ")", ""
    )
    assert (tmp_path / "page.html").stat().st_size > 100_000
