"""Kill a process at every call that changes a name; print what each kill left.

``python -m tests.rankbound.kills WHERE`` writes results of a second generation over
those of a first, in one child process for each call, and for each side of the call. A
child dies without a word, as by SIGKILL. Standard output has one JSON object a line.
"""

import json
import os
import sys
import warnings
from functools import partial
from pathlib import Path

from rankbound.errors import UsageError
from rankbound.writing import Replacing, settle, write_all

CALLS = ("link", "mkdir", "rename", "replace", "rmdir", "unlink")
OLD = {"a": "old", "b": "old", "stale": "old"}
# The call before which the first of three files is new, and the others are old
BETWEEN = 8
TEXTS = {"a": "new", "b": "new", "c": "new", "stale": None}


def listed(folder):
    return {
        path.relative_to(folder).as_posix(): path.is_dir() or path.read_text()
        for path in folder.rglob("*")
    }


def killed(work, at, *, after):
    """Run work in a child that dies at a call, or after it; whether it came to that."""
    with warnings.catch_warnings():  # where jax was loaded, it warns of threads
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        calls = 0

        def dying(real):
            def call(*args, **options):
                nonlocal calls
                calls += 1
                dies = calls == at
                if dies and not after:
                    os._exit(9)
                try:
                    return real(*args, **options)
                finally:
                    if dies:
                        os._exit(9)

            return call

        for name in CALLS:
            setattr(os, name, dying(getattr(os, name)))
        try:
            work()
        except UsageError:
            os._exit(2)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def write(folder):
    write_all(folder, TEXTS, Replacing(force=True))


def main(where):
    for state in ("fresh", "empty", "earlier", "settling"):
        for after in (False, True):
            code, at = 9, 0
            while code == 9:
                at += 1
                root = where / f"{state}-{after}-{at}"
                folder = root / "out"
                root.mkdir()
                if state != "fresh":
                    folder.mkdir()
                if state in ("earlier", "settling"):
                    write_all(folder, OLD)
                work = write
                if state == "settling":  # a second kill, while the first is mended
                    killed(partial(write, folder), BETWEEN, after=False)
                    work = settle
                code = killed(partial(work, folder), at, after=after)
                at_once = listed(root)
                settle(folder)
                settled = listed(root)
                write(folder)
                said = {"state": state, "after": after, "at": at, "code": code}
                said |= {"at_once": at_once, "settled": settled, "again": listed(root)}
                print(json.dumps(said))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
