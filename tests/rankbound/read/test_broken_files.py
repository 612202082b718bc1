"""Cut and damaged files of every text format: one line and exit 2, nothing else."""

import bz2
import gzip
import shutil

import lz4.frame
import pyarrow as pa
import pytest

from rankbound.cli import main
from tests.rankbound.files import lookup, run_text

SCORES = {f"q{q}": {f"d{d}": (d * 7 % 11) - 4.5 for d in range(9)} for q in range(9)}
PAIRS = [(qid, docno, row[docno]) for qid, row in SCORES.items() for docno in row]
TEXTS = {
    "trec-run": run_text(SCORES),
    "five": run_text(SCORES).replace(" tag\n", "\n"),
    "scoreddocs": "".join(f"{q}\t{d}\t{s}\n" for q, d, s in PAIRS),
    "lookup": lookup(SCORES),
}
PACKINGS = {
    "plain": bytes,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bz2": bz2.compress,
    "lz4": lambda data: lz4.frame.compress(data, content_checksum=True),
}


def outcome(folder, data, capsys):
    """Exit code of a measurement of that teacher, and the lines of its complaint."""
    path = folder / "teacher"
    path.write_bytes(data)
    words = ["--teacher", str(path), "--teacher-kind", "logit", "--out", f"{folder}/o"]
    code = main(["measure", *words])
    shown, errors = capsys.readouterr()
    if code:
        assert shown == ""
        assert not (folder / "o").exists()
        assert errors.startswith(f"rankbound: error: {path}")
        assert errors.count("\n") == 1
    else:
        shutil.rmtree(folder / "o")
    return code


@pytest.mark.parametrize("name", TEXTS)
def test_whole_files_are_measured(tmp_path, capsys, name):
    assert outcome(tmp_path, TEXTS[name].encode(), capsys) == 0


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", TEXTS)
def test_cut_files_are_refused_in_one_line(tmp_path, capsys, name, packing):
    data = PACKINGS[packing](TEXTS[name].encode())
    if packing == "plain":  # a line that is cut in its number is still a line
        data = data.rstrip(b"}\n") if name == "lookup" else data[:-1] + b" x y"
        cuts = [len(data)]
    else:
        cuts = [len(data) // 3, len(data) - 2]
    for cut in cuts:
        assert outcome(tmp_path, data[:cut], capsys) == 2


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("junk", [b"\x00", b"\xff", b"{", b'"', b"\x93NUMPY"])
def test_damaged_files_are_refused_or_read_but_never_fail_otherwise(
    tmp_path, capsys, name, junk
):
    data = TEXTS[name].encode()
    assert outcome(tmp_path, junk + data, capsys) in (0, 2)
    middle = data[: len(data) // 2]
    assert outcome(tmp_path, middle + junk, capsys) in (0, 2)


def test_a_cut_zstandard_file_is_refused(tmp_path, capsys):
    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, "zstd") as packed:
        packed.write(TEXTS["trec-run"].encode())
    data = stream.getvalue().to_pybytes()
    assert outcome(tmp_path, data[:-3], capsys) == 2
