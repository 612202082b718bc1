"""The engine: the same bytes whoever computes, whatever is killed, in any order."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rankbound.commands.measure.given
import rankbound.memory
import rankbound.read.text.blocks
import rankbound.threads
from rankbound import engine
from rankbound.bounds.errors import DomainError
from rankbound.cli import main
from rankbound.commands.computing import computing
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.engine import (
    Blocks,
    Identity,
    over_tiles,
    pieces,
    running,
    tiles,
)
from rankbound.errors import UsageError
from rankbound.threads import share_out
from tests.optional import only_deep
from tests.rankbound import resuming
from tests.rankbound.half_sent import half_sent


@dataclass(frozen=True)
class Sums:
    """One sum for each group, and one for each tile."""

    of_group: np.ndarray
    of_tile: np.ndarray


def sums(
    groups: Groups, rows: np.ndarray, each: np.ndarray, *, vectors=None, plus=0
) -> Sums:
    """Sums by a loop."""
    bounds = zip(groups.offsets[:-1], groups.offsets[1:], strict=True)
    found = [float(sum(rows[a:b])) + plus for a, b in bounds]
    if vectors is not None:
        found = [one + float(vectors.take(np.array([0]))[0, 0]) for one in found]
    return Sums(np.array(found) * each, np.array([float(rows.sum())]))


@dataclass(frozen=True)
class Part:
    """What a piece may be given in one setting."""

    numbers: np.ndarray
    name: str = ""


def added(*, parts: tuple[Part, ...], by_name: dict[str, np.ndarray]) -> Sums:
    """A sum of all numbers, and their count."""
    held = [*(part.numbers for part in parts), *by_name.values()]
    total = sum(float(one.sum()) for one in held)
    return Sums(np.array([total]), np.array([sum(len(one) for one in held)]))


def part_of(number, name=""):
    return {
        "parts": (Part(np.arange(number), name), Part(np.ones(2))),
        "by_name": {"x": np.array([0.5])},
    }


def added_of(given):
    asked = [partial(added, **settings) for settings in given]
    made = pieces(asked, total=len(given), what="sums", unit="parts")
    return [one.of_group.item() for one in made]


def failing(groups: Groups, rows: np.ndarray, each: np.ndarray) -> Sums:
    if (rows > 0).all():
        raise DomainError("all rows are above 0")
    return sums(groups, rows, each)


def some_groups(count, rng):
    sizes = rng.integers(1, 5, count)
    return Groups(
        queries=np.arange(count),
        qids=strings([f"q{n}" for n in range(count)]),
        offsets=np.concatenate([[0], np.cumsum(sizes)]),
        codes=np.zeros(int(sizes.sum()), dtype=np.int64),
        docnos=strings(["d"]),
    )


@pytest.fixture
def data(monkeypatch):
    monkeypatch.setattr(engine, "TILE", 10)
    monkeypatch.setattr(engine, "KEPT_EVERY", 0.0)
    rng = np.random.default_rng(0)
    groups = some_groups(35, rng)
    rows, each = rng.normal(size=len(groups.codes)), rng.normal(size=35)
    return groups, rows, each


def expected(groups, rows, each):
    return [
        sum(rows[groups.offsets[n] : groups.offsets[n + 1]].tolist()) * each[n]
        for n in range(groups.n_groups)
    ]


def identity():
    return Identity(settings={"a": "1"}, inputs={"t.run": "12"}, versions={"x": "1"})


def kept_in(folder, said=identity):
    return Blocks(folder / ".measure.blocks", said)


def stopped(blocks, data, *, n_tiles, error=KeyboardInterrupt):
    """A run that ends in an error after so many tiles."""
    groups, rows, each = data
    kind = error if isinstance(error, type) else type(error)
    with suppress(kind), running(blocks=blocks):
        made = tiles(sums, groups, rows, each=(each,))
        for _ in range(n_tiles):
            next(made)
        raise error


def test_tiles_are_joined_in_order(data):
    groups, rows, each = data
    found = over_tiles(sums, groups, rows, each=(each,))
    np.testing.assert_allclose(found.of_group, expected(*data), rtol=1e-12)
    assert len(found.of_tile) == 4
    starts = groups.offsets[[0, 10, 20, 30, 35]]
    loops = [rows[a:b].sum() for a, b in pairwise(starts)]
    np.testing.assert_array_equal(found.of_tile, loops)


def test_a_killed_run_computes_only_what_is_missing(data, tmp_path):
    groups, rows, each = data
    whole = over_tiles(sums, groups, rows, each=(each,))
    stopped(kept_in(tmp_path), data, n_tiles=2)
    (place,) = tmp_path.iterdir()
    names = {path.name for path in place.iterdir()}
    assert len(names) == 3
    assert engine.MANIFEST in names
    damaged = sorted(place.glob("*.npz"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-30])
    before = {path: path.stat().st_mtime_ns for path in place.glob("*.npz")}
    with running(blocks=kept_in(tmp_path)):
        again = over_tiles(sums, groups, rows, each=(each,))
        assert len([*place.glob("*.npz")]) == 4
        kept = [p for p, when in before.items() if p.stat().st_mtime_ns == when]
        assert len(kept) == 1  # the damaged one was computed again
    np.testing.assert_array_equal(again.of_group, whole.of_group)
    assert not [*tmp_path.iterdir()]


def test_tiles_of_a_second_make_a_block_and_so_do_the_last_ones(
    data, tmp_path, monkeypatch
):
    """What was done in a second is lost with a killed process, but not by Ctrl-C."""
    monkeypatch.setattr(engine, "KEPT_EVERY", 3600.0)
    groups, rows, each = data
    whole = over_tiles(sums, groups, rows, each=(each,))
    stopped(kept_in(tmp_path), data, n_tiles=2)
    (place,) = tmp_path.iterdir()
    assert len([*place.glob("*.npz")]) == 1
    computed = []
    task = engine.Task.done
    monkeypatch.setattr(
        engine.Task, "done", lambda one: computed.append(one) or task(one)
    )
    with running(blocks=kept_in(tmp_path)):
        again = over_tiles(sums, groups, rows, each=(each,))
        same = over_tiles(sums, groups, rows, each=(each,))
    assert len(computed) == 2
    np.testing.assert_array_equal(again.of_group, whole.of_group)
    np.testing.assert_array_equal(same.of_group, whole.of_group)


def test_blocks_of_other_numbers_settings_or_vectors_are_not_taken(data, tmp_path):
    groups, rows, each = data
    folder = tmp_path / "out"
    folder.mkdir()
    first = Embeddings(strings(["d"]), np.ones((1, 1)), "first")
    np.save(tmp_path / "v.npy", np.full((1, 1), 5.0))
    other = Embeddings(strings(["d"]), np.load(tmp_path / "v.npy", mmap_mode="r"))
    with running(blocks=kept_in(folder)):
        for change in (
            {},
            {"plus": 1},
            {"vectors": first},
            {"vectors": other},
        ):
            found = over_tiles(sums, groups, rows, each=(each,), **change)
            more = change.get("plus", 0)
            if "vectors" in change:
                more = float(change["vectors"].vectors[0, 0])
            wanted = np.array(expected(*data)) + more * each
            np.testing.assert_allclose(found.of_group, wanted, rtol=1e-12)
        found = over_tiles(sums, groups, 2 * rows, each=(each,))
        np.testing.assert_allclose(found.of_group, 2 * np.array(expected(*data)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings": {"a": "2"}}, "`a` was 1, and is 2"),
        ({"inputs": {"t.run": "13"}}, r"t\.run has changed since"),
        ({"settings": {"a": "None"}}, "`a` was 1, and is not given"),
        (
            {"inputs": {"t.run": "12", "s.run": "1"}},
            r"s\.run was not there, and is there",
        ),
        ({"inputs": {}}, r"t\.run was an input, and is not there now"),
        ({"versions": {"x": "2"}}, "x was version 1, and is 2"),
    ],
)
def test_a_change_is_refused_with_the_reason(data, tmp_path, change, said):
    stopped(kept_in(tmp_path), data, n_tiles=4)
    same = {name: getattr(identity(), name) for name in identity().__struct_fields__}

    def changed():
        return Identity(**(same | change))

    with (
        pytest.raises(UsageError, match=said),
        running(blocks=kept_in(tmp_path, changed)),
    ):
        pass
    assert [*tmp_path.iterdir()]
    with running(blocks=kept_in(tmp_path, changed), fresh=True):
        assert not [*tmp_path.iterdir()]


def test_folders_of_others_are_left_alone(tmp_path):
    place = tmp_path / ".measure.blocks"
    place.mkdir()
    (place / "thesis.tex").write_text("mine")
    for fresh in (False, True):
        blocks = kept_in(tmp_path)
        with (
            pytest.raises(UsageError, match="something else"),
            running(blocks=blocks, fresh=fresh),
        ):
            pass
    (place / "thesis.tex").unlink()
    (place / "part.npz").write_text("of a run that was killed")
    with running(blocks=kept_in(tmp_path)):
        assert not place.exists()


def test_pieces_of_a_killed_run_are_found_again(tmp_path, monkeypatch):
    """Those of other arrays are not, wherever the arrays stand in the settings."""
    monkeypatch.setattr(engine, "KEPT_EVERY", 0.0)
    given = [part_of(number) for number in (3, 4, 5)]
    with suppress(KeyboardInterrupt), running(blocks=kept_in(tmp_path)):
        asked = [partial(added, **settings) for settings in given]
        made = pieces(asked, total=3, what="sums", unit="parts")
        assert [next(made).of_group.item(), next(made).of_group.item()] == [5.5, 8.5]
        raise KeyboardInterrupt
    assert len([*(tmp_path / ".measure.blocks").glob("*.npz")]) == 2
    done = []
    task = engine.Task.done
    monkeypatch.setattr(engine.Task, "done", lambda one: done.append(one) or task(one))
    long = np.ones(3000)
    moved = np.where(np.arange(3000) == 1500, 2.0, long)  # where none prints it
    others = [
        {**part_of(4), "by_name": {"x": long}},
        {**part_of(4), "by_name": {"x": moved}},
        part_of(4, "other"),
        {**part_of(4), "by_name": {"x": np.array([1.5])}},
        {**part_of(4), "by_name": {"y": np.array([0.5])}},
        {**part_of(4), "parts": (Part(np.arange(4)[::-1]), Part(np.ones(2)))},
        {
            **part_of(4),
            "parts": (Part(np.arange(4)), Part(np.ones(2)), Part(np.ones(0))),
        },
    ]
    with running(blocks=kept_in(tmp_path)):
        assert added_of(given) == [5.5, 8.5, 12.5]
        assert len(done) == 1
        assert added_of(others) == [3008, 3009, 8.5, 9.5, 8.5, 8.5, 8.5]
        assert len(done) == 8
        with engine.unkept():
            assert added_of([part_of(6)]) == [17.5]
        assert len([*(tmp_path / ".measure.blocks").glob("*.npz")]) == 10
        assert added_of([part_of(6)]) == [17.5]
        assert len(done) == 10
    assert not [*tmp_path.iterdir()]


def test_a_mistake_leaves_nothing_and_a_full_disk_what_was_done(data, tmp_path):
    groups, rows, each = data
    with pytest.raises(DomainError, match="above 0"), running(blocks=kept_in(tmp_path)):
        over_tiles(
            failing,
            groups,
            np.where(np.arange(len(rows)) < 20, -1.0, 1.0),
            each=(each,),
        )
    assert not [*tmp_path.iterdir()]

    full = UsageError("cannot be written")
    full.__context__ = OSError(28, "No space left on device")
    stopped(kept_in(tmp_path), data, n_tiles=4, error=full)
    assert len([*(tmp_path / ".measure.blocks").glob("*.npz")]) == 4


def test_processes_give_the_same_and_failures_are_told_here(data):
    groups, rows, each = data
    whole = over_tiles(sums, groups, rows, each=(each,), plus=0.1)
    vectors = Embeddings(strings(["d"]), np.full((1, 1), 0.1), "held")
    with running(workers=2):
        shared = over_tiles(sums, groups, rows, each=(each,), plus=0.1)
        np.testing.assert_array_equal(shared.of_group, whole.of_group)
        mapped = over_tiles(sums, groups, rows, each=(each,), vectors=vectors)
        np.testing.assert_array_equal(mapped.of_group, whole.of_group)
        assert added_of([part_of(3), part_of(4)]) == [5.5, 8.5]
        some = np.where(np.arange(len(rows)) < 20, -1.0, 1.0)
        with pytest.raises(DomainError, match="above 0"):
            over_tiles(failing, groups, some, each=(each,))


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_of_a_process_that_is_killed_while_it_sends_the_rest_is_not_waited_for(
    monkeypatch,
):
    monkeypatch.setattr(engine, "ANSWER", 0.1)
    pool = engine._Processes(1)
    with pytest.raises(BrokenProcessPool):
        pool.submit(half_sent).result()
    pool.shutdown()


def noted(groups: Groups, rows: np.ndarray, each: np.ndarray, *, seen) -> Sums:
    seen.append(threading.get_ident())
    return sums(groups, rows, each)


def in_a_thread(groups: Groups, rows: np.ndarray, each: np.ndarray, *, seen) -> Sums:
    time.sleep(0.001)
    seen.append(threading.get_ident())
    mine = threading.get_ident()

    def here(parts):
        assert [*parts]
        assert threading.get_ident() == mine  # such a thread shares nothing out

    share_out(here, 4, at_once=1)
    return sums(groups, rows, each)


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("kept", [False, True])
def test_many_tiles_have_threads_and_are_joined_in_order(monkeypatch, tmp_path, kept):
    rng = np.random.default_rng(1)
    groups = some_groups(115, rng)
    rows, each = rng.normal(size=len(groups.codes)), rng.normal(size=115)
    whole = over_tiles(sums, groups, rows, each=(each,))
    monkeypatch.setattr(engine, "threads", lambda: 3)
    monkeypatch.setattr(rankbound.threads, "threads", lambda: 3)
    seen: list[int] = []
    with running(blocks=kept_in(tmp_path) if kept else None):
        shared = over_tiles(in_a_thread, groups, rows, each=(each,), seen=seen)
        assert len([*tmp_path.glob("*/*.npz")]) == (12 if kept else 0)
        with pytest.raises(DomainError, match="above 0"):
            over_tiles(failing, groups, np.abs(rows), each=(each,))
    np.testing.assert_array_equal(shared.of_group, whole.of_group)
    np.testing.assert_array_equal(shared.of_tile, whole.of_tile)
    assert len(seen) == 12
    assert 2 <= len({*seen}) <= 3
    assert threading.get_ident() not in seen
    monkeypatch.setattr(engine, "MOST_ROWS", 10)  # as if these tiles were large
    seen.clear()
    over_tiles(noted, groups, rows, each=(each,), seen=seen)
    assert {*seen} == {threading.get_ident()}


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_no_byte(tmp_path_factory, seed):
    """Nor does where columns lie; the ledger has the hashes of the inputs."""
    folder = tmp_path_factory.mktemp("orders")
    generator = np.random.default_rng(seed)
    found = []
    for name, order in (("as-made", None), ("shuffled", generator)):
        resuming.write_inputs(folder / name, queries=40, shuffled=order)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine, "TILE", 16)
            if order is not None:
                patch.setattr(rankbound.read.text.blocks, "IN_MEMORY", 100)
                patch.setattr(rankbound.memory, "LARGE", 100)
                patch.setattr(rankbound.commands.measure.given, "LONG", 1)
            patch.chdir(folder / name)
            assert main([*resuming.COMMANDS["measure"], "--out", "out"]) == 0
        found.append((folder / name / "out" / "per_query.tsv").read_bytes())
    assert found[0] == found[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes can be forked")
@pytest.mark.parametrize(
    "name", ["measure", "compare", pytest.param("validate", marks=only_deep)]
)
def test_a_killed_command_ends_with_the_same_bytes(tmp_path, name):
    """At the first, a middle and the last block; `make kills` has random moments."""
    resuming.write_inputs(tmp_path, queries=150)
    words = (*resuming.COMMANDS[name], "--out", "out")
    assert resuming.in_child(words, tmp_path)[0] in (0, 1)
    whole = resuming.files(tmp_path / "out")
    resuming.remove(tmp_path / "out")
    for at in (1, 4):
        code, _ = resuming.in_child(words, tmp_path, at=at)
        assert code == -signal.SIGKILL
        left = [*(tmp_path / "out").glob(".*.blocks/*.npz")]
        assert len(left) >= at
        assert not [*(tmp_path / "out").glob("*.json")]
    changed = (*words[:-2], "--seed", "5", *words[-2:])
    assert resuming.in_child(changed, tmp_path)[0] == 2
    assert resuming.in_child(words, tmp_path)[0] in (0, 1)
    assert resuming.files(tmp_path / "out") == whole


def test_a_cluster_gives_the_same_though_a_worker_is_killed(data, monkeypatch):
    distributed = pytest.importorskip("distributed")
    groups, rows, each = data
    whole = over_tiles(sums, groups, rows, each=(each,))
    monkeypatch.setattr(engine.Task, "done", None)  # this process is to do nothing
    code = "from distributed.cli.dask_worker import main; main()"
    with distributed.LocalCluster(
        n_workers=0, threads_per_worker=1, dashboard_address=None, processes=True
    ) as cluster:
        address = cluster.scheduler_address
        words = [sys.executable, "-c", code, address, "--nthreads", "1", "--no-nanny"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        workers = [
            subprocess.Popen(
                [*words, "--no-dashboard"],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(2)
        ]
        try:
            with distributed.Client(address) as client:
                client.wait_for_workers(2, timeout=60)
            with running(dask=address, version=engine._version()):
                made = tiles(sums, groups, rows, each=(each,))
                parts = [next(made)]
                workers[0].kill()
                parts += [*made]
            found = engine.joined(parts)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
    np.testing.assert_array_equal(found.of_group, whole.of_group)


class Vanished:
    """A cluster whose workers are gone: nobody ever answers."""

    def __init__(self, *, scheduler):
        self.scheduler, self.asked = scheduler, 0

    def nthreads(self):
        if not self.scheduler:
            raise OSError("connection refused")
        return {}

    def submit(self, *_, pure):
        assert not pure
        self.asked += 1
        return self

    def result(self, timeout):
        raise TimeoutError(f"nothing in {timeout} s")

    def done(self):
        return False

    def close(self):
        pass


@pytest.mark.parametrize("scheduler", [True, False])
def test_what_a_cluster_that_is_gone_was_asked_for_is_done_here(
    data, monkeypatch, scheduler
):
    groups, rows, each = data
    whole = over_tiles(sums, groups, rows, each=(each,))
    monkeypatch.setattr(engine, "WAIT", 0.05)
    client = Vanished(scheduler=scheduler)
    pool = object.__new__(engine._Cluster)
    pool._client, pool._alone_since, pool._lost = client, None, False
    who = engine.Running(None, lambda: pool, 2, "1", local=False)
    monkeypatch.setattr(engine, "_who", lambda *_: who)
    with running(dask="tcp://gone:1"):
        shared = over_tiles(sums, groups, rows, each=(each,))
        before = client.asked
        assert added_of([part_of(3)]) == [5.5]
    np.testing.assert_array_equal(shared.of_group, whole.of_group)
    assert client.asked == before  # it is not asked again
    assert (before > 0) == scheduler


def test_a_cluster_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(engine, "ANSWER", 0.5)
    with pytest.raises(UsageError, match=r"dask"), running(dask="tcp://127.0.0.1:9"):
        pass


def test_a_server_that_is_no_scheduler_is_told(monkeypatch):
    """Its words are an impossible length, or it says nothing at all."""
    pytest.importorskip("distributed")
    monkeypatch.setattr(engine, "ANSWER", 0.5)
    for said in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b""):
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=answering, args=(server, said))
            thread.start()
            start = time.monotonic()
            address = f"127.0.0.1:{server.getsockname()[1]}"
            with pytest.raises(UsageError, match=address), running(dask=address):
                pass
            assert time.monotonic() - start < 20
            server.shutdown(socket.SHUT_RDWR)
        thread.join()


def answering(server, said):
    """Answer everybody until the server is closed."""
    held = []
    with suppress(OSError):
        while True:
            held.append(server.accept()[0])
            held[-1].sendall(said)
    for one in held:
        one.close()


@pytest.mark.parametrize("address", ["", "host", "http://host:80"])
def test_an_address_that_none_can_have_is_refused_at_once(address):
    pytest.importorskip("distributed")
    start = time.monotonic()
    with pytest.raises(UsageError, match=r"dask"), running(dask=address):
        pass
    assert time.monotonic() - start < 20


def test_a_script_without_a_guard_is_run_once(tmp_path):
    """Also one that lies in no file."""
    code = """
