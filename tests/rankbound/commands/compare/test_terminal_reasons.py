"""Tables of explanations: present when there is something to explain."""

TITLES = (
    "Teacher entropy, and its floor",
    "What the change over all pairs is made of",
    "Distance from near, and judged documents",
    "Entropy at multiples of the temperature",
)


def test_every_explanation_has_a_table(samplings, capsys):
    account = samplings.account(*samplings.vectors_of())
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
    samplings.account()
    out = capsys.readouterr().out
    assert "Space, all pairs" not in out
    assert all(title in out for title in TITLES)


def test_controls_say_what_they_expected(samplings, capsys):
    samplings.account("--controls")
    out = capsys.readouterr().out
    assert "control, shuffled teacher: as theory says (expected: the entropy" in out
    assert "control, random embeddings: not run" in out


def test_a_shift_that_is_not_known_says_why(samplings, capsys):
    rows = [(q, [*docs, "ghost"]) for q, docs in samplings.groups["near"]]
    samplings.write_groups("holey", rows, law=lambda docs: [1 / len(docs)] * len(docs))
    samplings.account("--missing", "drop", names=("far", "holey"))
    assert "complete the scores" in " ".join(capsys.readouterr().out.split())
