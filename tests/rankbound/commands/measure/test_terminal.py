"""What a reader sees: each part with unit, interval, trivial value; one sentence."""

import io

import pytest
from rich.table import Table

from rankbound.commands.measure.ledger import ledger
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure
from rankbound.terminal.console import console_for
from rankbound.terminal.measure import show


@pytest.fixture
def account(world):
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"), groups=world.path("groups.jsonl"),
        embeddings=world.path("docs.npy"), ids=world.path("docs.txt"),
        students=tuple(
            StudentSource(name, world.path(f"{name}.run"), temperature="fit")
            for name in ("strong", "gappy")
        ),
    )  # fmt: skip
    return ledger(measure(options))


def shown(account):
    stream = io.StringIO()
    show(account, console_for(stream))
    return stream.getvalue()


def test_show_prints_every_part_with_its_numbers(account):
    text = shown(account)
    assert "\x1b" not in text  # plain where it is no terminal
    for student in account["students"].values():
        for key in ("risk", "entropy", "divergence", "deviation", "upper"):
            assert f"{student[key]:.4f}" in text
        low, high = student["intervals"]["risk"]
        assert f"{low:.4f} to {high:.4f}" in text
        assert all(f"{limit:.4f}" in text for limit in student["limits"].values())
        assert student["verdict"] in text
    for word in ("0.6931", "nats", "95% interval", "trivial", "L x diameter"):
        assert word in text
    assert f"{account['diameter']['max']:.4f}" in text
    assert "served to fit temperatures" in text


def test_show_prints_what_was_dropped_and_warned_of(account):
    lines = shown(account).splitlines()
    assert any(line.startswith("dropped: ") and "gappy" in line for line in lines)
    assert any(line.startswith("warning: ") for line in lines)


def test_show_keeps_brackets_in_names(account):
    account["students"] = {"[red]m[/red]": account["students"]["strong"]}
    assert "[red]m[/red]: vacuous" in shown(account)


def test_show_without_students_or_vectors(world):
    text = shown(ledger(measure(MeasureOptions(teacher=world.path("teacher.json.gz")))))
    assert "(teacher)" in text
    assert "diameter" not in text


def test_a_table_in_a_pipe_is_as_wide_as_it_needs_to_be():
    table = Table("student", "unit")
    table.columns[0].no_wrap = True
    table.add_row("x" * 150, "temperatures")
    stream = io.StringIO()
    console = console_for(stream)
    console.print(table)
    assert "x" * 150 in stream.getvalue()
    assert "temperatures" in stream.getvalue()
    assert console.width == 100  # as it was
