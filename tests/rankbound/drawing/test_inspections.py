from msgspec.structs import replace

from rankbound.commands.inspect.result import Across, Finding, Inspection
from rankbound.drawing.inspections import drawings, quality_cells
from rankbound.drawing.results import find_results
from rankbound.figures.output import data_of
from tests.rankbound.drawing.folders import inspection


def cells(folder):
    found = Inspection.load(folder)
    return {(r.file, r.column): r for r in quality_cells(found)}


def test_every_file_has_its_coverage_and_its_defects(tmp_path):
    found = cells(inspection(tmp_path / "inspection.json"))

    def cell(file, column):
        row = found[file, column]
        return row.count, row.total, row.good

    assert cell("bm25.run", "teacher-scored") == (60, 100, True)
    # Scores of a student are not those of the teacher
    assert cell("groups.jsonl", "teacher-scored") == (319, 320, True)
    assert cell("groups.jsonl", "with a vector") == (320, 320, True)
    assert cell("teacher.json", "zero or empty") == (25, 100, False)
    assert cell("bm25.run", "ties") == (3, 90, False)
    assert cell("bm25.run", "ranks against scores") == (1, 100, False)
    assert cell("groups.jsonl", "duplicates") == (4, 20, False)
    assert cell("qrels", "without positive") == (2, 10, False)
    assert cell("x.npy", "not finite") == (1, 100, False)
    assert cell("c.jsonl", "duplicates") == (5, 100, False)
    assert cell("broken.run", "unreadable") == (1, 1, False)
    assert cell("broken.run", "duplicates") == (12, None, False)


def test_what_does_not_apply_has_no_number(tmp_path):
    found = cells(inspection(tmp_path / "inspection.json"))
    for key in (("qrels", "ties"), ("teacher.json", "teacher-scored")):
        assert (found[key].count, found[key].total) == (None, None)
    # Nothing holds such a column at all
    assert "top 10 judged" not in {column for _, column in found}


def test_documents_repeated_in_groups_are_counted_before_repeated_groups(tmp_path):
    found = Inspection.load(inspection(tmp_path / "inspection.json"))
    groups = found.files["groups.jsonl"]
    again = Finding("duplicates-in-groups", "warning", 9, "", "")
    groups = replace(groups, findings=(*groups.findings, again))
    alone = Across(ids=(), rows=(), findings=())
    rows = quality_cells(replace(found, files=(groups,), across=alone))
    row = next(r for r in rows if (r.file, r.column) == ("groups.jsonl", "duplicates"))
    assert (row.count, row.total) == (9, None)


def test_an_inspection_is_found_under_any_name_and_drawn(tmp_path):
    (result,) = find_results(inspection(tmp_path / "of my own.json"))
    (drawing,) = drawings(result)
    assert drawing.name == "of_my_own-quality"
    assert "broken.run" in data_of(drawing.draw())["file"]
