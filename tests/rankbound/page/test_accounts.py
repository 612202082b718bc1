from rankbound.page.accounts import notes_of


def test_notes_leave_out_what_is_empty():
    content = {"warnings": ["one"], "assumptions": []}
    found = dict(notes_of(content, "warnings", "assumptions"))
    assert list(found.values()) == [("one",)]
