import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from rankbound.catalogue import ASSOCIATED, INCONCLUSIVE
from rankbound.results import Named
from rankbound.terminal.validate import NAMED, findings, show


def shown(made):
    stream = io.StringIO()
    show(made, Console(file=stream, width=100, highlight=False))
    return stream.getvalue()


def test_the_text_says_what_was_found_and_what_could_be(validation):
    text = shown(validation)
    for part in (
        "toy, given: 30 judged queries",
        "mean effectiveness",
        "p (Holm)",
        "power: with",
        "too few configurations (2; 8 are needed",
        "control, shuffled entropies",
        "control, constant student",
        "0 of 4 rows can be tested",
        "locality and entropy (toy, given, strong)",
        "no kappa",
        "dropped:",
    ):
        assert part in text, part


def test_several_data_sets_are_told_apart(pooled):
    text = shown(pooled)
    assert "more, given: 24 judged queries" in text
    assert "(pooled)" in text
    assert "(average)" in text


@pytest.fixture
def unclear(validation):
    """The same validation without an association."""
    rows = tuple(
        replace(row, verdict=INCONCLUSIVE, partial_verdict=INCONCLUSIVE)
        for row in validation.per_query
    )
    return replace(validation, per_query=rows)


def test_no_evidence_is_said(unclear):
    text = " ".join(findings(unclear))
    assert "no evidence that any term goes with effectiveness: none of 64 tests" in text
    assert "beyond how hard a query is" in text
    assert text.count("no evidence") == 2
    first, *rest = unclear.per_query
    first = replace(first, verdict=ASSOCIATED, partial_verdict=ASSOCIATED)
    text = " ".join(findings(replace(unclear, per_query=(first, *rest))))
    assert "1 of 64 tests associated" in text
    assert "no evidence" not in text


def test_data_students_and_certificates_are_named(validation):
    lines = repr(validation).splitlines()
    assert lines[0].startswith("Validation of toy: 1 sampling, ")
    assert any("certificates held on" in line for line in lines)


def test_the_strongest_associations_are_named(validation):
    rows = [*validation.per_query]
    for place, row in enumerate(rows[:5]):
        p = (5 - place) / 1000
        rows[place] = replace(row, verdict=ASSOCIATED, p=p, spearman=0.5)
    made = replace(validation, per_query=tuple(rows))
    lines = [line for line in repr(made).splitlines() if "rho = " in line]
    assert len(lines) == NAMED
    assert "p = 0.001" in lines[0]
    assert rows[4].term in lines[0]


def test_failed_controls_are_named(validation):
    controls = Named(replace(one, passed=False) for one in validation.controls)
    made = replace(validation, controls=controls)
    assert not made.passed
    assert f"control failed: {controls[0].name}" in repr(made)
