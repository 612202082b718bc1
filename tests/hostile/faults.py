"""Let every call that opens, writes, syncs or renames fail once, in a whole command.

``python -m tests.hostile.faults [COMMAND ...]`` runs each command once. Wherever it
calls the file layer, the process forks: in each child the call fails with another
error, or the process is killed there, in a copy of the folder of its own, and the
command goes on to its end. What is left must be the old results or the new ones, and
blocks of finished tiles only where the next run goes on with them. The
row of each command in the documentation is written when it has ended; not so with
``--quick``, which leaves out all errors but the full disk.
"""

import builtins
import errno
import io
import json
import os
import re
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from rankbound import engine, writing
from rankbound.cli import main as program
from tests.hostile.running import HIDDEN, base, record, state

SHOWN = Path(__file__).resolve().parents[2] / "docs" / "measured" / "faults.md"
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
KILL = 0
CALLS = ("fsync", "link", "mkdir", "open", "rename", "replace", "rmdir", "unlink")
# What failed while a folder was tidied may leave it to the next run
TIDYING = ("unlink", "rmdir", "open", "fsync")
# A command that is explored takes long, and says how far it is
# Groups of a tile, so that the small files have several
TILE = 6
HOW_FAR = re.compile(r"^rankbound: (\d+ min )?\d+ s: .*\n", re.M)
MODELS = "--teacher t.json --teacher-kind logit"
STUDENT = "--student s=s.run --student-kind logit"
# What is run before, for the old results, and what is run then
COMMANDS = {
    "measure": (
        f"measure {MODELS} --out out",
        f"measure {MODELS} {STUDENT} --out out",
    ),
    "compare": (
        f"compare {MODELS} --groups a=g.jsonl b=h.jsonl --resamples 0 --out out",
        f"compare {MODELS} --groups a=g.jsonl b=h.jsonl --resamples 0 --delta 0.1 "
        "--out out",
    ),
    "validate": tuple(
        f"validate {MODELS} {STUDENT} --qrels judged.qrels --permutations 99 "
        f"--resamples {resamples} --splits 2 --out out"
        for resamples in (200, 210)
    ),
    "cut": tuple(
        f"cut {MODELS} --groups g.jsonl --keep inner --delta {delta} --out out"
        for delta in (0.05, 0.1)
    ),
    "sample": tuple(
        f"sample {MODELS.split(' --')[0]} --qrels judged.qrels --sampling random "
        f"--size 3 --seed {seed} --out out/drawn.jsonl --json out/drawn.json --force"
        for seed in (1, 2)
    ),
    "convert": tuple(
        f"convert {name} out/made.scores.parquet --force"
        for name in ("t.json", "s.run")
    ),
    "convert-vectors": tuple(
        f"convert {name}.npy out/made.npy --ids {name}.ids --force" for name in "vq"
    ),
    "figures": (
        "figures --from comparison --out out --format svg",
        "figures --from power --out out --format svg",
    ),
    # One of a ledger says in itself which inputs of it could not be read
    "report": (
        "report ledger --out out/page.html",
        "report power --out out/page.html",
    ),
}

ON_RESULTS = ("compare", "figures", "report")


@dataclass
class Layer:
    """Calls to the file layer below a folder; `meet` is told before each of them."""

    root: str
    meet: object
    real: dict = field(default_factory=dict)

    def __enter__(self):
        for name in CALLS:
            self.real[name] = getattr(os, name)
            setattr(os, name, self._call(name, self.real[name]))
        self.real["io"] = io.open
        io.open = builtins.open = self._open
        self.real["table"], pq.write_table = pq.write_table, self._table
        self.real["mkdtemp"], tempfile.mkdtemp = tempfile.mkdtemp, self._mkdtemp
        return self

    def __exit__(self, *_):
        for name in CALLS:
            setattr(os, name, self.real[name])
        io.open = builtins.open = self.real["io"]
        pq.write_table, tempfile.mkdtemp = self.real["table"], self.real["mkdtemp"]

    def ours(self, path):
        if isinstance(path, int):
            return True
        # Not resolved: what a link leads to is another matter
        return os.path.abspath(path).startswith(self.root)  # noqa: PTH100

    def _call(self, name, real):
        def call(path, *words, **options):
            if options.get("dir_fd") is not None or self.ours(path):
                self.meet(name, path)
            return real(path, *words, **options)

        return call

    def _open(self, path, mode="r", *words, **options):
        if isinstance(path, int) or not self.ours(path):
            return self.real["io"](path, mode, *words, **options)
        self.meet("open", path)
        if not set(mode) & set("wxa+"):
            return self.real["io"](path, mode, *words, **options)
        binary = mode.replace("b", "").replace("t", "") + "b"
        stream = io.BufferedWriter(_Raw(path, binary, self.meet))
        if "b" in mode:
            return stream
        named = dict(zip(("buffering", "encoding", "errors", "newline"), words))  # noqa: B905
        named = {**named, **options}
        named.pop("buffering", None)
        return io.TextIOWrapper(stream, **named)

    def _table(self, table, path, **options):
        """Arrow writes by itself, so that the whole file counts as one call."""
        self.meet("open", path)
        self.real["table"](table, path, **options)
        self.meet("write", path)

    def _mkdtemp(self, *words, **options):
        return os.path.relpath(self.real["mkdtemp"](*words, **options))


