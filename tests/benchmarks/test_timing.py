"""The clock of the benchmarks: order, medians, and the line that is printed."""

from benchmarks.__main__ import interleaved, row


def test_interleaved_runs_rivals_in_turn():
    calls = []
    medians = interleaved(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, repeats=3
    )
    assert calls == ["a", "b"] * 4  # once to warm up
    assert medians.keys() == {"a", "b"}
    assert all(seconds >= 0 for seconds in medians.values())


def test_row_divides_by_ours():
    line = row("what", {"ours": 0.002, "x": 0.02, "y": 0.001}, ours="ours")
    assert line == "| what | 2.000 ms | x 10.0x, y 0.5x |"
