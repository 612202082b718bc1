import subprocess
from dataclasses import replace

from msgspec.structs import replace as changed

from rankbound.bounds.wording import counted
from rankbound.commands.validate.records import (
    JudgedTogether,
    Mean,
    OrderFamily,
    PairFamily,
    PartialFamily,
    Surveyed,
    SystemPair,
    TeacherScale,
)
from rankbound.commands.validate.result import association_tables, effectiveness_tables
from rankbound.results import Open
from rankbound.tables import latex, markdown
from tests.optional import needs_latex
from tests.rankbound.commands.validate.conftest import systems_of
from tests.rankbound.files import written

LATEX = r"\documentclass{article}\usepackage{booktabs}"

SCALE = TeacherScale(kind="logit", kind_evidence="given", temperature=1.0)
FAMILY = JudgedTogether(
    name="every term",
    n_tests=8,
    test="permutation test",
    correction="holm",
    delta=0.05,
    band=0.1,
    permutations=99,
    resamples=200,
    interval="BCa",
    power=0.8,
    seed=3,
    partial=PartialFamily(name="the same", n_tests=8),
    configurations=OrderFamily(name="every predictor", n_tests=8, needed=8),
    equivalence=PairFamily(name="every pair", n_tests=6, margin=0.02),
)
DATASET = Surveyed(
    dataset="dl19",
    sampling="bm25",
    n_judged=43,
    n_certificate=43,
    n_calibration=0,
    measures=("nDCG@10",),
    relevant=2,
    missing_queries="zero",
    teacher=SCALE,
    students={},
)


def mean(student, value):
    return Mean(
        dataset="dl19",
        measure="nDCG@10",
        student=student,
        factors={},
        n=43,
        mean=value,
    )


def pair(first, second, lower, upper, verdict):
    return SystemPair(
        dataset="dl19",
        measure="nDCG@10",
        first=first,
        second=second,
        n=43,
        difference=(lower + upper) / 2,
        lower=lower,
        upper=upper,
        effect_size=None,
        p_holm=0.5,
        margin=0.02,
        smallest_margin=max(abs(lower), abs(upper)),
        n_for_margin=None,
        verdict=verdict,
    )


MEANS = [mean("teacher", 0.70), mean("tasb", 0.68), mean("bm25", 0.45), mean("x", 0.46)]
PAIRS = [
    pair("teacher", "tasb", 0.001, 0.019, "negligible"),
    pair("teacher", "bm25", 0.2, 0.3, "different"),
    pair("teacher", "x", 0.1, 0.38, "different"),
    pair("tasb", "bm25", 0.2, 0.26, "different"),
    pair("tasb", "x", -0.01, 0.41, "inconclusive"),
    pair("bm25", "x", -0.015, 0.005, "equivalent"),
]


def marks(means, pairs):
    [table] = effectiveness_tables(means, pairs, [DATASET], FAMILY)
    return {r[1].text: (r[-1].superscript, r[-1].near) for r in table.rows}


def test_superscripts_are_systems_that_are_significantly_lower():
    assert marks(MEANS, PAIRS) == {
        "teacher": ("c,d", "b"),
        "tasb": ("c", "a"),
        "bm25": ("", "d"),
        "x": ("", "c"),
    }


def test_the_order_of_a_pair_plays_no_part():
    turned = [
        pair(one.second, one.first, -one.upper, -one.lower, one.verdict)
        for one in PAIRS
    ]
    assert marks(MEANS, turned) == marks(MEANS, PAIRS)


def test_pairs_of_other_data_sets_and_measures_play_no_part():
    others = [changed(one, dataset="dl20") for one in PAIRS]
    others += [changed(one, measure="AP@100") for one in PAIRS]
    assert {*marks(MEANS, others).values()} == {("", "")}


def test_letters_stand_in_the_order_of_the_systems():
    systems = [mean(f"s{i}", 1 - i / 99) for i in range(30)]
    pairs = [
        pair("s0", f"s{i}", 0.1, 0.2, "different") for i in range(29, 0, -1) if i != 3
    ]
    pairs.append(pair("s0", "s3", -0.01, 0.01, "equivalent"))
    letters = ["b", "c", *map(chr, range(ord("e"), ord("z") + 1))]
    letters += ["aa", "ab", "ac", "ad"]
    assert marks(systems, pairs)["s0"] == (",".join(letters), "d")


