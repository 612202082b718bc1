"""paper_appendix: the document is fresh and complete; steps of proofs hold in numbers.

The second half checks what a machine can check of the proofs: intermediate inequalities
on grids, and the probability statements by enumerating every outcome of a tiny case.
"""

import itertools
import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser
from numpy.testing import assert_allclose

from paper_appendix import document
from paper_appendix.__main__ import TARGET, main, write
from rankbound.bounds.betting import betting, log_capital, stake_grid
from rankbound.bounds.limits import binary_kl, hoeffding, kl_chernoff, kl_inverse
from rankbound.bounds.notation import glossary
from rankbound.bounds.registry import REGISTRY, statement
from rankbound.bounds.special import a_bend, a_star, lambda_star
from tests import oracles

TEXT = document.document()
HEADINGS = document.headings()
PROVED = [key for key, entry in REGISTRY.items() if entry.status == "proved"]
DISPLAY = re.compile(r"\$\$\n(.*?)\n\$\$", re.DOTALL)
PARSER = MathTextParser("path")


def sections(heading):
    """Text of a proof by the key of its section; what comes before is under ''."""
    parts = re.split(r"^#### (.+)$", document.proof(heading), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


# the document


def test_file_on_disk_is_what_would_be_written():
    assert TARGET.read_bytes() == TEXT.encode(), "run `make statements`"


def test_document_does_not_depend_on_the_order_of_hashing():
    code = "import sys; from paper_appendix.document import document;"
    code += "sys.stdout.buffer.write(document().encode())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=TARGET.parents[1],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == TEXT.encode()


def test_every_heading_has_a_proof_and_every_proof_a_heading():
    files = {path.name for path in document.PROOFS.iterdir()}
    assert files == {f"{heading}.md" for heading in HEADINGS}


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_statement_has_its_section_in_the_proof(heading):
    keys = [key for key, entry in REGISTRY.items() if entry.heading == heading]
    assert sorted(filter(None, sections(heading))) == sorted(keys)


@pytest.mark.parametrize("key", REGISTRY)
def test_every_section_is_more_than_a_remark(key):
    text = sections(REGISTRY[key].heading)[key]
    prose = DISPLAY.sub("", text)
    assert len(re.findall(r"[.:](?=\s|$)", prose)) >= 3
    assert len(prose.split()) >= 30


@pytest.mark.parametrize("key", REGISTRY)
def test_every_statement_appears_with_its_facts(key):
    entry = REGISTRY[key]
    start = TEXT.index(f"### `{key}`: {entry.title}\n")
    facts = TEXT[start : TEXT.index("- Source: ", start) + 200]
    assert entry.words in facts
    assert f"- Kind: {entry.kind}." in facts
    assert f"- Status: {entry.status}." in facts
    assert f"- Provenance: {entry.provenance}." in facts
    assert all(name in facts for name in entry.assumptions)
    assert entry.attained_by in facts
    assert entry.source in facts
    if entry.expression is None:
        assert (
            f"`rankbound.bounds.{entry.procedure.__module__.split('.')[-1]}." in facts
        )
    else:
        assert document.display(entry.latex()) in facts


def test_statements_follow_the_order_of_the_registry():
    assert re.findall(r"^### `(.+)`: ", TEXT, flags=re.MULTILINE) == list(REGISTRY)


def test_citations_are_not_called_proofs():
    assert "### Origin of Theorem 1b" in TEXT
    assert "### Origin of Theorem 1c" in TEXT
    proved = {REGISTRY[key].heading for key in PROVED}
    assert TEXT.count("### Origin of") == len(set(HEADINGS) - proved)


def test_no_formula_of_the_registry_is_typed():
    for heading in HEADINGS:
        typed = (document.PROOFS / f"{heading}.md").read_text()
        for entry in REGISTRY.values():
            if entry.expression is not None:
                assert entry.latex() not in typed


def test_references_in_proofs_are_keys():
    files = [document.PREFACE, *document.PROOFS.iterdir()]
    for path in files:
        for name in re.findall(r"`((?:lemma|theorem)-[^`]+)`", path.read_text()):
            assert name in REGISTRY, f"{path.name}: {name}"


def test_notation_lists_every_symbol():
    for entry in glossary():
        assert f"| `{entry.code}` | {entry.unit} |" in TEXT
    rows = [line for line in TEXT.split("\n") if line.startswith("| ")]
    assert {line.count("|") for line in rows} == {6}


def test_paper_theorem_is_said_not_to_be_reproduced():
    assert "wording of that paper's Theorem 2.1 was not available" in " ".join(
        TEXT.split()
    )


# placeholders


def test_placeholder_alone_becomes_a_display_and_else_inline():
    formula = statement("theorem-1h").latex()
    filled = document.fill("so\n\n{{theorem-1h}}\n\nby {{theorem-1h}}.", where="x.md")
    assert filled == f"so\n\n$$\n{formula}\n$$\n\nby ${formula}$."


def test_every_placeholder_resolves():
    assert "{{" not in TEXT


def test_unknown_placeholder_is_rejected_with_its_line():
    with pytest.raises(
        document.AppendixError,
        match=r"x\.md:2: cannot fill \{\{theorem-99\}\}: unknown statement",
    ):
        document.fill("good\nbad {{theorem-99}}", where="x.md")


def test_placeholder_without_closed_form_names_the_procedure():
    with pytest.raises(document.AppendixError, match=r"bounds\.limits\.kl_chernoff"):
        document.fill("{{theorem-1b}}", where="x.md")


def test_missing_proof_names_the_file_to_write(monkeypatch, tmp_path):
    monkeypatch.setattr(document, "PROOFS", tmp_path)
    with pytest.raises(document.AppendixError, match=r"proofs/lemma-0\.md"):
        document.proof("lemma-0")


# the command


def test_check_says_when_the_file_is_out_of_date(tmp_path, capsys):
    target = tmp_path / "statements.md"
    assert main(["--check"], target=target) == 1
    assert main([], target=target) == 0
    assert main(["--check"], target=target) == 0
    target.write_text(TEXT + "more")
    assert main(["--check"], target=target) == 1
    expected = "statements.md is out of date; run `make statements`\n"
    assert capsys.readouterr().err == 2 * expected
    assert [path.name for path in tmp_path.iterdir()] == ["statements.md"]


def test_broken_proof_leaves_the_file_alone(monkeypatch, tmp_path, capsys):
    target = tmp_path / "statements.md"
    target.write_text("old")
    monkeypatch.setattr(document, "PROOFS", tmp_path)
    assert main([], target=target) == 1
    assert capsys.readouterr().err.startswith("lemma-0 has no proof; write ")
    assert target.read_text() == "old"


def test_failed_write_leaves_nothing_behind(tmp_path):
    (tmp_path / "statements.md").mkdir()
    with pytest.raises(OSError, match=r"statements\.md"):
        write(tmp_path / "statements.md", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["statements.md"]


# formulas render


def parts_of(formula):
    """A formula as pieces that mathtext can parse: it has no `cases`."""
    bare = re.sub(r"\\begin\{cases\}|\\end\{cases\}", "", formula)
    pieces = re.split(r"\\\\|&", bare) if bare != formula else [formula]
    return [re.sub(r"\s+", " ", piece).strip() for piece in pieces if piece.strip()]


# what mathtext knows under another name
SYNONYMS = {
    r"\\le(?![a-z])": r"\\leq",
    r"\\ge(?![a-z])": r"\\geq",
    r"\\Vert": r"\\|",
    r"\\vert ": "|",
    r"\\lbrace": r"\\{",
    r"\\rbrace": r"\\}",
}


def readable(piece):
    for pattern, replacement in SYNONYMS.items():
        piece = re.sub(pattern, replacement, piece)
    return piece


def inline_formulas():
    outside = DISPLAY.sub("", TEXT)
    for line in outside.split("\n"):
        assert line.count("$") % 2 == 0, f"formula broken over lines: {line}"
    return sorted(set(re.findall(r"\$([^$]+)\$", outside)))


def test_every_formula_is_balanced():
    formulas = [*DISPLAY.findall(TEXT), *inline_formulas()]
    assert len(formulas) > 100
    for formula in formulas:
        assert formula.count("{") == formula.count("}"), formula
        assert formula.count(r"\left") == formula.count(r"\right"), formula
        assert formula.count(r"\begin") == formula.count(r"\end"), formula
        assert "$" not in formula


def test_every_formula_renders():
    pieces = [piece for shown in DISPLAY.findall(TEXT) for piece in parts_of(shown)]
    for piece in [*pieces, *inline_formulas()]:
        PARSER.parse(f"${readable(piece)}$")


# steps of the proofs: lemmas

MARGINS = np.linspace(-12, 12, 97)


def test_setting_the_two_forms_of_the_loss_agree():
    for p, m in itertools.product([0.0, 0.3, 0.5, 1.0], MARGINS):
        log_form = -p * math.log(oracles.sigmoid(m))
        log_form -= (1 - p) * math.log(oracles.sigmoid(-m))
        assert_allclose(oracles.pair_loss(p, m), log_form, rtol=1e-9)


def test_lemma_0_pool_by_enumeration():
    rng = np.random.default_rng(3)
    scores, teacher = rng.normal(size=(2, 5))
    losses = np.array(
        [
            [
                oracles.pair_loss(oracles.sigmoid(b - c), f - g)
                for c, g in zip(teacher, scores, strict=True)
            ]
            for b, f in zip(teacher, scores, strict=True)
        ]
    )
    off = losses[~np.eye(5, dtype=bool)].mean()
    assert_allclose(statement("lemma-0-pool").numpy()(off, 5), losses.mean())


def test_lemma_1_margin_logarithms():
    for a, m in itertools.product(MARGINS[::8], MARGINS[::8]):
        up = math.log(oracles.sigmoid(a) / oracles.sigmoid(m))
        down = math.log(oracles.sigmoid(-a) / oracles.sigmoid(-m))
        change = oracles.softplus(m) - oracles.softplus(a)
        assert_allclose(up, a - m + change, atol=1e-9)
        assert_allclose(down, change, atol=1e-9)


@pytest.mark.parametrize("width", [0.5, 3.0, 10.0])
def test_lemma_2b_smallest_loss_rises_and_largest_divergence_falls(width):
    rare = np.linspace(0, 0.5, 201)
    lowest = statement("lemma-2a-lower").numpy()(rare, width)
    assert np.all(np.diff(lowest) >= -1e-15)
    highest = statement("lemma-2a-upper").numpy()(rare, width)
    entropy = np.array([oracles.entropy_of(r) for r in rare])
    assert np.all(np.diff(highest - entropy) <= 0)


def test_lemma_2c_fact_1_and_the_chord():
    for width in (0.3, 2.0, 10.0):
        for m in np.linspace(-width, width, 41):
            inner = [oracles.pair_loss(p, m) for p in np.linspace(0, 1, 11)]
            high = oracles.softplus(abs(m))
            assert oracles.softplus(-abs(m)) - 1e-12 <= min(inner)
            assert max(inner) <= high + 1e-12
            chord = (oracles.softplus(width) - math.log(2)) / width
            assert high <= math.log(2) + abs(m) * chord + 1e-12


def graphs(k):
    """Every non-empty set of pairs of k positions."""
    pairs = list(itertools.combinations(range(k), 2))
    for size in range(1, len(pairs) + 1):
        yield from itertools.combinations(pairs, size)


def cut(edges, k):
    splits = itertools.product([0, 1], repeat=k)
    return max(sum(s[i] != s[j] for i, j in edges) for s in splits)


def test_lemma_2c_fact_2_on_every_graph_of_four():
    """With B = 1 the vertices have integer scores; bounding the pairs of E suffices."""
    scores = list(itertools.product(range(-3, 4), repeat=4))
    table = np.array(scores)
    for edges in graphs(4):
        margins = np.abs([table[:, i] - table[:, j] for i, j in edges])
        allowed = margins.max(axis=0) <= 1
        assert margins[:, allowed].sum(axis=0).max() == cut(edges, 4)


@given(st.integers(0, 2**32 - 1))
def test_lemma_2c_fact_2_on_random_graphs_of_six(seed):
    rng = np.random.default_rng(seed)
    pairs = list(itertools.combinations(range(6), 2))
    edges = [pair for pair in pairs if rng.random() < 0.5] or pairs
    scores = rng.normal(size=6).cumsum() * rng.choice([0.1, 1.0])
    margins = np.array([abs(scores[i] - scores[j]) for i, j in edges])
    assert margins.sum() <= margins.max() * cut(edges, 6) + 1e-12


def test_lemma_2c_cut_ratio_by_parity():
    ratio = statement("lemma-2c-cut-ratio").numpy()
    for j in range(1, 30):
        assert_allclose(ratio(2 * j), j / (2 * j - 1))
        assert_allclose(ratio(2 * j + 1), (j + 1) / (2 * j + 1))


def test_lemma_2c_width_rises_to_b():
    ratios = np.linspace(0.5, 1, 101)
    for width in (0.2, 3.0, 10.0):
        spread = statement("lemma-2c-width").numpy()(width, ratios)
        assert np.all(np.diff(spread) > 0)
        assert_allclose(spread[-1], width)


def test_lemma_3_extreme_slopes_are_opposite():
    for a, b in itertools.product([0.1, 1.0, 8.0], repeat=2):
        largest = oracles.sigmoid(b) - oracles.sigmoid(-a)
        assert_allclose(oracles.sigmoid(-b) - oracles.sigmoid(a), -largest)
        assert_allclose(largest, statement("lemma-3-lipschitz").numpy()(a, b))
        assert largest <= oracles.sigmoid(b) < 1


# steps of the proofs: theorem 1


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=5),
    st.lists(st.integers(1, 20), min_size=5, max_size=5),
    st.floats(-20, 20),
)
def test_theorem_1a_hoeffding_lemma(values, weights, slope):
    values, chances = np.array(values), np.array(weights[: len(values)], dtype=float)
    chances /= chances.sum()
    centred = values - chances @ values
    width = np.ptp(values)
    tilted = chances * np.exp(slope * centred)
    assert math.log(tilted.sum()) <= slope**2 * width**2 / 8 + 1e-12
    tilted /= tilted.sum()
    assert tilted @ values**2 - (tilted @ values) ** 2 <= width**2 / 4 + 1e-12


