import gc
import sys

import numpy as np
import pytest

from rankbound.commands.demo.corpus import (
    Document,
    collect,
    package_roots,
    read_package,
    sample_documents,
    split_docstring,
)

FILLER = " ".join(f"word{number}" for number in range(30))


def source_of(name, summary, *, indent="", kind="def"):
    return (
        f'{indent}{kind} {name}():\n{indent}    """{summary}\n\n'
        f'{indent}    {FILLER} {name}\n{indent}    """\n'
    )


@pytest.fixture(scope="module")
def numpy_documents():
    return collect(package_roots(("numpy",)))


def test_package_roots_leaves_out_what_is_not_installed():
    roots = package_roots(("no_such_package_here", "numpy"))
    assert list(roots) == ["numpy"]
    assert (roots["numpy"] / "linalg" / "__init__.py").is_file()


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (f"Sort all the numbers. {FILLER}", FILLER),
        (f"{FILLER} SORT ALL THE NUMBERS", FILLER),
        (f"sort all\n   the numbers: {FILLER}", f": {FILLER}"),
        # Cutting the inner repetition puts an outer one together.
        (f"Sort all Sort all the numbers. the numbers {FILLER}", FILLER),
    ],
)
def test_split_docstring_cuts_the_summary_from_the_body(body, left):
    assert split_docstring(f"Sort all the\nnumbers.\n\n{body}") == (
        "Sort all the numbers.",
        left,
    )


def test_split_docstring_drops_the_rule_under_a_heading():
    summary, _ = split_docstring(f"Sort all the numbers\n=======\n  \n{FILLER}")
    assert summary == "Sort all the numbers"


def test_split_docstring_takes_only_the_first_paragraph():
    _, text = split_docstring(f"Sort all the numbers.\n\nNotes\n\n{FILLER}")
    assert text == f"Notes {FILLER}"


@pytest.mark.parametrize(
    "docstring",
    [
        "",
        "Sort all the numbers.",
        f"Sort all numbers.\n\n{FILLER}",
        f"{FILLER} {FILLER}\n\n{FILLER}",
        "Sort all the numbers.\n\n" + FILLER.rsplit(" ", 1)[0],
        # Long enough only as long as the repeated summary stays in.
        "Sort all the numbers.\n\nSort all the numbers " + FILLER.rsplit(" ", 1)[0],
    ],
)
def test_split_docstring_rejects_what_is_too_short_or_too_long(docstring):
    assert split_docstring(docstring) is None


def test_split_docstring_ends_where_only_case_folding_finds_a_repetition():
    summary, text = split_docstring(f"Miss die lange Straße\n\nstrasse {FILLER}")
    assert summary not in text
    text = split_docstring(f"Die ganz lange Straße\n\ndie ganz lange strasse {FILLER}")
    assert text is not None


