import pytest

from rankbound.formats.idcolumns import IdColumn, id_block


@pytest.mark.parametrize(
    "names",
    [
        ["7", "12", "7", "3"],
        ["99999999", "12", "7", "12"],
        ["b", "a", "b", "ü"],
        ["x" * 65, "a", "b", "a"],
    ],
)
def test_marks_and_codes_of_every_kind_of_id_lead_to_the_ids_in_order(names):
    column = IdColumn()
    column.append(id_block(names))
    encoded = column.encoded()
    assert encoded.codes.dtype == "int32"
    assert encoded.ids.strings.tolist() == sorted(set(names))
    assert encoded.ids.strings[encoded.codes[encoded.marks]].tolist() == names