def outcomes(values, chances, n):
    """Every sample of n values with its probability."""
    for picks in itertools.product(range(len(values)), repeat=n):
        chance = math.prod(chances[pick] for pick in picks)
        yield [values[pick] for pick in picks], chance


@pytest.mark.parametrize("limit", [hoeffding, kl_chernoff, betting])
@pytest.mark.parametrize(
    ("values", "chances"),
    [
        ((0.0, 1.0), (0.3, 0.7)),
        ((0.0, 1.0), (0.05, 0.95)),
        ((0.2, 0.9, 1.0), (0.2, 0.3, 0.5)),
        ((1.0,), (1.0,)),
    ],
)
@pytest.mark.parametrize("delta", [0.05, 0.3])
def test_theorem_1_misses_at_most_delta_by_enumeration(limit, values, chances, delta):
    mean = math.fsum(v * c for v, c in zip(values, chances, strict=True))
    missed = math.fsum(
        chance
        for sample, chance in outcomes(values, chances, 5)
        if limit(sample, low=0, high=1, delta=delta) < mean - 1e-9
    )
    assert missed <= delta


@given(st.floats(0, 1), st.floats(0.001, 0.999))
def test_theorem_1b_pinsker(x, y):
    assert binary_kl(x, y) >= 2 * (x - y) ** 2 - 1e-12
    budget = 0.1
    assert kl_inverse(x, budget) <= x + math.sqrt(budget / 2) + 1e-12


