from dataclasses import replace

from rankbound.commands.validate.equivalence import equivalence
from rankbound.commands.validate.tables import effectiveness_tables, tables
from tests.rankbound.files import written


def test_captions_name_test_n_correction_and_seed(validation):
    for table in tables(validation):
        assert "seed 0" in table.caption, table.name
        for word in ("test", "Holm"):
            if "associations" in table.name:
                assert word in table.caption
        assert " n " in table.caption or "(n of" in table.caption
        assert all(len(row) == len(table.header) for row in table.rows)


def test_superscripts_name_equivalents_pair_by_pair(validation):
    wide = equivalence(validation.judged, replace(validation.options, margin=2.0))
    table = next(iter(effectiveness_tables(replace(validation, equivalence=wide))))
    assert [row[-1].superscript for row in table.rows] == ["b,c", "a,c", "a,b"]
    plain = next(iter(effectiveness_tables(validation)))
    assert [row[-1].superscript for row in plain.rows] == ["", "", ""]
    best = max(float(row[-1].text) for row in plain.rows)
    assert [row[-1].bold for row in plain.rows] == [
        float(row[-1].text) == best for row in plain.rows
    ]


def test_equivalence_is_not_made_transitive(validation):
    found = validation.equivalence
    pairs = [dict(pair) for pair in found.pairs]
    for pair in pairs:
        near = (pair["first"], pair["second"]) != ("teacher", "gappy")
        pair["verdict"] = "equivalent" if near else "different"
    made = replace(validation, equivalence=replace(found, pairs=pairs))
    table = next(iter(effectiveness_tables(made)))
    assert [row[-1].superscript for row in table.rows] == ["b", "a,c", "b"]


def test_a_design_gives_columns(validation, tmp_path):
    text = "student\tloss\tnote\tstrategy\nstrong\tkl\tx\tbm25\ngappy\tmse\ty\trandom\n"
    options = replace(validation.options, design=written(tmp_path, text))
    made = replace(validation, equivalence=equivalence(validation.judged, options))
    table = next(iter(effectiveness_tables(made)))
    assert table.header == ("", "system", "strategy", "loss", "note", "toy")
    assert [cell.text for cell in table.rows[1][:5]] == [
        "b",
        "strong",
        "bm25",
        "kl",
        "x",
    ]
    assert table.rows[0][2].text == "-"
