import pytest

from rankbound.page.accounts import account_of, kind_of, notes_of
from rankbound.results import KINDS, result_type

PLACES = {"ledger": "m", "comparison": "c", "validation": "v"}


@pytest.mark.parametrize("kind", ["ledger", "comparison", "validation"])
def test_every_result_has_an_account_with_verdicts_and_tables(
    contents, everything, kind
):
    content = contents[kind]
    if kind in KINDS:
        content = result_type(kind).load(everything / "all" / PLACES[kind])
    assert kind_of(content) == kind
    account = account_of(content, name="here")
    assert account.kind == kind
    assert account.verdicts
    assert account.tables
    assert all(verdict.sentence for verdict in account.verdicts)


def test_a_foreign_schema_has_no_account():
    assert kind_of({"schema": "other/1"}) is None
    assert account_of({"schema": "other/1"}) is None


def test_notes_leave_out_what_is_empty():
    content = {"warnings": ["one"], "assumptions": []}
    found = dict(notes_of(content, "warnings", "assumptions"))
    assert list(found.values()) == [("one",)]
