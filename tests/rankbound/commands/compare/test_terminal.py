"""The terminal: verdicts, intervals, sentences, advice, and what is not said."""

from tests.rankbound.commands.compare.world import make


def test_the_output_reads_from_verdicts_to_limits(samplings, capsys):
    account = samplings.account()
    out = capsys.readouterr().out
    places = [
        out.index(text)
        for text in (
            "teacher: logit scores",
            "family: 6 comparisons",
            "entropy, in nats",
            "change: from near, paired by query",
            "In words",
            "What follows, by the theory alone",
            "What these numbers cannot say",
            "written: ",
        )
    ]
    assert places == sorted(places)
    for row in account["rows"]:
        assert f"{row['lower']:+.4f} {row['upper']:+.4f}" in out
        assert row["verdict"] in out
    for line in (*account["sentences"], *account["advice"], *account["cannot_say"]):
        assert line in out


def test_no_line_of_a_table_is_wider_than_a_pipe(samplings, capsys):
    samplings.account(*samplings.vectors_of(), "--quantity", "entropy", "diameter")
    tables = [x for x in capsys.readouterr().out.splitlines() if x.startswith(" ")]
    assert max(map(len, tables)) <= 100
    assert "…" not in "".join(tables)


def test_many_sentences_are_cut_on_the_terminal_only(tmp_path, capsys):
    world = make(tmp_path)
    account = world.account(
        *world.vectors_of(), "--quantity", "entropy", "diameter", "ties"
    )
    assert len(account["sentences"]) == 21
    assert "- and 7 more in comparison.json" in capsys.readouterr().out


def test_markup_in_a_name_is_printed_as_it_is(samplings, capsys):
    samplings.write_groups("[red]x", samplings.groups["far"])
    samplings.account(names=("near", "[red]x"))
    assert "[red]x against near" in capsys.readouterr().out


def test_what_is_dropped_and_unpaired_is_printed(samplings, capsys):
    rows = [(q, [*docs, "ghost"]) for q, docs in samplings.groups["far"]]
    samplings.write_groups("holey", rows[2:])
    samplings.account("--missing", "drop", names=("near", "holey"))
    out = capsys.readouterr().out
    assert "dropped from holey: 19 documents without teacher score" in out
    assert "1 query in one of the two samplings only" in out
