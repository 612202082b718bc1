"""Limits of what reading takes and of what a file may hold, and how a lack is told."""

import bz2
import gzip
import io
import itertools
import lzma
import subprocess
import sys
import threading
import tracemalloc
from functools import partial

import pyarrow as pa
import pytest

import rankbound as rb
from rankbound import memory
from rankbound.cli.program import main
from rankbound.errors import FormatError, UsageError
from rankbound.memory import (
    Budget,
    Watch,
    bounded_addresses,
    budget,
    check_json,
    has_long_number,
    lacks_memory,
    reading_within,
    size_from,
)
from rankbound.read import source as source_module
from rankbound.read.registry import read_any
from rankbound.read.source import Source
from tests.rankbound.read.bombs import BOMBS, HEADS, converted, packed

MIB = 1 << 20
QUICK = [bomb for bomb in BOMBS if bomb.quick]
ROWS = [f"q{n % 97} Q0 d{n} 1 {n / 7} t" for n in range(60_000)]


@pytest.mark.parametrize("bomb", QUICK, ids=[bomb.name for bomb in QUICK])
def test_what_is_too_long_or_too_deep_is_refused_in_one_line(bomb, tmp_path):
    path = tmp_path / bomb.name
    bomb.make(path)
    tracemalloc.start()
    with pytest.raises(FormatError) as caught:
        read_any(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 1700
    assert peak < 100 * MIB
    if bomb.name.endswith(".pkl"):
        assert "download" not in said  # it may be no damage, but a lack of memory


def test_a_process_that_reads_two_gigabytes_of_zeros_stays_small(tmp_path):
    path = tmp_path / "zeros.run.gz"
    packed(path, HEADS["run"], b"\0", 2 << 30, b"")
    found = converted(path)
    assert (found.code, found.said.count("\n")) == (2, 1)
    assert found.peak < 1024
    assert "unpacks to more than" in found.said


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GiB", 2**31),
        ("2 gib", 2**31),
        ("2G", 2**31),
        ("500MB", 500_000_000),
        ("1.5KiB", 1536),
        ("7", 7),
        (7, 7),
        ("3B", 3),
        ("1TB", 10**12),
    ],
)
def test_a_size_is_read_as_it_is_meant(text, size):
    assert size_from(text) == size


@pytest.mark.parametrize(
    "text",
    ["0", "", "GiB", "-1GiB", "1e9", "1XB", "nan", True, 1.5, None, 0, "9999999T"],
)
def test_what_is_no_size_is_refused(text):
    with pytest.raises(UsageError, match="`memory` must be a size above 0"):
        size_from(text)


def test_the_default_is_three_quarters_of_the_least_limit(tmp_path, monkeypatch):
    """Of control groups of both versions: their own, and those that they lie in."""
    said, root = tmp_path / "cgroup", tmp_path / "fs"
    for place, name, text in (
        ("", "memory.max", "max"),
        ("a", "memory.max", "5000000"),
        ("a/b", "memory.max", "7000000"),
        ("memory/x", "memory.limit_in_bytes", "4000000"),
        ("memory", "memory.limit_in_bytes", "9223372036854771712"),
    ):
        (root / place).mkdir(parents=True, exist_ok=True)
        (root / place / name).write_text(f"{text}\n")
    said.write_text("0::/a/b\n")
    assert sorted(memory._groups(said, root)) == [5_000_000, 7_000_000]
    said.write_text("3:cpu:/x\n4:memory:/x\n")
    assert memory._groups(said, root) == [4_000_000]
    # In a container, whose path is the host's
    said.write_text("4:cpu,memory:/docker/0123\n")
    (root / "memory" / "memory.limit_in_bytes").write_text("3000000\n")
    assert memory._groups(said, root) == [3_000_000]
    assert memory._groups(tmp_path / "none", root) == []
    monkeypatch.setattr(memory, "machine", lambda: 1000)
    assert budget() == Budget(750)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of addresses")
