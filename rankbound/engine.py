"""Work on many groups: tile by tile, by one process, by several, or by a cluster.

A tile is a fixed number of groups, one after another. What a pure function makes of a
tile depends on nothing else, so results have the same bytes whoever computes them and
in whatever order. Finished tiles are kept in a folder, where one is given, by a digest
of all that they were computed from: a run that was killed finds them again. Those of a
second make a block, which is a file.

Work that is not by groups is a tile, too, as a piece: a function of arrays that takes
seconds or minutes, such as the permutations of a student's queries.

Commands say once how they run (`running`); the functions that compute terms of groups
call `tiles` or `over_tiles`, others call `pieces`, and both know nothing of folders and
processes.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import lru_cache, partial
from inspect import signature
from multiprocessing import get_context, parent_process
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol, TypeVar, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.errors import FormatError, UsageError
from rankbound.progress import counting
from rankbound.threads import one_of_several, threads

Made = TypeVar("Made")
Array = NDArray[Any]
# Groups of a tile. Numbers may depend on it in their last digits, so it never changes
TILE: Final = 2048
AHEAD: Final = 2  # tiles that wait for each process
# Fewer tiles for each thread are shared out within, as one would have none at the end,
# and so are larger ones, whose parts are long enough, and which take memory
FEW: Final = 4
MOST_ROWS: Final = 2**18
KEPT_EVERY: Final = 1.0  # seconds between two blocks, the most that a kill can lose
ANSWER: Final = 10.0  # seconds for a scheduler to answer
WAIT: Final = 60.0  # and for its first worker to come
# What a folder of blocks is called, after the name of its command
SUFFIX: Final = ".blocks"
MANIFEST: Final = "blocks.json"
BLOCK: Final = ".npz"
SCHEMA: Final = "rankbound.blocks/1"
# How hidden folders of the writer begin, which the next run removes
HIDDEN: Final = ".writing-"
SCRIPT: Final = "__main__"
# Read by the libraries when they are loaded, so set before a process begins
THREADS: Final = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "POLARS_MAX_THREADS"),
)


# What the functions that compute terms call


@dataclass(frozen=True, slots=True)
class Task:
    """One tile of some work, or a piece.

    Attributes
    ----------
    work : callable
        A function of a module. It takes the groups, then `rows` and `each`, then
        `settings` by name, and gives a dataclass of arrays.
    groups : Groups or None
        Those of the tile; a piece has none, and its work takes settings alone.
    rows : tuple of arrays, each of shape (n_rows, ...)
    each : tuple of arrays, each of shape (n_groups, ...)
    settings : dict
        Numbers, texts, None, arrays, `Embeddings`, and tuples, dicts and dataclasses of
        these.
    hints : dict
        Further settings that may change what is left out of the result, as it cannot
        matter, but nothing that is made of it. They are no part of the digest.
    """

    work: Callable[..., Any]
    groups: Groups | None
    rows: tuple[Array, ...]
    each: tuple[Array, ...]
    settings: Mapping[str, object]
    hints: Mapping[str, object]

    def done(self) -> Any:
        """What the work makes of the tile."""
        first = () if self.groups is None else (self.groups,)
        return self.work(*first, *self.rows, *self.each, **self.settings, **self.hints)

    def digest(self, version: str) -> str:
        """What the result depends on, as 32 hexadecimal digits."""
        said = [version, self.work.__module__, self.work.__qualname__]
        said += [f"{name}={_said(value)}" for name, value in self.settings.items()]
        made = hashlib.blake2b("\0".join(said).encode(), digest_size=16)
        groups = self.groups
        of_groups = () if groups is None else (groups.sizes, groups.positive)
        for array in (*of_groups, *self.rows, *self.each):
            if array is None:
                made.update(b"-")
                continue
            _add(made, array)
        return made.hexdigest()

    def to_send(self) -> Task:
        """The same for another process, without ids and vectors."""
        groups = self.groups
        if groups is None:
            return self
        plain = Groups(
            queries=np.zeros(groups.n_groups, dtype=np.int64),
            qids=strings([""]),
            offsets=groups.offsets,
            codes=np.zeros(len(groups.codes), dtype=np.int64),
            docnos=strings([""]),
            positive=groups.positive,
            name=groups.name,
        )
        settings = {
            name: _Sent.of(value) if isinstance(value, Embeddings) else value
            for name, value in self.settings.items()
        }
        return replace(self, groups=plain, settings=settings)


def tiles(
    work: Callable[..., Made],
    groups: Groups,
    *rows: Array,
    each: tuple[Array, ...] = (),
    hints: Callable[[], Mapping[str, object]] = dict,
    what: str = "sums",
    **settings: Any,
) -> Iterator[Made]:
    """What a function makes of each tile, in their order.

    Parameters
    ----------
    work, groups, each, settings
        As in `Task`.
    *rows : arrays
    hints : callable
        Gives the hints of a tile when it is begun.
    what : str
        What progress counts the groups as.

    Yields
    ------
    dataclass of arrays
    """
    starts = range(0, groups.n_groups, TILE)
    if len(starts) <= 1:
        yield work(groups, *rows, *each, **settings, **hints())
        return

    def tasks() -> Iterator[Task]:
        for start in starts:
            some = slice(start, min(start + TILE, groups.n_groups))
            inside = slice(*groups.offsets[[some.start, some.stop]].tolist())
            yield Task(
                work,
                groups.between(some),
                tuple(one[inside] for one in rows),
                tuple(one[some] for one in each),
                settings,
                hints(),
            )

    with counting(what, groups.n_groups, "groups", whole=True) as reached:
        many = len(starts) >= FEW * threads()
        many = many and len(groups.codes) <= MOST_ROWS * len(starts)
        for place, made in enumerate(_running.get().done(tasks(), many=many), 1):
            reached(min(place * TILE, groups.n_groups))
            yield made


def pieces(
    given: Iterable[partial[Made]],
    *,
    total: int,
    what: str,
    unit: str,
) -> Iterator[Made]:
    """What is made of each piece of some work, in their order.

    Parameters
    ----------
    given : iterable of partial
        The work of each piece with its settings, as in `Task`; random numbers come from
        a seed among these. The next one is taken when it is begun.
    total : int
        How many there are.
    what, unit : str
        What progress counts, and in which unit.

    Yields
    ------
    dataclass of arrays

    Examples
    --------
    >>> from rankbound.validation.distances import moved_products
    >>> orders = np.array([[0, 1, 2], [1, 0, 2]])
    >>> work = partial(moved_products, x=np.arange(3.0), y=np.arange(3.0))
    >>> [made] = pieces([partial(work, orders=orders)], total=1, what="", unit="parts")
    >>> made.ratios.round(6).tolist()
    [1.0, 0.7]
    """
    tasks = (Task(one.func, None, (), (), one.keywords, {}) for one in given)
    with counting(what, total, unit) as reached:
        for place, made in enumerate(_running.get().done(tasks), 1):
            reached(place)
            yield made


@contextmanager
def unkept() -> Iterator[None]:
    """Keep no tile in the block: for those that are sooner computed than read.

    Examples
    --------
    >>> with unkept():
    ...     pass
    """
    made = _running.get()
    before, made.keeps = made.keeps, False
    try:
        yield
    finally:
        made.keeps = before


def over_tiles(
    work: Callable[..., Made], groups: Groups, *rows: Array, **settings: Any
) -> Made:
    """What a function makes of all groups, whose arrays are those of the tiles joined.

    Arguments are those of `tiles`.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> from rankbound.estimators.group_terms import teacher_terms_of_tile
    >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 1.0}})
    >>> groups = top_documents(scores, depth=2)
    >>> found = over_tiles(teacher_terms_of_tile, groups, np.zeros(2), pairs="all")
    >>> found.entropy.round(6).tolist()
    [0.693147]
    """
    return joined([*tiles(work, groups, *rows, **settings)])


def joined(parts: list[Made]) -> Made:
    """One dataclass with the arrays of several, one after another."""
    first: Any = parts[0]
    if len(parts) == 1:
        return cast(Made, first)
    return cast(
        Made,
        type(first)(
            **{
                one.name: np.concatenate([getattr(part, one.name) for part in parts])
                for one in fields(first)
            }
        ),
    )


# Vectors of another process


@dataclass(frozen=True, slots=True)
class _Sent:
    """Where vectors lie, for a process that maps them, too."""

    path: str
    dtype: str
    shape: tuple[int, int]
    offset: int
    by_column: bool
    name: str
    # Workers of a cluster outlive the file, which may be another one by the next run
    size: int
    changed: int

    @classmethod
    def of(cls, embeddings: Embeddings) -> _Sent:
        vectors, offset = _mapped(embeddings.vectors)
        path = Path(str(vectors.filename)).absolute()
        status = path.stat()
        return cls(
            path=str(path),
            size=status.st_size,
            changed=status.st_mtime_ns,
            dtype=vectors.dtype.str,
            shape=cast("tuple[int, int]", vectors.shape),
            offset=offset,
            by_column=not vectors.flags.c_contiguous,
            name=embeddings.name,
        )

    def opened(self) -> Embeddings:
        return _opened(self)


@lru_cache(8)
def _opened(sent: _Sent) -> Embeddings:
    if Path(sent.path).stat().st_size != sent.size:
        raise OSError(f"{sent.path}: not the file that was sent")
    vectors = np.memmap(
        sent.path,
        sent.dtype,
        "r",
        sent.offset,
        sent.shape,
        "F" if sent.by_column else "C",
    )
    # Rows are chosen by number here; whoever sent them names what is wrong
    return Embeddings(cast(Any, range(sent.shape[0])), vectors, sent.name)


# Files that vectors in memory were written to, by the identity of the array
_WRITTEN: Final[dict[int, tuple[Array, np.memmap[Any, Any]]]] = {}


def _mapped(vectors: Array) -> tuple[np.memmap[Any, Any], int]:
    """Vectors as a map of a whole file, written to one if needed, and their offset."""
    found = _offset(vectors)
    if found is not None and (vectors.flags.c_contiguous or vectors.flags.f_contiguous):
        return cast("np.memmap[Any, Any]", vectors), found
    held = _WRITTEN.get(id(vectors))
    if held is None:
        path = _running.get().space() / f"vectors-{len(_WRITTEN)}.npy"
        np.save(path, vectors)
        held = _WRITTEN[id(vectors)] = vectors, np.load(path, mmap_mode="r")
    return held[1], held[1].offset


def _offset(vectors: Array) -> int | None:
    """Where a map begins in its file; None for vectors that no file holds like that."""
    if not isinstance(vectors, np.memmap) or vectors.filename is None:
        return None
    if vectors.mode == "c":  # what was changed in it is in memory alone
        return None
    base = vectors
    while isinstance(base.base, np.memmap):
        base = base.base
    return int(base.offset + vectors.ctypes.data - base.ctypes.data)


def _add(made: Any, array: Array) -> None:
    """Add an array to what is being hashed."""
    made.update(f"{array.dtype.str}{array.shape}".encode())
    made.update(np.ascontiguousarray(array).data)


def _said(value: Any) -> str:
    """A setting as a text that differs where its content may."""
    if isinstance(value, Embeddings):
        return _said_of_vectors(value)
    if isinstance(value, np.ndarray):
        made = hashlib.blake2b(digest_size=16)
        _add(made, value)
        return made.hexdigest()
    parts = value
    if is_dataclass(value):
        parts = {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(parts, Mapping):
        parts = tuple(parts.items())
    if isinstance(parts, tuple):
        said = "".join(f"{_said(one)}, " for one in parts)
        return f"{type(value).__qualname__}({said})"
    return repr(value)


def _said_of_vectors(value: Embeddings) -> str:
    vectors, offset = value.vectors, _offset(value.vectors)
    if offset is None:
        return _content(_Same(vectors))
    path = Path(str(cast("np.memmap[Any, Any]", vectors).filename))
    status = path.stat()
    where = offset, vectors.dtype.str, vectors.shape, vectors.strides
    return f"{path} {status.st_size} {status.st_mtime_ns} {where}"


class _Same:
    """An array, which is equal to itself alone."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __hash__(self) -> int:
        return id(self.array)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.array is other.array


