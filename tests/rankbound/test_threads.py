"""rankbound.threads: every part is done once, errors are raised, limits are kept."""

import threading
import time

import pytest

from rankbound import threads


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize(("count", "at_once"), [(0, 3), (1, 3), (7, 3), (40, 1)])
def test_every_row_is_done_once_in_parts_that_do_not_depend_on_threads(
    monkeypatch, workers, count, at_once
):
    monkeypatch.setattr(threads, "threads", lambda: workers)
    starts = range(0, count, at_once)
    wanted = min(workers, len(starts))
    done, names = [], set()
    all_of_them = threading.Barrier(max(wanted, 1), timeout=60)

    def work(parts):
        for part in parts:
            done.append((part.start, part.stop))
            if threading.get_ident() not in names:
                names.add(threading.get_ident())
                all_of_them.wait()

    threads.share_out(work, count, at_once=at_once)
    assert sorted(done) == [(at, min(at + at_once, count)) for at in starts]
    assert len(names) == wanted


def test_an_error_of_any_thread_ends_the_work_and_is_raised(monkeypatch, new_threads):
    monkeypatch.setattr(threads, "threads", lambda: 3)
    done = []

    def work(parts):
        for part in parts:
            done.append(part)
            time.sleep(0.001)
            if part.start == 5:
                raise ValueError("the sixth part")

    with pytest.raises(ValueError, match="sixth"):
        threads.share_out(work, 1000, at_once=1)
    assert len(done) < 1000
    assert not new_threads()


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, 4),
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "2,1"}, 2),
        ({"OPENBLAS_NUM_THREADS": "1"}, 1),
        ({"OMP_NUM_THREADS": "", "OPENBLAS_NUM_THREADS": "2"}, 2),
        ({"OMP_NUM_THREADS": "many"}, 4),
        ({"OMP_NUM_THREADS": "64"}, 4),
    ],
)
def test_the_environment_limits_threads(monkeypatch, limits, expected):
    monkeypatch.setattr(threads, "cores", lambda: 4)
    for name in threads.LIMITS:
        monkeypatch.delenv(name, raising=False)
    for name, value in limits.items():
        monkeypatch.setenv(name, value)
    assert threads.threads() == expected
