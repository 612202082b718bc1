import gc
import gzip
import threading
import weakref
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.read.source import HEAD, Source
from rankbound.read.text.blocks import AHEAD, WORKERS, ahead, blocks, in_order, is_short
from tests.rankbound.files import refusal, written


@given(st.lists(st.sampled_from([b"a", b"bc", b"\n"])), st.integers(1, 7))
def test_blocks_are_the_text_cut_behind_records(parts, size):
    text = b"".join(parts)
    found = list(blocks(Source(Path("x"), content=text), end=b"\n", size=size))
    assert b"".join(found) == text
    assert all(block.endswith(b"\n") for block in found[:-1])
    assert all(found)


def test_blocks_reject_damage_where_it_is_reached(tmp_path):
    whole = gzip.compress(b"".join(b"%d\n" % n for n in range(800_000)))
    path = written(tmp_path, whole[: len(whole) // 2])
    found = []

    def read(path):
        found.extend(blocks(Source(path), end=b"\n", size=1000))

    assert "truncated or damaged" in refusal(read, path)
    assert found[0].startswith(b"0\n1\n")


def test_ahead_leaves_no_thread_behind_when_it_is_not_read_to_the_end():
    before = threading.active_count()
    closed = []

    def numbers():
        try:
            yield from count()
        finally:
            closed.append(True)

    inner = numbers()
    stream = ahead(-number for number in ahead(inner))
    assert [next(stream) for _ in range(3)] == [0, -1, -2]
    assert threading.active_count() == before + 2
    stream.close()
    assert threading.active_count() == before
    assert closed == [True]


def test_ahead_does_not_run_far_ahead_and_passes_errors_on():
    given_out = []

    def numbers():
        for number in range(9):
            given_out.append(number)
            yield 1 / (5 - number)

    stream = ahead(numbers())
    assert next(stream) == 1 / 5
    assert len(given_out) <= AHEAD + 2
    with pytest.raises(ZeroDivisionError):
        list(stream)
    assert given_out == [0, 1, 2, 3, 4, 5]


def test_ahead_passes_on_what_is_false():
    assert list(ahead(item for item in [0, None, b""])) == [0, None, b""]


def test_in_order_keeps_the_order_and_does_not_run_far_ahead():
    given_out = []

    def items():
        for number in count():
            given_out.append(number)
            yield number

    stream = in_order(lambda number: -number, items())
    assert [next(stream) for _ in range(5)] == [(n, -n) for n in range(5)]
    assert len(given_out) <= 5 + WORKERS
    stream.close()


def test_in_order_passes_an_error_on():
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda number: 1 // number, [1, 0, 2]))


def no_more(_):
    raise RuntimeError("can't start new thread")


def test_items_come_where_there_can_be_no_more_threads(monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", no_more)
    closed = []

    def numbers():
        try:
            yield from count()
        finally:
            closed.append(True)

    stream = ahead(numbers())
    assert [next(stream), next(stream)] == [0, 1]
    stream.close()
    assert closed == [True]
    assert list(in_order(abs, [-1, 2, -3])) == [(-1, 1), (2, 2), (-3, 3)]
    stream = in_order(lambda number: 1 // number, [1, 0, 2])
    assert next(stream) == (1, 1)
    with pytest.raises(ZeroDivisionError):
        next(stream)


def test_a_short_file_starts_no_thread(monkeypatch):
    def refuse(_):
        raise AssertionError("a thread was started")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert list(ahead((n for n in range(3)), short=True)) == [0, 1, 2]
    assert is_short(Source(Path("x"), content=b"x" * (HEAD - 1)))
    assert not is_short(Source(Path("x"), content=b"x" * HEAD))


def test_an_error_does_not_hold_on_to_itself():
    class BrokenError(Exception):
        pass

    def broken():
        yield 1
        raise BrokenError

    def caught():
        try:
            list(ahead(broken()))
        except BrokenError as error:
            return weakref.ref(error)

    gc.collect()
    gc.disable()
    try:
        assert caught()() is None
    finally:
        gc.enable()
