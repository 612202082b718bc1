"""What a validation says of itself on a terminal."""

from dataclasses import replace

from rankbound.terminal.validate_repr import NAMED, validation_repr


def test_data_students_and_certificates_are_named(validation):
    lines = validation_repr(validation).splitlines()
    assert lines[0].startswith("Validation of toy: 1 sampling, ")
    assert any("certificates held on" in line for line in lines)


def test_the_strongest_associations_are_named(validation):
    rows = [dict(row) for row in validation.associations.rows]
    for place, row in enumerate(rows[:5]):
        row |= {"verdict": "associated", "p": (5 - place) / 1000, "spearman": 0.5}
    made = replace(validation, associations=replace(validation.associations, rows=rows))
    lines = [line for line in validation_repr(made).splitlines() if "rho = " in line]
    assert len(lines) == NAMED
    assert "p = 0.001" in lines[0]
    assert rows[4]["term"] in lines[0]


def test_failed_controls_are_named(validation):
    controls = [dict(row) | {"passed": False} for row in validation.controls]
    made = replace(validation, controls=controls)
    assert f"control failed: {controls[0]['name']}" in validation_repr(made)