def test_read_package_names_public_objects_and_skips_the_rest(tmp_path):
    files = {
        "__init__.py": f'"""The whole small package.\n\n{FILLER}\n"""\n1 / 0\n',
        "_inner/core.py": source_of("public", "Compute the public thing.")
        + source_of("_private", "Compute the private thing.")
        + f'class Box:\n    """Hold the many things.\n\n    {FILLER}\n    """\n'
        + source_of("open", "Open the closed box.", indent="    ")
        + source_of("outer", "Contain another small function.")
        + source_of("nested", "Hide inside another function.", indent="    "),
        "tests/check.py": source_of("checked", "Check the public thing."),
        "test_core.py": source_of("checked", "Check the public thing."),
        "core_test.py": source_of("checked", "Check the public thing."),
        "old-script.py": source_of("script", "Run the old script."),
        "python2.py": source_of("old", "Print the old thing.") + "print 1\n",
        "contest.py": source_of("won", "Win the whole contest."),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    found = list(read_package(tmp_path, package="small"))
    assert [document.docno for document in found] == [
        "small",
        "small._inner.core.public",
        "small._inner.core.Box",
        "small._inner.core.Box.open",
        "small._inner.core.outer",
        "small.contest.won",
    ]


def test_read_package_is_silent_about_invalid_escapes_and_half_characters(tmp_path):
    text = source_of("bad", "Match the \\d of things \\ud800 here.")
    tmp_path.joinpath("bad.py").write_text(text)
    (document,) = read_package(tmp_path, package="p")
    assert document.summary == "Match the \\d of things ? here."


def test_read_package_skips_files_of_mere_data(tmp_path):
    text = source_of("table", "Look up the constant.")
    data = "DATA = [\n" + "0.123456789,\n" * 2000 + "]\n"
    tmp_path.joinpath("data.py").write_text(data + text)
    assert not list(read_package(tmp_path, package="p"))


def test_collect_keeps_each_text_and_each_query_once(tmp_path):
    same = f'"""\n    Sort all the numbers.\n\n    {FILLER}\n    """\n'
    other = same.replace("word0", "another").replace("Sort", "SORT")
    third = same.replace("numbers", "letters")
    named = {"c": other, "a": same, "b": third}
    text = "".join(f"def {name}():\n    {doc}" for name, doc in named.items())
    again = "def a():\n    " + same.replace("word0", "n").replace("numbers", "lines")
    tmp_path.joinpath("m.py").write_text(text + again)
    assert [document.docno for document in collect({"p": tmp_path})] == ["p.m.a"]


def test_collect_marks_what_no_other_package_holds_a_copy_of(tmp_path):
    for package, names in {"a": "xyz", "z": "xv"}.items():
        folder = tmp_path / package
        folder.mkdir()
        text = "".join(source_of(name, f"Do the thing of {name}.") for name in names)
        folder.joinpath("m.py").write_text(text)
    roots = {name: tmp_path / name for name in "az"}
    found = collect({"z": roots["z"]}, fresh={"a": roots["a"]})
    # z.m.x is kept though a.m.x comes first, since its text was read before
    assert [one.docno for one in found] == ["a.m.y", "a.m.z", "z.m.v", "z.m.x"]
    assert [one.fresh for one in found] == [True, True, False, False]


def test_collect_leaves_the_cycle_collector_as_it_was(tmp_path):
    tmp_path.joinpath("m.py").write_text(source_of("f", "Sort all the numbers."))
    assert gc.isenabled()
    collect({"p": tmp_path})
    assert gc.isenabled()
    gc.disable()
    try:
        collect({"p": tmp_path})
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_collect_holds_on_an_installed_package(numpy_documents):
    assert len(numpy_documents) > 300
    names = [document.docno for document in numpy_documents]
    assert names == sorted(set(names))
    assert "numpy.linalg._linalg.solve" in names
    assert len({document.text for document in numpy_documents}) == len(names)
    for document in numpy_documents:
        assert document.summary.rstrip(".").lower() not in document.text.lower()
        assert "  " not in document.text + document.summary


def test_collect_imports_nothing(package):
    assert len(collect(package_roots((package,)))) > 100
    assert package not in sys.modules


def test_sample_documents_keeps_order_and_takes_all_when_few():
    documents = [Document(f"{number:03d}", "", "") for number in range(50)]
    rng = np.random.default_rng(0)
    drawn = sample_documents(documents, size=20, rng=rng)
    names = [document.docno for document in drawn]
    assert names == sorted(set(names))
    assert len(names) == 20
    assert names != [f"{number:03d}" for number in range(20)]
    assert sample_documents(documents, size=50, rng=rng) == documents


def test_sample_documents_keeps_what_is_fresh():
    documents = [Document(f"{n:03d}", "", "", fresh=n % 5 == 0) for n in range(50)]
    drawn = sample_documents(documents, size=30, rng=np.random.default_rng(0))
    assert len(drawn) == 30
    assert sum(document.fresh for document in drawn) == 10
    few = sample_documents(documents, size=4, rng=np.random.default_rng(0))
    assert [document.fresh for document in few] == [True] * 10