@lru_cache(1)
def _content(held: _Same) -> str:
    made = hashlib.blake2b(f"{held.array.dtype.str}{held.array.shape}".encode())
    for start in range(0, len(held.array), TILE):
        made.update(np.ascontiguousarray(held.array[start : start + TILE]).data)
    return made.hexdigest()


# How a command runs


class Identity(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema"):
    """What the blocks of a folder were computed from.

    Attributes
    ----------
    settings : dict of str to str
        Each setting as a text, by the name of its parameter.
    inputs : dict of str to str
        The hash of each input, by its path or name.
    versions : dict of str to str
        Of the program and the libraries that its numbers come from.
    """

    settings: dict[str, str]
    inputs: dict[str, str]
    versions: dict[str, str]

    def difference(self, other: Identity) -> str | None:
        """The first difference of what `other` says, in words; None without one."""
        for name in sorted({*self.settings, *other.settings}):
            ours, theirs = self.settings.get(name), other.settings.get(name)
            if ours != theirs:
                was, now = (_in_words(one) for one in (theirs, ours))
                return f"`{name}` was {was}, and is {now}"
        for name in sorted({*self.inputs, *other.inputs}):
            if name not in other.inputs or name not in self.inputs:
                is_new = name not in other.inputs
                was = "not there, and is" if is_new else "an input, and is not"
                return f"{name} was {was} there now"
            if self.inputs[name] != other.inputs[name]:
                return f"{name} has changed since"
        for name in sorted({*self.versions, *other.versions}):
            new, old = self.versions.get(name, "none"), other.versions.get(name, "none")
            if new != old:
                return f"{name} was version {old}, and is {new}"
        return None


def _in_words(setting: str | None) -> str:
    return "not given" if setting in (None, "None", "") else str(setting)


class _Manifest(Identity, frozen=True, kw_only=True, tag=SCHEMA):
    """An identity as it stands in a file."""


@dataclass(slots=True)
class Blocks:
    """Finished tiles in a folder, which appears with the first of them.

    Attributes
    ----------
    folder : Path
    identity : callable
        Gives what they are computed from; called once, for the first block.
    make_way : bool
        Whether blocks of another run are removed instead of refused.
    """

    folder: Path
    identity: Callable[[], Identity]
    make_way: bool = False
    _begun: bool = False
    # Tiles that are in no file yet, the time of the first, and those of the last block
    # that was read
    _new: dict[str, object] = field(default_factory=dict)
    _since: float = 0.0
    _read: dict[str, dict[str, Array]] = field(default_factory=dict)

    def begin(self) -> None:
        """Make the folder, with its manifest; see that an earlier one is ours."""
        if self._begun:
            return
        made = self.identity()
        text = msgspec.json.encode(
            _Manifest(
                settings=made.settings, inputs=made.inputs, versions=made.versions
            )
        )
        if not self.folder.is_dir():
            place = self.folder.parent
            with tempfile.TemporaryDirectory(prefix=HIDDEN, dir=place) as part:
                new = Path(part, "new")
                new.mkdir()
                (new / MANIFEST).write_bytes(text)
                new.rename(self.folder)
        self._begun = True

    def check(self) -> None:
        """Raise if blocks of another run lie there; remove what is damaged.

        Raises
        ------
        UsageError
            Saying what differs, or that the folder is none of ours.
        """
        if not os.path.lexists(self.folder):
            return
        found = manifest_of(self.folder) if _are_ours(self.folder) else None
        if found is None:
            self.restart()
            return
        because = self.identity().difference(found)
        if because is not None and self.make_way:
            self.restart()
            return
        if because is not None:
            raise UsageError(
                f"{self.folder}: holds unfinished work of another run: {because}; run "
                "it as it was to go on, or start anew with `fresh`"
            )
        self._begun = True

    def remove(self) -> None:
        """Remove all blocks, if they are ours."""
        if _are_ours(self.folder):
            shutil.rmtree(self.folder)

    def restart(self) -> None:
        """Remove all blocks; raise `UsageError` if anything else lies among them."""
        self.remove()
        if os.path.lexists(self.folder):
            raise UsageError(
                f"{self.folder}: unfinished work would be kept there, and it belongs "
                "to another user, cannot be read, or holds something else; move it away"
            )

    def found(self, digest: str, kind: type[Made]) -> Made | None:
        """A tile that was finished earlier; None if there is none, or it is damaged."""
        if digest in self._new:
            return cast(Made, self._new[digest])
        if self._begun and digest not in self._read:
            self._read = self._block_of(digest)
        held = self._read.get(digest)
        with suppress(TypeError):  # a block may lack a part
            return None if held is None else kind(**held)
        return None

    def _block_of(self, digest: str) -> dict[str, dict[str, Array]]:
        """The arrays of each tile of the block that begins with this one."""
        path = self.folder / f"{digest}{BLOCK}"
        made: dict[str, dict[str, Array]] = {}
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as held:
                for name in held.files:
                    tile, _, part = name.partition(".")
                    made.setdefault(tile, {})[part] = held[name]
        except FileNotFoundError:
            return self._read
        except (OSError, ValueError, zipfile.BadZipFile, EOFError):
            path.unlink(missing_ok=True)
            return {}
        return made

    def keep(self, digest: str, made: Any) -> None:
        """Keep a finished tile: in a file before long."""
        now = time.monotonic()
        if not self._new:
            self._since = now
        self._new[digest] = made
        if now - self._since >= KEPT_EVERY:
            self.write()

    def write(self) -> None:
        """Write what is in no file yet as a block, whole or not at all."""
        if not self._new:
            return
        self.begin()
        part = self.folder / f"part{BLOCK}"
        packed = io.BytesIO()
        held = {
            f"{digest}.{one.name}": getattr(made, one.name)
            for digest, made in self._new.items()
            for one in fields(cast(Any, made))
        }
        np.savez(packed, **held)
        try:
            part.write_bytes(packed.getbuffer())
            part.replace(self.folder / f"{next(iter(self._new))}{BLOCK}")
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        self._new.clear()


def manifest_of(folder: Path) -> Identity | None:
    """What a folder of blocks was computed from; None if it does not say."""
    try:
        text = (folder / MANIFEST).read_bytes()
        return msgspec.json.decode(text, type=_Manifest)
    except (OSError, msgspec.DecodeError):
        return None


def _are_ours(folder: Path) -> bool:
    """Whether nothing but blocks of this user lies in a folder."""
    with suppress(OSError):
        if folder.is_symlink() or not folder.is_dir():
            return False
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            return False
        return all(
            path.name == MANIFEST or path.suffix == BLOCK for path in folder.iterdir()
        )
    return False


class _Pool(Protocol):
    """Processes of this machine, or of a cluster."""

    def submit(self, work: Callable[..., Any], *given: Any) -> Any: ...

    def shutdown(self) -> None: ...

    def abandon(self) -> None: ...


@dataclass(slots=True)
class Running:
    """How tiles are computed and kept.

    Attributes
    ----------
    blocks : Blocks or None
        Where finished ones are kept.
    start : callable
        Starts the processes; None where this one does all.
    workers : int
        How many there are.
    version : str
        Of the program.
    local : bool
        Whether they are processes of this machine.
    keeps : bool
        Whether tiles are kept now.
    """

    blocks: Blocks | None = None
    start: Callable[[], _Pool] | None = None
    workers: int = 1
    version: str = ""
    local: bool = True
    keeps: bool = True
    _pool: _Pool | None = None
    _space: Path | None = None
    _kinds: dict[Callable[..., Any], type] = field(default_factory=dict)

    def done(self, tasks: Iterator[Task], *, many: bool = False) -> Iterator[Any]:
        """What is made of tasks, in their order; `many` may have a thread each."""
        waiting: deque[tuple[Task, str, Any]] = deque()
        apart = many and self.start is None and threads() > 1
        ahead = 0 if self.start is None else AHEAD * self.workers
        with ThreadPoolExecutor(threads()) as pool:
            for task in tasks:
                kept = self.blocks is not None and self.keeps
                digest = task.digest(self.version) if kept else ""
                begun = self._begun(task, digest, pool if apart else None)
                waiting.append((task, digest, begun))
                if len(waiting) > (threads() if apart else ahead):
                    yield self._ended(*waiting.popleft())
            while waiting:
                yield self._ended(*waiting.popleft())

    def _begun(self, task: Task, digest: str, pool: ThreadPoolExecutor | None) -> Any:
        """What was kept of a task, or what will be its result; None to do it here.

        The threads of `pool` do it, if there are any, or else other processes.
        """
        kind = kind_of(task.work)
        if self.blocks is not None and digest:
            kept = self.blocks.found(digest, kind)
            if kept is not None:
                return kept
        if pool is not None:
            return pool.submit(copy_context().run, _done_apart, task)
        if self.start is None:
            return None
        try:
            if self._pool is None:
                self._pool = self.start()
            return self._pool.submit(_sent_done, task.to_send())
        except Exception:  # no process can be started, or the cluster is gone
            return None

    def ahead(self, work: Callable[..., Any], *given: Any) -> Any:
        """A future of work that another process of this machine does meanwhile."""
        if self.start is None or not self.local:
            return None
        try:
            if self._pool is None:
                self._pool = self.start()
            return self._pool.submit(work, *given)
        except (OSError, RuntimeError):  # no further process can be started
            return None

    def _ended(self, task: Task, digest: str, begun: Any) -> Any:
        if is_dataclass(begun):
            return begun
        made = None
        if begun is not None:
            # A process was killed, or the work failed, which is then told here
            with suppress(Exception):
                made = begun.result()
        if made is None:
            made = task.done()
        if self.blocks is not None and digest:
            self.blocks.keep(digest, made)
        return made

    def space(self) -> Path:
        """A folder for what other processes need."""
        if self._space is None:
            where = None if self.blocks is None else self.blocks.folder.parent
            self._space = Path(tempfile.mkdtemp(prefix=HIDDEN, dir=where))
            (self._space / "new").mkdir()
        return self._space / "new"

    def end(self, *, at_once: bool = False) -> None:
        """End the processes, and remove what they needed."""
        if self._pool is not None:
            if at_once:
                self._pool.abandon()
            self._pool.shutdown()
        _WRITTEN.clear()
        if self._space is not None:
            shutil.rmtree(self._space, ignore_errors=True)


def kind_of(work: Callable[..., Any]) -> type[Any]:
    """The dataclass that a function says it gives."""
    return cast("type[Any]", signature(work, eval_str=True).return_annotation)


def _done_apart(task: Task) -> Any:
    """A task in one of several threads."""
    with one_of_several():
        return task.done()


def _sent_done(task: Task) -> Any:
    """A task in another process; None where it fails, so that its sender does it."""
    settings = {
        name: value.opened() if isinstance(value, _Sent) else value
        for name, value in task.settings.items()
    }
    try:
        return replace(task, settings=settings).done()
    except Exception:
        return None


_running: ContextVar[Running] = ContextVar("_running", default=Running())  # noqa: B039  it is not changed


@contextmanager
def running(
    *,
    blocks: Blocks | None = None,
    workers: int = 1,
    dask: str | None = None,
    fresh: bool = False,
    version: str = "",
) -> Iterator[None]:
    """Say how tiles are computed in the block.

    Blocks are removed at the end, and after a mistake of the user; they stay where the
    run was stopped by anything else.

    Parameters
    ----------
    blocks : Blocks, optional
        Where finished tiles are kept.
    workers : int
        Processes of this machine, with one thread each.
    dask : str, optional
        The address of a scheduler of dask, whose workers do the tiles instead.
    fresh : bool
        Remove the blocks of an earlier run first.
    version : str
        Of the program, on which all results depend.

    Raises
    ------
    UsageError
        When blocks of another run lie there, or the cluster does not answer.
    """
    if blocks is not None:
        if fresh:
            blocks.restart()
        blocks.check()
    made = _who(blocks, workers, dask, version)
    token = _running.set(made)
    stays, stopped = True, False
    try:
        yield
        stays = False
    except (KeyboardInterrupt, SystemExit):  # SIGTERM becomes the second
        stopped = True
        raise
    except (UsageError, DomainError, FormatError) as error:
        # A full disk or a file that vanished changes nothing of what was asked for
        stays = isinstance(error.__context__, OSError)
        raise
    finally:
        _running.reset(token)
        made.end(at_once=stopped)
        if blocks is not None:
            if stays:
                with suppress(OSError):  # the run ends by an error already
                    blocks.write()
            else:
                blocks.remove()


def _who(
    blocks: Blocks | None, workers: int, dask: str | None, version: str
) -> Running:
    """Who computes; a cluster is asked at once, so that it is known to answer."""
    if dask is not None:
        pool = _Cluster(dask, version)
        return Running(blocks, lambda: pool, pool.workers, version, local=False)
    start = partial(_Processes, workers) if workers > 1 else None
    return Running(blocks, start, workers, version)


def ahead(work: Callable[..., Any], *given: Any) -> Any:
    """A future of work that another process does meanwhile; None where none does."""
    return _running.get().ahead(work, *given)


def get_ready() -> None:
    """Find out what blocks will depend on, while other processes work."""
    made = _running.get()
    if made.blocks is not None:
        made.blocks.identity()


def shared_folder() -> Path:
    """A folder for what processes of a command hand over, until the command ends."""
    return _running.get().space()


def n_workers() -> int:
    """How many processes work."""
    return _running.get().workers


def scratch_folder() -> Path | None:
    """Where a command may keep what does not fit into memory; None for any place."""
    blocks = _running.get().blocks
    return None if blocks is None else blocks.folder.parent


class _Processes:
    """Processes of this machine, each with one thread."""

    def __init__(self, workers: int) -> None:
        self._pool = ProcessPoolExecutor(
            workers, get_context("spawn"), initializer=_begin
        )

    def submit(self, work: Callable[..., Any], *given: Any) -> Any:
        with _inherited():
            return _Asked(self, self._pool.submit(work, *given))

    def check(self) -> None:
        """End all if one was killed, as the others may wait for a lock that it held."""
        if any_ended(self._pool):
            self.abandon()

    def shutdown(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def abandon(self) -> None:
        # One that reads a file would be waited for; Python 3.14 has `kill_workers`
        for process in [*(self._pool._processes or {}).values()]:
            process.kill()
        expect_nothing(self._pool)


def any_ended(pool: ProcessPoolExecutor) -> bool:
    """Whether a process of a pool that works has ended."""
    every = [*(pool._processes or {}).values()]
    return not all(process.is_alive() for process in every)


def expect_nothing(pool: ProcessPoolExecutor) -> None:
    """Let the futures of a pool fail when all of its processes have been ended.

    One that is ended while it sends leaves a part of a result. The pool waits for the
    rest as long as anybody could write it, and this process could.
    """
    results: Any = pool._result_queue
    if results is not None:
        results._writer.close()


class _Cluster:
    """The workers of a scheduler of dask."""

    def __init__(self, address: str, version: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise UsageError(
                "`dask` needs dask.distributed, which is not installed; run `pip "
                "install 'rankbound[dask]'`"
            ) from None
        self._client: Any = None
        self._alone_since: float | None = None
        self._lost = False
        try:
            if not address.startswith("inproc:"):
                # In a thread, as a notebook has an event loop in this one
                with ThreadPoolExecutor(1) as asking:
                    asking.submit(asyncio.run, _greeted(address)).result()
            self._client = Client(address, timeout=ANSWER, set_as_default=False)
            self.workers = len(self._client.nthreads())
            if not self.workers:
                self._client.wait_for_workers(1, timeout=WAIT)
                self.workers = 1
            theirs = self._client.submit(_version, pure=False).result(timeout=WAIT)
        except (OSError, TimeoutError, ValueError, ImportError, MemoryError) as error:
            # What another server says is taken for a length, and memory lacks
            said = " ".join(str(error).split()) or type(error).__name__
            if self._client is not None:
                self._client.close()
            raise UsageError(
                f"`dask`: no scheduler with a worker that has rankbound answers at "
                f"{address or 'an empty address'} ({said})"
            ) from None
        if theirs != version:
            self._client.close()
            raise UsageError(
                f"`dask`: the workers at {address} have rankbound {theirs}, and this "
                f"is {version}; install the same version there"
            )

    def submit(self, work: Callable[..., Any], *given: Any) -> Any:
        self.check()
        return _Asked(self, self._client.submit(work, *given, pure=False))

    def check(self) -> None:
        """Raise if the scheduler is gone, or has had no worker for a minute."""
        if not self._lost and self._client.nthreads():
            self._alone_since = None
            return
        now = time.monotonic()
        if self._alone_since is None:
            self._alone_since = now
        self._lost = self._lost or now - self._alone_since >= WAIT
        if self._lost:
            raise RuntimeError("no worker of the cluster is left")

    def shutdown(self) -> None:
        self._client.close()

    def abandon(self) -> None:
        """Its processes belong to others."""


class _Asked:
    """What processes were asked for."""

    def __init__(self, pool: _Processes | _Cluster, future: Any) -> None:
        self._pool, self._future = pool, future

    def result(self) -> Any:
        while True:
            try:
                return self._future.result(timeout=ANSWER)
            except TimeoutError:
                if self._future.done():  # the work itself ran out of time
                    raise
                self._pool.check()


async def _greeted(address: str) -> None:
    """Raise unless a scheduler answers; a client that fails takes minutes to close."""
    from distributed.comm import connect
    from distributed.security import Security

    known = Security().get_connection_args("client")
    # Its own time does not count the wait for the first words
    async with asyncio.timeout(ANSWER):
        found = await connect(address, timeout=ANSWER, **known)
        await found.close()


def _version() -> str:
    from rankbound import __version__

    return __version__


@contextmanager
def _inherited() -> Iterator[None]:
    """Let processes that begin have one thread, and neither Ctrl-C nor the script."""
    before = {name: os.environ.get(name) for name in THREADS}
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    os.environ.update(dict.fromkeys(THREADS, "1"))
    # A process runs the script of its parent again, which may have no guard against it
    # or lie in no file; what it does is in modules of this package
    script = sys.modules[SCRIPT]
    sys.modules[SCRIPT] = ModuleType(SCRIPT)
    try:
        yield
    finally:
        sys.modules[SCRIPT] = script
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if main:
            signal.signal(signal.SIGINT, handler)


def _begin() -> None:
    """What a process does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
