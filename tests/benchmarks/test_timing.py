"""The clock of the benchmarks: order, medians, and the line that is printed."""

import os

import msgspec
import pytest

import benchmarks.__main__ as benchmarks
from benchmarks import kernels
from benchmarks.__main__ import interleaved, row


def test_interleaved_runs_rivals_in_turn():
    calls = []
    medians = interleaved(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, repeats=3
    )
    assert calls == ["a", "b"] * 4  # once to warm up
    assert medians.keys() == {"a", "b"}
    assert all(seconds >= 0 for seconds in medians.values())


def test_a_table_of_no_known_name_is_told_before_any_is_timed(monkeypatch):
    monkeypatch.setattr(benchmarks, "machine", lambda: "toy")
    monkeypatch.setattr(benchmarks, "kernel_rows", lambda *_: pytest.fail("timed"))
    with pytest.raises(SystemExit, match="kernel: no such table; give some of kernels"):
        benchmarks.main(["kernels", "kernel"])


def test_row_divides_by_ours():
    line = row("what", {"ours": 0.002, "x": 0.02, "y": 0.001}, ours="ours")
    assert line == "| what | 2.000 ms | x 10.0x, y 0.5x |"


def test_a_run_is_kept_as_a_table_and_a_line_of_history(monkeypatch, tmp_path, capsys):
    limit = kernels.Limit("pair", 6.0, lambda: None)
    one = kernels.Row(
        "sum",
        {"ours": lambda: None, "loop": lambda: None},
        {"loop": 0.25},
        {"loop": 2},
        "the processor",
        3.0,
    )
    monkeypatch.setattr(kernels, "limits", lambda: {"the processor": limit})
    monkeypatch.setattr(kernels, "rows", lambda: [one])
    monkeypatch.setattr(kernels, "accuracy", lambda _: "none")
    monkeypatch.setattr(kernels, "settings", lambda: "one thread")
    monkeypatch.setattr(os, "getloadavg", lambda: (1.0, 1.0, 1.0))
    monkeypatch.setattr(benchmarks, "TABLE", tmp_path / "table.md")
    monkeypatch.setattr(benchmarks, "HISTORY", tmp_path / "history.jsonl")
    seconds = iter([{"the processor": 2.0}, {"ours": 0.5, "loop": 0.25}] * 2)
    monkeypatch.setattr(benchmarks, "interleaved", lambda *_, **__: next(seconds))
    for name in (benchmarks.POLICY, benchmarks.COUNT):
        monkeypatch.setenv(name, "1")
    for _ in range(2):
        benchmarks.main(["kernels", "--keep"])
    table = (tmp_path / "table.md").read_text()
    assert capsys.readouterr().out == 2 * table
    assert "one thread" in table
    assert "| sum | 500.000 ms | loop 2.0x (aim 2x) | 200 % of the processor |" in table
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert len(lines) == 2
    record = msgspec.json.decode(lines[1], type=benchmarks.Kept)
    assert record.rows == {"sum": benchmarks.Timed(0.5, {"loop": 2.0}, 2.0)}
    assert record.limits == {"the processor": 3.0}