def test_theorem_1b_tail_by_enumeration():
    values, chances, n = (0.0, 0.5, 1.0), (0.2, 0.3, 0.5), 6
    mean = 0.65
    everything = [(sum(s) / n, c) for s, c in outcomes(values, chances, n)]
    for x in np.arange(0, 0.66, 0.05):
        tail = math.fsum(c for average, c in everything if average <= x + 1e-12)
        assert tail <= math.exp(-n * binary_kl(float(x), mean)) + 1e-12


@given(st.floats(0, 1), st.floats(0, 0.99), st.floats(0.01, 0.99))
def test_theorem_1d_factor_is_positive_and_monotone(value, mean, stake):
    def factor(x, y):
        return 1 + stake * (y - x) / (1 - y)

    assert factor(value, mean) >= 1 - stake - 1e-12
    assert factor(value, mean + 0.005) >= factor(value, mean) - 1e-12
    assert factor(min(1.0, value + 0.01), mean) <= factor(value, mean) + 1e-12


def test_theorem_1d_capital_has_expectation_one_and_obeys_ville():
    values, chances, n, delta = (0.1, 0.6, 1.0), (0.3, 0.5, 0.2), 5, 0.2
    mean = math.fsum(v * c for v, c in zip(values, chances, strict=True))
    stakes = stake_grid(n, delta)
    expected = ever = 0.0
    for sample, chance in outcomes(values, chances, n):
        paths = [
            math.exp(log_capital(np.array(sample[:i]), np.ones(i), stakes, mean))
            for i in range(1, n + 1)
        ]
        expected += chance * paths[-1]
        ever += chance * (max(paths) >= 1 / delta)
    assert_allclose(expected, 1, rtol=1e-12)
    assert ever <= delta