def test_both_kinds_of_marks_are_written_and_explained():
    tables = [*effectiveness_tables(MEANS, PAIRS, [DATASET], FAMILY)]
    page, tex = markdown(tables), latex(tables)
    assert "| a | teacher | **0.7000**<sup>c,d</sup><sub>≈b</sub> |" in page
    assert "| c | bm25 | 0.4500<sub>≈d</sub> |" in page
    assert r"\textbf{0.7000}$^{\mathrm{c,d}}_{\approx\mathrm{b}}$ \\" in tex
    assert r"bm25 & 0.4500$_{\approx\mathrm{d}}$ \\" in tex
    for text, sign in ((page, "≈"), (tex, r"$\approx$")):
        assert "superscripts: letters of the systems over which a mean is " in text
        assert f"subscripts behind {sign}: letters of the systems from which" in text
        assert "differ by no more than 0.02" in text
        assert "Bonferroni over 6 comparisons" in text


def first_table(validation, made):
    given = (made.means, made.pairs, validation.datasets, validation.family)
    return next(iter(effectiveness_tables(*given)))


def test_captions_name_test_n_correction_and_seed(validation):
    for table in validation.written_tables():
        assert "seed 0" in table.caption, table.name
        for word in ("test", "Holm"):
            if "associations" in table.name:
                assert word in table.caption
        if table.name.startswith("effectiveness"):
            assert "approximate" in table.caption
        assert " n " in table.caption or "(n of" in table.caption
        assert all(len(row) == len(table.header) for row in table.rows)


def test_a_wide_margin_makes_all_systems_alike(validation, found):
    wide = systems_of(found, margin=2.0)
    cells = [row[-1] for row in first_table(validation, wide).rows]
    assert [cell.near for cell in cells] == ["b,c", "a,c", "a,b"]
    assert [cell.superscript for cell in cells] == ["", "", ""]
    plain = first_table(validation, found.equivalence)
    best = max(float(row[-1].text) for row in plain.rows)
    assert [row[-1].bold for row in plain.rows] == [
        float(row[-1].text) == best for row in plain.rows
    ]


def test_equivalence_is_not_made_transitive(validation, found):
    apart = ("teacher", "gappy")
    pairs = tuple(
        changed(
            one,
            verdict="different" if (one.first, one.second) == apart else "equivalent",
            difference=0.3,
        )
        for one in found.equivalence.pairs
    )
    made = replace(found.equivalence, pairs=pairs)
    cells = [row[-1] for row in first_table(validation, made).rows]
    assert [cell.near for cell in cells] == ["b", "a,c", "b"]
    assert [cell.superscript for cell in cells] == ["c", "", ""]


def test_a_design_gives_columns(validation, found, tmp_path):
    text = "student\tloss\tnote\tstrategy\nstrong\tkl\tx\tbm25\ngappy\tmse\ty\trandom\n"
    made = systems_of(found, design=written(tmp_path, text))
    table = first_table(validation, made)
    assert table.header == ("", "system", "strategy", "loss", "note", "toy")
    assert [cell.text for cell in table.rows[1][:5]] == [
        "b",
        "strong",
        "bm25",
        "kl",
        "x",
    ]
    assert table.rows[0][2].text == "-"


def test_every_association_stands_in_its_cell(validation):
    found = {table.name: table for table in validation.written_tables()}
    table = found["associations-1"]
    row = validation.per_query[0]
    column = table.header.index(row.measure)
    [line] = [cells for cells in table.rows if cells[0].text == row.term]
    assert line[column].text.startswith(f"{row.spearman:.2f} [")
    assert len([name for name in found if "associations" in name]) == 4


def test_captions_of_partial_coefficients_name_their_test(validation, pooled):
    for made in (validation, pooled):
        captions = [
            table.caption
            for table in association_tables(made.per_query, made.family, partial=True)
        ]
        draws = f"{made.family.permutations:,} draws"
        tests = f"Holm over {counted(made.family.partial.n_tests, 'test')}"
        assert all("random signs of the products" in c for c in captions)
        assert all(f"({draws}), {tests}" in c for c in captions)
    assert any("(pooled)" in c for c in captions)


def test_associated_cells_are_bold(validation):
    rows, family = validation.per_query, validation.family
    [first, _] = association_tables(rows, family, partial=False)
    verdicts = {(r.term, r.measure): r.verdict for r in rows if r.student == "strong"}
    for cells in first.rows:
        for measure, cell in zip(first.header[1:], cells[1:], strict=True):
            known = verdicts[cells[0].text, measure]
            assert cell.bold == (known == "associated")


@needs_latex(LATEX)
def test_latex_compiles(validation, tmp_path):
    made = changed(validation, means=Open(MEANS), equivalence=tuple(PAIRS))
    (tmp_path / "tables.tex").write_text(latex(made.written_tables()))
    (tmp_path / "all.tex").write_text(
        LATEX + "\\begin{document}\\input{tables.tex}\\end{document}\n"
    )
    done = subprocess.run(
        [
            "pdflatex",
            "-draftmode",
            "-interaction=nonstopmode",
            "-halt-on-error",
            "all.tex",
        ],
        cwd=tmp_path,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
