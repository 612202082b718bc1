"""Run cases of the catalogue in children with limits, and tell what broke a promise."""

import ctypes
import gc
import hashlib
import importlib
import io
import os
import pkgutil
import re
import resource
import select
import shlex
import shutil
import signal
import sys
import time
import traceback
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.making import made, place

SECONDS = 10  # of the processor, as other programs may run
CLOCK = 30  # without the time in which other programs run instead
MEMORY = 1 << 30
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# What the interpreter prints, of an error or of one that it could not raise
TOLD = re.compile(
    r"^(?:Traceback \(|Exception ignored|Fatal Python|[A-Za-z.]*(?:Error|Exception): )",
    re.M,
)
LARGE = 1 << 26  # bytes of files that are compared by their size alone
HIDDEN = (".rankbound-", ".writing")
SAID = ("said.out", "said.err")


@dataclass(frozen=True)
class Ran:
    """How a case ended: the exit code, minus a signal, or None where it was stopped."""

    code: int | None
    shown: str
    errors: str
    seconds: float
    peak: float  # MiB
    faults: tuple[str, ...]


READ = ("cli", "read", "commands.convert", "commands.measure")
EVERY = ("cli", "commands", "read", "terminal", "drawing", "figures", "page")


def warm(parts=EVERY):
    """Import what commands load, so that no child does it again."""
    for part in parts:
        package = importlib.import_module(f"rankbound.{part}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)
    gc.collect()
    gc.freeze()


def base(folder, *, results=True):
    """Small files of every kind that fit each other, and results made of them."""
    from rankbound.cli import main
    from tests.rankbound.files import project
    from tests.rankbound.samples import RUNS, prepared

    folder.mkdir()
    if not results:
        project(folder)
        return folder
    prepared(folder)
    with chdir(folder):
        for kind in ("comparison", "validation", "inspection", "power"):
            line = RUNS[kind][0]
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                main(line.split())
    return folder


def run(case, where, prepared):
    """Run one case in a new folder.

    Parameters
    ----------
    case : tests.hostile.cases.Case
    where : Path
        A folder that does not exist; it is removed.
    prepared : Path
        What `base` made; copied where the case needs it.
    """
    try:
        if case.based:
            shutil.copytree(prepared, where)
        else:
            where.mkdir(parents=True)
        for name, spec in case.inputs.items():
            place(where / name, spec)
        (where.parent / "said.in").write_bytes(made(case.stdin))
        before = state(where)
        code, usage = _ended(case, where)
        said = [(where.parent / name).read_bytes() for name in SAID]
        shown, errors = (text.decode(errors="surrogateescape") for text in said)
        peak = usage.ru_maxrss / 1024
        seconds = usage.ru_utime + usage.ru_stime
        faults = broken(case, code, shown, errors, (before, state(where)), where)
        if seconds > SECONDS:
            faults.append(f"took {seconds:.0f} s")
        if peak > MEMORY >> 20:
            faults.append(f"took {peak:,.0f} MiB")
        return Ran(code, shown, errors, seconds, peak, tuple(faults))
    finally:
        for path in where.glob("**/"):
            path.chmod(0o700)
        shutil.rmtree(where, ignore_errors=True)


def _ended(case, where):
    child = os.fork()
    if child == 0:
        try:
            _child(case, where)
        finally:
            os._exit(70)
    pipe = os.pidfd_open(child)
    try:
        started, ready = time.monotonic(), []
        while not ready:
            ready, _, _ = select.select([pipe], [], [], 1)
            if not ready and time.monotonic() - started - _kept_waiting(child) > CLOCK:
                os.killpg(child, signal.SIGKILL)
                break
        _, status, usage = os.wait4(child, 0)
    finally:
        os.close(pipe)
    code = os.waitstatus_to_exitcode(status) if ready else None
    return code, usage


def _kept_waiting(process):
    """Seconds in which a process could have run, and other programs did."""
    try:
        said = [
            path.read_text()
            for path in Path(f"/proc/{process}/task").glob("*/schedstat")
        ]
    except OSError:
        return 0.0
    return max((int(text.split()[1]) / 1e9 for text in said), default=0.0)


def _child(case, where):
    os.setsid()
    os.chdir(where)
    for number, name in enumerate(("said.in", *SAID)):
        flags = os.O_RDONLY if number == 0 else os.O_RDWR | os.O_CREAT | os.O_TRUNC
        opened = os.open(where.parent / name, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    if case.shell:
        _limit(0)
        words = [sys.executable, "-m", "rankbound", *shlex.split(case.line)]
        root = Path(__file__).resolve().parents[2]
        os.environ["PYTHONPATH"] = str(root)
        os.execv("/bin/sh", ["sh", "-c", f"{shlex.join(words)} {case.shell}"])
    _limit(_mapped())
    os._exit(_code(case))


def _mapped():
    """Bytes of addresses that the parent had in use already."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _limit(already):
    # A process of its own maps about a GiB of libraries, too
    most = MEMORY + (already or 3 * MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _code(case):
    """Run the program in this process, as the interpreter would end it."""
    from rankbound.cli import main

    sys.stdin = io.TextIOWrapper(io.FileIO(0, "rb", closefd=False))
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(  # noqa: SIM115
        2, "w", encoding="utf-8", errors="backslashreplace", closefd=False
    )
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        code = main(case.words)
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL(None).fflush(None)
    return code


def state(folder):
    """What is in a folder: hashes of files, targets of links, kinds of the rest."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_file():
            size = path.stat().st_size
            small = size < LARGE
            content = hashlib.sha256(path.read_bytes()).hexdigest() if small else ""
            found[name] = ("file", size, content)
        else:
            found[name] = ("folder" if path.is_dir() else "special",)
    return found


def broken(case, code, shown, errors, states, where):
    """Promises that do not hold, in words."""
    return [
        *_of_its_end(case, code, shown, errors),
        *_of_its_files(case, code, *states),
        *(_mixed(where) if code in (0, 1) else ()),
    ]


def _of_its_end(case, code, shown, errors):
    if code != case.code:
        yield _wrong(code, case.code)
    if TOLD.search(errors) or "Traceback (" in shown:
        yield "shows a traceback"
    if not re.search(case.words_said, f"{errors}\n{shown}"):
        yield f"does not say {case.words_said!r}"
    if CONTROLS.search(errors + shown):
        yield "prints control characters"
    mistaken = code == 2 and not case.shell
    if mistaken and not re.fullmatch("rankbound: error: .*\n", errors):
        yield "does not say its mistake in one line"
    if mistaken and shown:
        yield "prints results beside a mistake"


def _wrong(code, wanted):
    if code is None:
        return f"was stopped, after {CLOCK} s"
    if code < 0:
        return f"died of signal {-code}"
    return f"ended with {code}, not {wanted}"


def _of_its_files(case, code, before, after):
    changed = {name for name in before if after.get(name) != before[name]}
    changed -= {*case.replaced}
    if changed:
        yield f"changed {', '.join(sorted(changed))}"
    new = after.keys() - before.keys()
    if code in (0, 1):  # what is written is written in whole
        new = {name for name in new if any(mark in name for mark in HIDDEN)}
    if new:
        yield f"left {', '.join(sorted(new))}"


def _mixed(where):
    """Results that are not of one run, by the manifests beside them."""
    from rankbound.errors import FormatError
    from rankbound.manifest import Manifest, check

    found = []
    for path in where.rglob("rankbound.manifest.json"):
        try:
            for kind, entry in Manifest.of(path.parent).results.items():
                check(path.parent, kind, entry.outputs)
        except FormatError as error:
            found.append(f"mixes runs: {error}")
    return found


def record(place, begin, head, names, row):
    """Put a row into a table of the documentation, in the place of an earlier one.

    Parameters
    ----------
    place : Path
    begin : str
        What stands above the table.
    head : str
        The names of its columns, and the line below them.
    names : sequence of str
        What rows may begin with, in their order.
    row : str
    """
    text = place.read_text(encoding="utf-8") if place.exists() else ""
    rows = {line.split("|")[1].strip(): line for line in [*text.splitlines(), row]
            if line.startswith("| ")}  # fmt: skip
    kept = [rows[name].strip() + "\n" for name in names if name in rows]
    place.parent.mkdir(exist_ok=True)
    place.write_text(f"{begin}\n\n{head}{''.join(kept)}", encoding="utf-8")
