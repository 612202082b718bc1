from msgspec.structs import replace

from rankbound.page.accounts import notes_of
from tests.rankbound.ledgers import ledger


def test_notes_leave_out_what_is_empty():
    made = replace(ledger(), warnings=("one",), definitions={"risk": "a mean"})
    found = notes_of(made, "warnings", "assumptions", "definitions")
    assert found == (("warnings", ("one",)), ("definitions", ("risk: a mean",)))
