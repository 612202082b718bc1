"""The terminal: verdicts, intervals, reasons, sentences, and what is not said."""

import io
import math
import re

import pytest
from msgspec.structs import replace

from rankbound.commands.compare.result import (
    Compat,
    CompatEntropy,
    CompatGroups,
    CompatRow,
)
from rankbound.results import Named
from rankbound.terminal.compare import show_details
from rankbound.terminal.console import console_for
from tests.rankbound.commands.compare.world import make
from tests.rankbound.comparisons import comparison
from tests.rankbound.results import compared


def test_the_output_reads_from_verdicts_to_limits(samplings, capsys):
    account = samplings.account("--details")
    out = capsys.readouterr().out
    places = [
        out.index(text)
        for text in (
            "teacher: logit scores",
            "family: 6 comparisons",
            "entropy, in nats",
            "change: from near, paired by query",
            "In words",
            "What follows",
            "What these numbers cannot say",
            "written: ",
        )
    ]
    assert places == sorted(places)
    for row in account["rows"]:
        assert f"{row['lower']:+.4f} {row['upper']:+.4f}" in out
        assert row["verdict"] in out
    said = "\n".join(
        (*account["sentences"], *account["advice"], *account["cannot_say"])
    )
    assert "`target` sets a law" in said
    spoken = " ".join(out.split())
    for line in said.replace("`target`", "--target").splitlines():
        assert line in spoken


def test_directions_have_a_table_with_ends_rounded_outwards(samplings, capsys):
    account = samplings.account("--details")
    out = capsys.readouterr().out
    assert "Queries that rise and fall" in out
    spoken = " ".join(out.split())
    assert "with the same probability, and with those of the means with 0.9" in spoken
    for row in account["rows"]:
        found = row["direction"]
        lower, upper = found["share_falling"]
        ends = math.floor(lower * 1000) / 1000, math.ceil(upper * 1000) / 1000
        cells = (
            f"{found['rises']} {found['falls']} {found['of']} .* "
            f"{ends[0]:.3f} {ends[1]:.3f} "
            f"{row['effect_size']:.2f} {row['paired_t']['statistic']:.2f}"
        )
        lines = (" ".join(line.split()) for line in out.splitlines())
        assert any(re.search(cells, line) for line in lines)


def test_no_line_of_a_table_is_wider_than_a_pipe(samplings, capsys):
    samplings.account(
        "--details", *samplings.vectors_of(), "--quantity", "entropy", "diameter"
    )
    tables = [x for x in capsys.readouterr().out.splitlines() if x.startswith(" ")]
    assert max(map(len, tables)) <= 120
    assert "…" not in "".join(tables)


def test_many_sentences_are_cut_on_the_terminal_only(tmp_path, capsys):
    world = make(tmp_path)
    account = world.account(
        "--details", *world.vectors_of(), "--quantity", "entropy", "diameter", "ties"
    )
    assert len(account["sentences"]) == 21
    assert "- and 7 more in comparison.json" in capsys.readouterr().out


def test_markup_in_a_name_is_printed_as_it_is(samplings, capsys):
    samplings.write_groups("[red]x", samplings.groups["far"])
    samplings.account("--details", names=("near", "[red]x"))
    assert "[red]x against near" in capsys.readouterr().out


def test_what_is_dropped_and_unpaired_is_printed(samplings, capsys):
    rows = [(q, [*docs, "ghost"]) for q, docs in samplings.groups["far"]]
    samplings.write_groups("holey", rows[2:])
    samplings.account("--details", "--missing", "drop", names=("near", "holey"))
    out = " ".join(capsys.readouterr().out.split())
    assert "dropped from holey: 19 documents without teacher score" in out
    assert "1 query in one of the two samplings only" in out


TITLES = (
    "Teacher entropy, and its floor",
    "What the change over all pairs is made of",
    "Distance from near, and judged documents",
    "Entropy at multiples of the temperature",
)