# Tiny world for the excess risk: five kinds of query, four students, three queries
RISKS = np.array(
    [
        [0.1, 0.9, 0.4, 0.6, 0.5],
        [0.8, 0.2, 0.5, 0.3, 0.6],
        [0.5, 0.5, 0.9, 0.1, 0.2],
        [0.9, 0.1, 0.2, 0.7, 0.4],
    ]
)
CHANCES = np.array([0.3, 0.1, 0.2, 0.25, 0.15])
QUERIES = 3
WIDTH = float(np.ptp(RISKS))
TRUE = RISKS @ CHANCES
BEST = int(np.argmin(TRUE))
SAMPLES = np.array(list(itertools.product(range(5), repeat=QUERIES)))
WEIGHTS = CHANCES[SAMPLES].prod(axis=1)
MEANS = RISKS[:, SAMPLES].mean(axis=2).T  # sample by student
GAPS = TRUE - MEANS
SUPREMA = (GAPS - GAPS[:, [BEST]]).max(axis=1)
EXCESS = TRUE[MEANS.argmin(axis=1)] - TRUE[BEST]


def complexity():
    signs = np.array(list(itertools.product([-1, 1], repeat=QUERIES)))
    risks = RISKS[:, SAMPLES]  # student, sample, query
    sums = np.einsum("fsq,eq->fse", risks, signs) / QUERIES
    return float(WEIGHTS @ sums.max(axis=0).mean(axis=1))