class _Raw(io.FileIO):
    def __init__(self, path, mode, meet):
        super().__init__(path, mode.replace("b", ""))
        self._meet = meet

    def write(self, content):
        self._meet("write", self.name)
        return super().write(content)


class Explorer:
    """Forks at each call; children fail there, and end in a copy of the folder."""

    def __init__(self, where, errors, line):
        self.where, self.errors, self.line = where, errors, line
        self.child, self.busy = None, False
        self.points = 0
        self.calls = Counter()
        self.said = where.parent / "said"
        self.said.mkdir()

    def meet(self, name, path):
        if self.child is not None or self.busy:
            return
        self.busy = True
        self.points += 1
        self.calls[name] += 1
        for error in self.errors:
            copy = self.where.parent / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            places = _copied(self.where, copy)
            child = os.fork()
            if child == 0:
                self.child = (name, error)
                _move_to(copy, places)
                if error == KILL:
                    self.end(-9, "")
                raise OSError(error, os.strerror(error), path)
            os.waitpid(child, 0)
            if _blocks(state(copy)):
                self.go_on(copy, self.said / f"{self.points}-{error}.again")
        self.busy = False

    def go_on(self, copy, place):
        """Run the command once more, where blocks were left."""
        child = os.fork()
        if child == 0:
            os.chdir(copy)
            self.child = ("again", KILL)
            code, said = _run(self.line)
            with io.FileIO(place, "w") as stream:
                ended = {"code": code, "errors": said, "left": state(copy)}
                stream.write(json.dumps(ended).encode())
            os._exit(0)
        os.waitpid(child, 0)

    def end(self, code, errors):
        """Leave word of how a child ended."""
        name, error = self.child
        found = {"call": name, "error": error, "code": code, "errors": errors}
        found["left"] = state(Path.cwd())
        for folder in [Path(), *(path for path in Path().glob("*/"))]:
            writing.settle(folder)
        found["settled"] = state(Path.cwd())
        place = self.said / f"{self.points}-{error}.json"
        with io.FileIO(place, "w") as stream:
            stream.write(json.dumps(found).encode())
        os._exit(0)


def _copied(where, copy):
    """Copy a folder; where each of its folders is now, by its inode.

    Files are the same ones under other names, since a journal knows them by their
    inodes, except those that are being written.
    """
    opened = {os.fstat(int(name)).st_ino for name in _descriptors()}
    shutil.copytree(
        where,
        copy,
        symlinks=True,
        copy_function=lambda one, other: (
            shutil.copy2 if Path(one).stat().st_ino in opened else os.link
        )(one, other),
    )
    places = {}
    for path in [where, *where.rglob("*")]:
        if path.is_dir():
            places[path.stat().st_ino] = copy / path.relative_to(where)
    return places


def _move_to(copy, places):
    """Let this process have everything that is open in the folder open in the copy."""
    where = Path.cwd()
    for number in map(int, _descriptors()):
        try:
            target = Path(f"/proc/self/fd/{number}").readlink()
            inside = target.relative_to(where)
        except (OSError, ValueError):
            continue
        flags = int(re.search(r"flags:\s+(\d+)", _info(number))[1], 8)
        opened = os.open(copy / inside, flags & ~(os.O_CREAT | os.O_EXCL | os.O_TRUNC))
        if not (copy / inside).is_dir():
            os.lseek(opened, os.lseek(number, 0, os.SEEK_CUR), os.SEEK_SET)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(copy)
    for key, held in [*writing._held.items()]:
        status = places[key[1]].stat()
        writing._held[status.st_dev, status.st_ino, key[2]] = held


def _descriptors():
    """Descriptors that are open, as the system names them."""
    found = []
    for name in [path.name for path in Path("/proc/self/fd").iterdir()]:
        try:
            os.fstat(int(name))
        except OSError:  # the one that listed them
            continue
        found.append(name)
    return found


def _info(number):
    with io.FileIO(f"/proc/self/fdinfo/{number}") as stream:
        return stream.read().decode()


def explored(lines, where, errors, *, earlier):
    """Every fault of a command; promises that it breaks, in words, and the counts."""
    engine.TILE, engine.KEPT_EVERY = TILE, 0.0
    first, line = lines
    # Once before, so that no child has to import anything
    shutil.copytree(where, where.with_name("warm"))
    with chdir(where.with_name("warm")):
        Path("out").mkdir(exist_ok=True)
        _run(line)
    with chdir(where):
        if "out/" in line:
            Path("out").mkdir()
        if earlier and _run(first)[0] != 0:
            return [f"without old results: {_run(first)[1]}"], 0, Counter()
        old = state(where)
        explorer = Explorer(where, errors, line)
        with Layer(str(where), explorer.meet):
            code, said = _run(line)
            if explorer.child is not None:
                explorer.end(code, said)
        new = state(where)
        faults = [] if code == 0 else [f"without a fault: {said}"]
    said = sorted(explorer.said.glob("*.json"))
    for place in said:
        found = json.loads(place.read_text())
        again = place.with_suffix(".again")
        if again.exists():
            found["again"] = json.loads(again.read_text())
        what = f"{found['call']} {place.stem}"
        faults += [
            f"{what}: {fault}" for fault in broken(found, _listed(old), _listed(new))
        ]
    missing = explorer.points * len(errors) - len(said)
    if missing:
        faults.append(f"{missing} children ended without a word")
    return faults, explorer.points, explorer.calls


