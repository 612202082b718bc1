from rankbound.commands.validate.association_tables import association_tables
from rankbound.commands.validate.tables import tables


def test_every_association_stands_in_its_cell(validation):
    found = {table.name: table for table in tables(validation)}
    table = found["associations-1"]
    row = validation.associations.rows[0]
    column = table.header.index(row["measure"])
    [line] = [cells for cells in table.rows if cells[0].text == row["term"]]
    assert line[column].text.startswith(f"{row['spearman']:.2f} [")
    assert len([name for name in found if "associations" in name]) == 4


def test_captions_of_partial_coefficients_name_their_test(validation, pooled):
    for table in association_tables(validation, partial=True):
        assert "t-test of ranks, Holm over 64 tests" in table.caption
    captions = [t.caption for t in association_tables(pooled, partial=True)]
    assert any("(pooled)" in c and "normal approximation" in c for c in captions)


def test_associated_cells_are_bold(validation):
    [first, _] = association_tables(validation, partial=False)
    rows = {
        (r["term"], r["measure"]): r["verdict"]
        for r in validation.associations.rows
        if r["student"] == "strong"
    }
    for cells in first.rows:
        for measure, cell in zip(first.header[1:], cells[1:], strict=True):
            assert cell.bold == (rows[cells[0].text, measure] == "associated")