def test_theorem_1h_excess_is_below_the_supremum():
    assert np.all(EXCESS <= SUPREMA + 1e-15)
    assert EXCESS.max() > 0


def test_theorem_1h_bounded_differences():
    by_sample = SUPREMA.reshape((5,) * QUERIES)
    largest = max(np.ptp(by_sample, axis=axis).max() for axis in range(QUERIES))
    # and attained here: the factor two is needed
    assert_allclose(largest, 2 * WIDTH / QUERIES, rtol=1e-12)


def test_theorem_1h_mcdiarmid_by_enumeration():
    centre = WEIGHTS @ SUPREMA
    for t in np.linspace(0.01, 1, 60):
        tail = WEIGHTS[SUPREMA - centre >= t].sum()
        assert tail <= math.exp(-QUERIES * t**2 / (2 * WIDTH**2))


def test_theorem_1h_symmetrisation_by_enumeration():
    assert_allclose(WEIGHTS @ GAPS[:, BEST], 0, atol=1e-15)
    expected = WEIGHTS @ SUPREMA
    assert_allclose(expected, WEIGHTS @ GAPS.max(axis=1))
    assert 0 < expected <= 2 * complexity()


@pytest.mark.parametrize("delta", [0.05, 0.3, 0.9])
def test_theorem_1h_misses_at_most_delta_by_enumeration(delta):
    finite = statement("theorem-1h").numpy()(WIDTH, QUERIES, len(RISKS), delta)
    assert WEIGHTS[finite < EXCESS].sum() <= delta
    general = statement("theorem-1h-bilinear").numpy()
    bound = general(complexity(), WIDTH, QUERIES, delta)
    assert WEIGHTS[bound < EXCESS].sum() <= delta
    assert_allclose(
        bound - 2 * complexity(), WIDTH * math.sqrt(2 * math.log(1 / delta) / QUERIES)
    )