def test_a_limit_of_addresses_is_the_default():
    code = "from rankbound.memory import budget; print(budget().size)"
    words = ["sh", "-c", f"ulimit -v 4000000; exec {sys.executable} -c '{code}'"]
    ran = subprocess.run(words, capture_output=True, check=True, text=True)
    assert int(ran.stdout) == 4_000_000 * 1024 * 3 // 4


def test_memory_is_given_for_a_block_and_in_the_thread_that_gives_it():
    default = budget()
    seen = []
    with reading_within("1GiB"):
        assert (budget().size, budget().given) == (1 << 30, True)
        thread = threading.Thread(target=lambda: seen.append(budget()))
        thread.start()
        thread.join()
        with reading_within(None):
            assert budget().size == 1 << 30
    assert budget() == default == seen[0]
    assert Budget(100).part(3).size == 33


@pytest.fixture
def growing(monkeypatch):
    """Each look at the memory in use finds a MiB more.

    Memory that earlier tests gave back is used again, so that nothing would grow.
    """
    looks = itertools.count()
    monkeypatch.setattr(memory, "in_use", lambda: next(looks) << 20)


@pytest.mark.usefixtures("growing")
def test_a_reader_stops_at_the_memory_that_it_is_given(tmp_path):
    path = tmp_path / "large.run"
    path.write_text("\n".join(ROWS * 8))
    with pytest.raises(
        FormatError, match=r"of memory after .* were read, and the limit"
    ):
        read_any(path, memory="3MiB")
    whole = tmp_path / "whole.json"
    pairs = ",".join(f'["d{n}", {n}]' for n in range(120_000))
    whole.write_text(f'{{"q": [{pairs}]}}')
    for call in (
        lambda: rb.read_scores(whole, memory="1MiB"),
        lambda: rb.measure(whole, students={"s": whole}, memory="1MiB"),
    ):
        with pytest.raises(FormatError, match="the limit is 1 MiB; allow more"):
            call()
    assert len(rb.read_scores(whole, memory="500MiB").values) == 120_000


def test_a_file_that_cannot_be_held_is_not_begun(tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)  # a hole
    with reading_within("1GiB"), pytest.raises(FormatError) as caught:
        Source(path).data()
    assert "holding it takes 1 TiB of memory, and the limit is 1 GiB" in str(
        caught.value
    )


@pytest.mark.usefixtures("growing")
def test_the_command_line_gives_memory_and_names_the_option(tmp_path, capsys):
    path = tmp_path / "large.run"
    path.write_text("\n".join(ROWS * 4))
    line = ["convert", str(path), str(tmp_path / "x.json"), "--memory"]
    assert main([*line, "1MiB"]) == 2
    assert "allow more, as with --memory 1GiB" in capsys.readouterr().err
    assert main([*line, "x"]) == 2
    assert "--memory must be a size above 0" in capsys.readouterr().err
    assert main([*line, "300kB"]) == 2
    assert "--memory must be at least 1 MiB" in capsys.readouterr().err


PACKERS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": partial(lzma.compress, preset=0),
    "zst": partial(pa.compress, codec="zstd", asbytes=True),
}


@pytest.mark.parametrize("ending", PACKERS)
def test_a_packed_file_is_doubted_until_memory_is_given(ending, tmp_path, monkeypatch):
    """A blank line very often: over 40 times smaller, and all the same a run."""
    monkeypatch.setattr(memory, "FREE", 1 << 18)
    path = tmp_path / f"x.run.{ending}"
    path.write_bytes(PACKERS[ending](HEADS["run"] + b"\n" * 4 * MIB))
    with pytest.raises(FormatError, match=r"unpacks to more than .* over 40 times"):
        Source(path).data()
    with reading_within("100MiB"):
        assert len(Source(path).data()) > 4 * MIB
    with reading_within("2MiB"), pytest.raises(FormatError, match="unpacks to more"):
        Source(path).data()


