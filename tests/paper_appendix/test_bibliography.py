"""paper_appendix.bibliography: every source is found, and no entry is idle."""

import re

import pytest

from paper_appendix.bibliography import NEAR, REFERENCES, cited, printed
from paper_appendix.document import PROOFS, SECTIONS
from paper_appendix.markdown import YEAR
from rankbound.bounds.registry import REGISTRY

SOURCES = [entry.source for entry in REGISTRY.values()]
PROSE = [
    " ".join(path.read_text().split())
    for folder in (PROOFS, SECTIONS)
    for path in folder.iterdir()
]


@pytest.mark.parametrize("source", sorted({s for s in SOURCES if YEAR.search(s)}))
def test_every_year_in_a_source_has_a_reference(source):
    for year in YEAR.findall(source):
        assert cited(source, year) is not None


def test_entries_are_in_order_and_used():
    assert sorted(REFERENCES) == list(REFERENCES)
    text = "\n".join(SOURCES + PROSE)
    for entry in REFERENCES.values():
        assert re.search(rf"{entry.surname}.{{0,{NEAR}}}{entry.year}", text), entry.key


def test_years_agree_with_what_is_printed():
    for entry in REFERENCES.values():
        assert entry.source.endswith(entry.year)
        assert entry.key.startswith(
            entry.surname.lower().replace("é", "e").replace("ç", "c").replace("ä", "a")
        )


def test_a_year_alone_is_no_reference():
    assert cited("in 1963", "1963") is None
    assert cited("Hoeffding " + "x" * 100 + " 1963", "1963") is None
    assert cited("Bartlett (2002), Bartlett (2019)", "2019") == "bartlett2019"


def test_doubts_are_printed():
    doubts = [entry for entry in REFERENCES.values() if entry.doubt]
    assert printed().count("Not verified: ") == len(doubts) > 0