# steps of the proofs: theorem 4


def test_theorem_4a_tangent_from_the_top():
    touch, slope, bend = float(a_star), float(lambda_star), float(a_bend)
    assert touch > bend
    margins = np.linspace(0, 30, 3001)
    entropy = np.array([oracles.entropy_of(oracles.sigmoid(a)) for a in margins])
    steepness = np.array(
        [a * oracles.sigmoid(a) * oracles.sigmoid(-a) for a in margins]
    )
    height = entropy + margins * steepness - math.log(2)
    before = margins <= bend
    assert np.all(np.diff(height[before]) >= 0)
    assert np.all(np.diff(height[~before]) <= 0)
    assert_allclose(height[-1], -math.log(2), atol=1e-9)
    at_touch = oracles.entropy_of(oracles.sigmoid(touch))
    assert_allclose(at_touch, math.log(2) - slope * touch, rtol=1e-12)
    assert_allclose(slope, touch * oracles.sigmoid(touch) * oracles.sigmoid(-touch))


def test_theorem_4a_minorant_is_convex_and_below():
    margins = np.linspace(0, 30, 3001)
    floor = statement("theorem-4a").numpy()(margins)
    entropy = np.array([oracles.entropy_of(oracles.sigmoid(a)) for a in margins])
    assert np.all(floor <= entropy + 1e-14)
    assert np.all(np.diff(floor, 2) >= -1e-13)
    assert np.all(np.diff(floor) < 0)


def test_theorem_4a_pair_entropy_bends_once():
    for a in np.linspace(0.01, 12, 300):
        step = 1e-4
        around = [oracles.sigmoid(a + i * step) for i in (-1, 0, 1)]
        low, middle, high = (oracles.entropy_of(p) for p in around)
        second = (low - 2 * middle + high) / step**2
        curve = oracles.sigmoid(a) * oracles.sigmoid(-a)
        assert_allclose(second, -curve * (1 - a * math.tanh(a / 2)), atol=1e-6)


@given(st.lists(st.floats(0, 20), min_size=1, max_size=8))
def test_theorem_4a_jensen(margins):
    entropy = sum(oracles.entropy_of(oracles.sigmoid(a)) for a in margins)
    floor = statement("theorem-4a").numpy()(sum(margins) / len(margins))
    assert floor <= entropy / len(margins) + 1e-12