import rankbound.engine as engine
from os import getpid
print("runs", flush=True)
with engine.running(workers=2):
    assert engine.ahead(getpid).result() != getpid()
"""
    script = tmp_path / "script.py"
    script.write_text(code)
    for words, said in (([script], None), (["-"], code)):
        done = subprocess.run(
            [sys.executable, *words],
            input=said,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "runs\n", "")


def test_a_file_of_vectors_that_was_replaced_is_read_anew(tmp_path):
    """By the workers of a cluster, which outlive a run."""
    path = tmp_path / "docs.npy"
    found = []
    for value in (1.0, 2.0):
        np.save(tmp_path / "new.npy", np.full((3, 2), value))
        (tmp_path / "new.npy").replace(path)
        os.utime(path, (value, value))
        held = Embeddings(strings(["a", "b", "c"]), np.load(path, mmap_mode="r"), "d")
        found.append(float(engine._Sent.of(held).opened().vectors[0, 0]))
    assert found == [1.0, 2.0]


def test_what_was_changed_in_a_private_map_counts(data, tmp_path):
    """The file does not have it, so that other processes must not map the file."""
    groups, rows, each = data
    np.save(tmp_path / "docs.npy", np.zeros((1, 1)))
    vectors = np.load(tmp_path / "docs.npy", mmap_mode="c")
    held = Embeddings(strings(["d"]), vectors, "held")
    task = engine.Task(sums, groups, (rows,), (each,), {"vectors": held}, {})
    before = task.digest("1")
    vectors += 0.1
    here = over_tiles(sums, groups, rows, each=(each,), vectors=held)
    with running(workers=2):
        shared = over_tiles(sums, groups, rows, each=(each,), vectors=held)
    np.testing.assert_array_equal(shared.of_group, here.of_group)
    plain = over_tiles(sums, groups, rows, each=(each,))
    assert not np.array_equal(here.of_group, plain.of_group)
    engine._content.cache_clear()
    assert task.digest("1") != before


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_command_that_is_stopped_removes_what_its_processes_needed(
    data, tmp_path, stop
):
    groups, rows, each = data
    vectors = Embeddings(strings(["d"]), np.full((1, 1), 0.1), "held")
    folder = tmp_path / "out"

    def run():
        with computing(Part(rows), name="measure", folder=folder, workers=2):
            over_tiles(sums, groups, rows, each=(each,), vectors=vectors)
            assert [*folder.glob(".writing-*/new/vectors*")]
            os.kill(os.getpid(), stop)
            time.sleep(60)

    # What runs in the background of a shell ignores Ctrl-C
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises((SystemExit, KeyboardInterrupt)) as ended:
            run()
    finally:
        signal.signal(signal.SIGINT, before)
    assert [path.name for path in folder.iterdir()] == [".measure.blocks"]
    if stop == signal.SIGTERM:
        assert ended.value.code == 143
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize("name", ["rename", "write_bytes"])
def test_a_disk_that_is_full_before_the_first_block_leaves_nothing(
    data, tmp_path, monkeypatch, name
):
    def full(*_):
        raise OSError(28, "No space left on device")

    groups, rows, each = data
    with monkeypatch.context() as patch:
        patch.setattr(Path, name, full)
        with (
            pytest.raises(OSError, match="No space"),
            running(blocks=kept_in(tmp_path)),
        ):
            over_tiles(sums, groups, rows, each=(each,))
    assert not [*tmp_path.iterdir()]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="there are no users")
def test_blocks_of_another_user_are_neither_taken_nor_removed(
    data, tmp_path, monkeypatch
):
    stopped(kept_in(tmp_path), data, n_tiles=4)
    before = {
        path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()
    }
    monkeypatch.setattr(os, "getuid", lambda: 1 + tmp_path.stat().st_uid)
    for fresh in (False, True):
        with (
            pytest.raises(UsageError, match="another user"),
            running(blocks=kept_in(tmp_path), fresh=fresh),
        ):
            pass
    assert len(before) == 5
    assert all(path.read_bytes() == content for path, content in before.items())


def test_of_two_runs_into_one_folder_the_second_is_refused(tmp_path):
    """While the first computes, whose blocks and results stay its own."""
    resuming.write_inputs(tmp_path, queries=150)
    words = (*resuming.COMMANDS["measure"], "--out", "out")
    keep, ended = engine.Blocks.keep, []

    def keeping(self, digest, made):
        keep(self, digest, made)
        if not ended:
            program = [sys.executable, "-m", "rankbound", *words]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
            ended.append(
                subprocess.run(
                    program,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
            )

    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(tmp_path):
        patch.setattr(engine, "TILE", resuming.TILE)
        patch.setattr(engine.Blocks, "keep", keeping)
        assert main([*words]) == 0
    (second,) = ended
    assert (second.returncode, second.stdout) == (2, "")
    assert "another run of rankbound writes there" in second.stderr
    assert not [*(tmp_path / "out").glob(".*")]


def test_blocks_behind_a_link_are_not_taken(data, tmp_path):
    stopped(kept_in(tmp_path), data, n_tiles=4)
    (tmp_path / ".measure.blocks").rename(tmp_path / "theirs")
    (tmp_path / ".measure.blocks").symlink_to(tmp_path / "theirs")
    for fresh in (False, True):
        with (
            pytest.raises(UsageError, match="something else"),
            running(blocks=kept_in(tmp_path), fresh=fresh),
        ):
            pass
    assert len([*(tmp_path / "theirs").glob("*.npz")]) == 4
