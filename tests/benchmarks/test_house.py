"""The measures of the house: what must stay at its goal, and that they count."""

import ast
from pathlib import Path

from benchmarks import house


def test_no_modules_import_each_other_in_a_circle():
    assert house.circles() == []


def test_one_name_is_installed():
    assert house.installed_names() == ["rankbound"]


def test_a_circle_is_found_wherever_the_import_stands(tmp_path, monkeypatch):
    package = tmp_path / "circling"
    package.mkdir()
    for name, text in {
        "__init__": "",
        "a": "from circling import b\nfrom circling import d",
        "b": "def f():\n    from circling.c import x",
        "c": "import typing\nif typing.TYPE_CHECKING:\n    import circling.a",
        "d": "",
    }.items():
        (package / f"{name}.py").write_text(f"{text}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert house.circles("circling") == [["circling.a", "circling.b", "circling.c"]]


def test_modules_are_counted_once_and_tests_not_at_all():
    found = [path.relative_to(house.ROOT) for path in house.modules()]
    tops = {path.parts[0] for path in found}
    assert tops == set(house.FOLDERS)
    assert not [path for path in found if path.parts[:2] == ("rankbound", "bounds")]


def test_what_is_loose_in_a_module_is_counted():
    code = """
def f(x: dict[str, Any], kind: Literal["a"], options: MeasureOptions | None):
    x["b"] = x["c"]["d"]
    del x["e"]
    return x[kind]
"""
    wanted = {"dict[str, Any]": 1, "read": 2, "written": 2, "options": 1}
    assert house.counted(ast.parse(code)) == wanted


def test_every_line_is_counted_once_by_what_stands_in_it():
    text = '''# A comment
"""A docstring

with a blank line."""

X = """a
text, not a docstring"""
TEXTS = {
    # inside brackets
    "a": 1,  # beside code

}


def f():
    "Short."
    return f"{X}"
'''
    wanted = {"comments": 2, "docstrings": 4, "code": 7, "blanks": 4}
    assert house.lines_of(text) == wanted
    own = Path(house.__file__).read_text(encoding="utf-8")
    assert house.lines_of(own).total() == len(own.splitlines())


def test_goals_with_a_limit_are_reached():
    """All but the number of lines, as CONTRIBUTING says."""
    limits = {
        measure.what: (measure.now, int(measure.goal.removeprefix("under ")))
        for measure in house.measures()
        if measure.goal.startswith("under ")
    }
    assert len(limits) == 3
    assert not {what: two for what, two in limits.items() if two[0] >= two[1]}


def test_the_table_has_a_row_for_each_measure(capsys):
    house.main()
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| ")]
    assert {len(row) for row in rows} == {4}
    assert len(rows) == 2 + 15
    assert "| names installed | 5 | 1 | 1 |" in lines
