from pathlib import Path

import pytest

from rankbound.read.source import Source
from rankbound.read.text.trec import FORMATS, ir_metadata_lines, read_ir_metadata

BLOCK = """\
# written by hand
# ir_metadata.start
# ir_metadata.version: 0.1
# tag: my-run
# actor:
#   name: Somebody
#   role: 'experimenter'
# method:
#   - automatic
#
#   - {bm25: {k1: 0.9, b: 0.4}}
# ir_metadata.end
"""
ROWS = "q Q0 d 1 2 t\nq Q0 e 2 1 t\n"
EXPECTED = {
    "ir_metadata.version": "0.1",
    "tag": "my-run",
    "actor": "name: Somebody\nrole: 'experimenter'",
    "method": "- automatic\n- {bm25: {k1: 0.9, b: 0.4}}",
}


def read(text):
    return read_ir_metadata(Source(Path("x"), content=text.encode()))


def test_the_block_is_kept_as_text_by_key():
    assert read(BLOCK + ROWS) == EXPECTED
    assert read(BLOCK.replace("\n", "\r\n") + ROWS) == EXPECTED


@pytest.mark.parametrize(
    "text",
    [ROWS, "# a comment\n" + ROWS, BLOCK.replace(".end", "") + ROWS, ROWS + BLOCK],
)
def test_there_is_no_metadata_without_a_whole_block_on_top(text):
    assert read(text) == {}


def test_the_block_round_trips():
    again = "\n".join(ir_metadata_lines(EXPECTED)) + "\n" + ROWS
    assert read(again) == EXPECTED
    assert ir_metadata_lines({}) == []


def test_a_run_keeps_its_block_through_reading_and_writing(tmp_path):
    run = next(entry for entry in FORMATS if entry.name == "trec-run")
    first = run.read(Source(Path("x"), content=(BLOCK + ROWS).encode()))
    assert first.metadata["ir_metadata"] == EXPECTED
    assert first.repairs == {"comment lines": 12}
    run.write(first, tmp_path / "again.run")
    second = run.read(Source(tmp_path / "again.run"))
    assert second.metadata == first.metadata
