import gzip
import threading
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.read.source import HEAD, Source
from rankbound.read.text.blocks import WORKERS, blocks, in_order, is_short
from tests.rankbound.files import refusal, written


def iter_of(*items):
    yield from items


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


def test_in_order_leaves_no_thread_behind_when_it_is_not_read_to_the_end(new_threads):
    closed = []

    def numbers():
        try:
            yield from count()
        finally:
            closed.append(True)

    stream = in_order(lambda number: -number, numbers())
    assert [next(stream) for _ in range(3)] == [(0, 0), (1, -1), (2, -2)]
    assert new_threads()
    stream.close()
    assert not new_threads()
    assert closed == [True]


def test_in_order_raises_an_error_of_the_items_after_what_came_before():
    def numbers():
        yield from range(5)
        raise OSError("damaged")

    stream = in_order(abs, numbers())
    assert [next(stream)[0] for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(OSError, match="damaged"):
        next(stream)
    with pytest.raises(ZeroDivisionError):  # as it comes first in the file
        list(in_order(lambda number: 1 // (4 - number), numbers()))


def test_in_order_keeps_the_order_and_does_not_run_far_ahead():
    given_out = []

    def items():
        for number in count():
            given_out.append(number)
            yield number

    stream = in_order(lambda number: -number, items())
    assert [next(stream) for _ in range(5)] == [(n, -n) for n in range(5)]
    assert len(given_out) <= 5 + 2 * WORKERS
    stream.close()


def test_in_order_passes_an_error_on():
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda number: 1 // number, iter_of(1, 0, 2)))


def no_more(_):
    raise RuntimeError("can't start new thread")


def test_items_come_where_there_can_be_no_more_threads(monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", no_more)
    assert list(in_order(abs, iter_of(-1, 2, -3))) == [(-1, 1), (2, 2), (-3, 3)]
    stream = in_order(lambda number: 1 // number, iter_of(1, 0, 2))
    assert next(stream) == (1, 1)
    with pytest.raises(ZeroDivisionError):
        next(stream)


def test_a_short_file_starts_no_thread(monkeypatch):
    def refuse(_):
        raise AssertionError("a thread was started")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert list(in_order(abs, iter_of(0, -1), short=True)) == [(0, 0), (-1, 1)]
    assert is_short(Source(Path("x"), content=b"x" * (HEAD - 1)))
    assert not is_short(Source(Path("x"), content=b"x" * HEAD))
