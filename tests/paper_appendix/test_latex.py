"""paper_appendix.latex: the document is complete and follows the registry."""

import re

import pytest

from paper_appendix import latex
from paper_appendix.bibliography import REFERENCES
from paper_appendix.document import AppendixError, headings
from paper_appendix.markdown import plain
from rankbound.bounds.notation import glossary
from rankbound.bounds.registry import REGISTRY

pytestmark = pytest.mark.xdist_group("appendix")


@pytest.fixture(scope="module")
def text():
    return latex.latex()


def test_statements_follow_the_registry_with_their_formulas(text):
    assert re.findall(r"\\label\{st:([^}]+)\}", text) == list(REGISTRY)
    for key, entry in REGISTRY.items():
        start = text.index(f"\\label{{st:{key}}}")
        part = text[start : text.index("source: ", start)]
        assert plain(entry.words, where=key) in part
        if entry.expression is not None:
            assert entry.latex() in part, key


def test_every_statement_has_its_proof_after_it(text):
    for key in REGISTRY:
        proofs = re.findall(rf"\\paragraph\{{\\hyperref\[st:{key}\].*\}}", text)
        assert len(proofs) == 1, key
        assert text.index(proofs[0]) > text.index(f"\\label{{st:{key}}}")
    kinds = text.count(r"\subsection*{Proof of") + text.count(r"\subsection*{Origin of")
    assert kinds == len(headings())


def test_the_three_sections_are_there(text):
    for title in (
        "What the paper states and what we reconstruct",
        "An honest reading of ``negative mining does not alter the entropy term''",
        "The variants compared by non-vacuity",
    ):
        assert f"\\section{{{title}}}" in text
    assert "{{table" not in text
    assert "{{theorem" not in text


def test_references_and_citations_match(text):
    assert set(re.findall(r"\\cite\{([^}]+)\}", text)) == set(REFERENCES)
    assert text.count(r"\bibitem{") == len(REFERENCES)


def test_notation_and_constants_are_generated(text):
    for entry in glossary():
        shown = re.escape(entry.code).replace("_", r"\\_\\allowbreak\{\}")
        assert re.search(rf"\\texttt\{{{shown}\}}", text), entry.code
    for digits in ("1.54340463842", "0.223871602347", "2.56755374021"):
        assert digits in text


def test_mathematics_and_groups_are_balanced(text):
    bare = re.sub(r"\\[{}$]", "", text)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    for name in ("equation*", "longtable", "itemize", "aligned"):
        begins, ends = (text.count(f"\\{side}{{{name}}}") for side in ("begin", "end"))
        assert begins == ends


def test_no_differences_stand_inside_of_an_index(text):
    assert r"|R_{\mu} - R_{\nu}|" in text
    assert not re.search(r"_\{\\?\w+ - ", text)


def test_an_unknown_table_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(latex, "SECTIONS", tmp_path)
    (tmp_path / "x.md").write_text("## X\n\n{{table:nothing}}\n")
    with pytest.raises(
        AppendixError, match="no table 'nothing'; the tables are limits"
    ):
        latex.section("x")