def test_every_explanation_has_a_table(samplings, capsys):
    account = samplings.account("--details", *samplings.vectors_of())
    out = capsys.readouterr().out
    for title in (*TITLES, "Space, all pairs", "largest group"):
        assert title in out
    for record in account["samplings"]:
        for part in record["entropy"]:
            assert f"{part['mean']:.4f}" in out
            assert f"{part['group_mean_bits']:.4f}" in out
    for row in account["decomposition"]:
        assert f"{row['spread']['neg-neg']:+.4f}" in out
    for table in account["sweep"]["tables"]:
        for row in table["rows"]:
            assert f"{row['difference']:+.3f} " in out


def test_space_needs_vectors(samplings, capsys):
    samplings.account("--details")
    out = capsys.readouterr().out
    assert "Space, all pairs" not in out
    assert all(title in out for title in TITLES)


def test_controls_say_what_they_expected(samplings, capsys):
    samplings.account("--details", "--controls")
    out = " ".join(capsys.readouterr().out.split())
    assert "control, shuffled teacher: as theory says (expected: no two" in out
    assert "control, random embeddings: not run" in out
    # What the file says of parameters, the command line says of its flags
    assert "there are no vectors; give --embeddings" in out
    assert "`" not in out


def test_a_shift_that_is_not_known_says_why(samplings, capsys):
    rows = [(q, [*docs, "ghost"]) for q, docs in samplings.groups["near"]]
    samplings.write_groups("holey", rows, law=lambda docs: [1 / len(docs)] * len(docs))
    samplings.account("--details", "--missing", "drop", names=("far", "holey"))
    assert "complete the scores" in " ".join(capsys.readouterr().out.split())


def compat_row(sampling="[b]", **changes):
    made = CompatRow(
        sampling=sampling,
        quantity="entropy",
        pairs="all",
        difference=0.25,
        reference_margin=None,
        reference_p_low=None,
        reference_p_high=None,
        reference_p=0.501,
        reference_marked_equivalent=True,
        reference_shows_equivalence=None,
        reference_reason=None,
        margin=0.02,
        p_equivalence=0.032,
        verdict="inconclusive",
        agree=None,
    )
    return replace(made, **changes)


def shown(compat):
    stream = io.StringIO()
    show_details(comparison(compat=compat), console_for(stream))
    return stream.getvalue()


def test_their_verdicts_entropies_and_reasons():
    none = {"reference_p": None, "reference_marked_equivalent": None}
    entropy = CompatEntropy(
        sampling="[b]",
        unit="bits",
        reference_mean=0.75,
        corrected_mean=0.5,
        difference=0.25,
        n_without_value=0,
        documents_counted_as_0=0,
        queries_pooled=0,
    )
    groups = CompatGroups(
        quantity="entropy",
        pairs="all",
        marked=(("[b]", "c"),),
        groups=(("[b]", "c"), ("d",)),
    )
    compat = Compat(
        mode="reference",
        alpha=0.1,
        rows=(
            compat_row(),
            compat_row("c", reference_marked_equivalent=False),
            compat_row("d", **none, reference_reason="no value: 0 / 0"),
        ),
        reason="read backwards",
        equivalence_groups=(groups,),
        equivalence_groups_reason="",
        entropy=Named([entropy]),
        entropy_reason="an epsilon",
    )
    text = shown(compat)
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert "0.501" in lines["[b]"] or "0.75" in lines["[b]"]
    for words in (
        "read backwards",
        "an epsilon",
        "0.032",
        "0.25",
        "equivalent   inconclusive",
        "different    inconclusive",
        "they group as equivalent (entropy, all pairs): [b], c",
        "d, entropy, all pairs: no value: 0 / 0",
    ):
        assert words in text


def test_nothing_where_it_was_not_asked_for():
    assert "the reference study" not in shown(None)


def test_a_line_has_difference_interval_and_queries():
    made = compared()
    row = made.rows[0]
    [line] = [
        one
        for one in repr(made).splitlines()
        if f"{row.quantity} ({row.pairs} pairs)" in one
    ]
    assert f"[{row.lower:+.4f}, {row.upper:+.4f}]" in line
    assert line.endswith(f"n = {row.n}")
    assert line.strip().startswith(row.verdict)


@pytest.mark.parametrize("word", ["'random'", "6 comparisons", "probability 0.95"])
def test_the_title_names_reference_and_family(word):
    lines = repr(compared()).splitlines()
    [title] = [line for line in lines if line.startswith("Comparison with ")]
    assert word in title
