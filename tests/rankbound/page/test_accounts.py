from rankbound.page.accounts import notes_of
from tests.rankbound import ledgers


def test_notes_leave_out_what_is_empty():
    content = ledgers.ledger({}, warnings=("one",), assumptions=())
    found = dict(notes_of(content, "warnings", "assumptions"))
    assert list(found.values()) == [("one",)]