def test_a_packed_file_is_doubted_by_what_was_read_of_it():
    """Not by its size, which a reader of lines would take a minute to reach."""
    watch = Watch(1 << 30, ValueError)
    watch.add(memory.FREE, 1)
    watch.add(39 * memory.FREE, memory.FREE)
    with pytest.raises(ValueError, match=r"from its first 16.* over 40 times as much"):
        watch.add(2 * memory.FREE, memory.FREE)
    Watch(1 << 30, ValueError).add(39 << 30)


def test_lack_of_memory_is_no_damage(tmp_path, monkeypatch):
    path = tmp_path / "x.run.bz2"
    path.write_bytes(bz2.compress(HEADS["run"]))
    for error in (
        MemoryError(),
        pa.ArrowMemoryError("malloc of size 99 failed"),
        OSError("ZSTD decompress failed: Allocation error : not enough memory"),
        OSError(12, "Cannot allocate memory"),
    ):
        assert lacks_memory(error)

        def read(*_, error=error):
            raise error

        with monkeypatch.context() as patched:
            patched.setattr(source_module._Bunzip, "read", read)
            with pytest.raises(FormatError, match="needs more memory") as caught:
                Source(path).data()
        assert "download" not in str(caught.value)
    assert not lacks_memory(OSError("Invalid data stream"))


class Endless(io.RawIOBase):
    """A pipe that never ends."""

    def read(self, size=-1):
        return bytes(size)


def test_an_endless_pipe_ends_with_the_memory():
    limit = "the limit is 40 MiB; allow more, as with `memory='1GiB'`"
    with reading_within("40MiB"), pytest.raises(FormatError, match=limit):
        source_module.Pipe("-", Endless).size()


def test_long_numbers_are_found_wherever_they_stand():
    for at in (0, 1, 2149, 2150, 2151, 4299, 9999):
        for size, found in ((4301, True), (2149, False)):
            text = b"x" * at + b"7" * size + b"x" * 3000
            assert has_long_number(text) == found
    check_json(b'{"text": "' + b"3" * 9000 + b'"}', ValueError)  # a text is no number
    with pytest.raises(FormatError, match="x:6: a number of 9,000 digits"):
        check_json(b'{"text":\n\n' + b"3" * 9000 + b"}", partial(FormatError, "x"), 4)


@pytest.mark.parametrize("size", [65_536, 65_537])
@pytest.mark.parametrize("name", ["run", "qrels", "tsv", "lookup", "groups.jsonl"])
def test_the_longest_id_is_read_and_no_longer_one(name, size, tmp_path):
    docno = "d" * size
    text = {
        "run": f"q Q0 e 1 2.5 t\nq Q0 {docno} 2 1.5 t\n",
        "qrels": f"q 0 e 1\nq 0 {docno} 0\n",
        "tsv": f"qid\tdocno\tscore\nq\te\t2.5\nq\t{docno}\t1.5\n",
        "lookup": f'{{"q": {{"{docno}": 2.5, "e": 1.5}}}}',
        "groups.jsonl": '{"query_id": "q", "doc_id_a": "e", "doc_id_b": ["'
        + docno
        + '"]}\n',
    }[name]
    path = tmp_path / name
    path.write_text(text)
    if size > 65_536:
        with pytest.raises(FormatError, match="an id of 65,537 characters"):
            read_any(path)
        return
    found = read_any(path)
    part = found.scores or found.qrels or found.groups
    assert docno in part.docnos.tolist()


def test_watch_counts_what_is_taken_beside_what_is_read(monkeypatch):
    held = [0]
    monkeypatch.setattr(memory, "in_use", lambda: held[0])
    watch = Watch(10, ValueError)
    watch.add(MIB)
    held[0] = 500 * MIB
    with pytest.raises(ValueError, match=r"took 500 MiB of memory after 2 MiB of it"):
        watch.add(MIB)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of addresses")
def test_addresses_are_bounded_in_the_block_alone():
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    with reading_within("80MiB"), bounded_addresses(), pytest.raises(MemoryError):
        bytearray(1 << 32)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
