"""What a reader sees of the blocks beside the certificate."""

import io

import pytest

from rankbound.terminal.console import console_for
from rankbound.terminal.measure_readings import show_readings
from tests.rankbound.commands.measure.naive import (
    student_entry,
    with_qrels,
    write_groups,
)


@pytest.fixture
def entry(world):
    laws = {
        qid: dict.fromkeys(list(row)[:4], 0.25) for qid, row in world.teacher.items()
    }
    path = write_groups(world.folder / "target.jsonl", laws)
    return student_entry(world, *with_qrels(world), "--target-groups", path)


def shown(students):
    stream = io.StringIO()
    show_readings(students, console_for(stream))
    return stream.getvalue()


def test_every_block_is_shown_with_its_numbers(entry):
    text = shown({"[red]m": entry})
    assert "[red]m" in text
    judged = entry["relevance"]["judged"]
    for value in (
        entry["shift"]["upper"],
        entry["shift"]["exact"]["value"],
        entry["shift"]["total_variation"],
        entry["relevance"]["misranking"]["value"],
        entry["relevance"]["ceiling"]["limit"],
        judged["observed_misranking"]["upper"],
        judged["calibration_term"],
        judged["ceiling_with_calibration"],
        *(row["mean_p"] for row in judged["reliability"]),
        *(row["observed"] for row in judged["reliability"]),
        entry["ndcg"]["loss"]["value"],
        entry["ndcg"]["least"]["limit"],
        entry["comparators"]["auc"]["limit"],
        entry["comparators"]["teacher"]["value"],
    ):
        assert f"{value:.4f}" in text
    assert "(tightest)" in text
    assert "Hsu et al." in text
    assert "fixed in" in text  # why the margin bound has no limit


def test_a_vacuous_bound_is_called_so(entry):
    entry["ndcg"]["bounds"]["inversions"].update(vacuous=True, value=3.25)
    text = shown({"m": entry})
    line = next(line for line in text.splitlines() if "from inversions" in line)
    assert "vacuous" in line
    assert "3.25" not in text


def test_missing_blocks_print_their_reason_or_nothing(entry):
    assert shown({"m": {}}) == ""
    entry["shift"]["missing_because"] = "no law"
    entry["ndcg"]["missing_because"] = "no list"
    entry["relevance"].update(judged=None, judged_missing_because="no pair")
    text = shown({"m": entry})
    for reason in ("no law", "no list", "no pair"):
        assert reason in text
    assert "how often the document" not in text