def _run(line):
    said, shown = io.StringIO(), io.StringIO()
    with redirect_stderr(said), redirect_stdout(shown):
        try:
            code = program(line.split())
        except Exception as error:
            return 1, f"Traceback: {error!r}"
    return code, said.getvalue()


def _listed(found):
    """As JSON has it."""
    return {name: [*entry] for name, entry in found.items()}


def _blocks(found):
    """Names of folders of blocks, and of what is in them."""
    return {name for name in found if ".blocks" in name}


def broken(found, old, new):
    """Promises that a fault breaks."""
    said = HOW_FAR.sub("", found["errors"])
    if found["code"] not in (-9, 0, 2):
        yield f"ended with {found['code']}: {said}"
    if found["code"] == 2 and not re.fullmatch("rankbound: error: .*\n", said):
        yield f"says {said!r}"
    if found["code"] == 0 and found["left"] != new and found["call"] not in TIDYING:
        yield "ended with 0, and the new results are not there"
    blocks = _blocks(found["settled"])
    whole = {n: kind for n, kind in found["settled"].items() if n not in blocks}
    settled = whole
    if found["code"] == -9 or blocks:  # a kill may leave a folder that is empty
        settled = {
            n: kind for n, kind in settled.items() if n in old or kind != ["folder"]
        }
    if settled not in (old, new) and whole not in (old, new):
        yield f"mixes old and new: {_difference(whole, old, new)}"
    yield from _of_blocks(found, blocks, old, new)
    hidden = [name for name in found["left"] if any(mark in name for mark in HIDDEN)]
    if hidden and found["code"] != -9 and found["call"] not in TIDYING:
        yield f"leaves {', '.join(hidden)}"


def _of_blocks(found, blocks, old, new):
    """Promises of finished tiles, and of the run that goes on with them."""
    if blocks and found["code"] == 0 and found["call"] not in TIDYING:
        yield f"ended with 0, and leaves {', '.join(sorted(blocks))}"
    again = found.get("again", {"code": 0, "left": new})
    if (again["code"], again["left"]) != (0, new):
        yield (
            f"the next run ended with {again['code']}: {again['errors']}"
            f"{_difference(again['left'], old, new)}"
        )


def _difference(found, old, new):
    names = {name for name in {*found, *old, *new} if found.get(name) != new.get(name)}
    said = []
    for name in sorted(names):
        is_old = found.get(name) == old.get(name)
        what = "gone" if name not in found else "old" if is_old else "other"
        said.append(f"{name} is {what}")
    return ", ".join(said)


HEAD = (
    "| command | calls | faults and kills | broken promises | kinds of calls |\n"
    "| --- | ---: | ---: | ---: | --- |\n"
)


def main(*names):
    """Explore commands; the exit code is 1 where a promise is broken."""
    say = sys.stdout.write
    quick = "--quick" in names
    names = [name for name in names if name != "--quick"]
    errors = (errno.ENOSPC, KILL) if quick else (*ERRORS, KILL)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        root = Path(folder).resolve()
        for results in {name in ON_RESULTS for name in names or COMMANDS}:
            made = partial(base, root / f"base-{results}", results=results)
            _in_child(made, root / "made.json")
        for name in names or COMMANDS:
            counts, broken_here, calls = Counter(), 0, Counter()
            for earlier in (False, True):
                where = root / f"{name}-{earlier}" / "work"
                shutil.copytree(root / f"base-{name in ON_RESULTS}", where)
                faults, points, met = _in_child(
                    partial(explored, COMMANDS[name], where, errors, earlier=earlier),
                    where.with_name("found.json"),
                )
                counts["points"] += points
                calls += Counter(met)
                broken_here += len(faults)
                for fault in faults:
                    say(f"{name}, {'earlier' if earlier else 'no'} results: {fault}\n")
            ends = counts["points"] * len(errors)
            kinds = ", ".join(f"{n} {call}" for call, n in sorted(calls.items()))
            numbers = f"{counts['points']} | {ends} | {broken_here} | {kinds}"
            row = f"| {name} | {numbers} |\n"
            say(row)
            sys.stdout.flush()
            if not quick:
                record(SHOWN, "Made by `make faults`:", HEAD, COMMANDS, row)
            wrong += broken_here
    return int(wrong > 0)


def _in_child(work, place):
    """What work gives, done in a child, so that its imports stay there.

    A process that has imported little forks faster.
    """
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            place.write_text(json.dumps(work(), default=str))
        except BaseException:
            traceback.print_exc()
            os._exit(70)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"{place}: a child ended with {status}")
    return json.loads(place.read_text())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
