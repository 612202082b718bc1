"""The base of all results: typed and frozen, read and written in one place.

The fields of a result are the keys of its JSON file. `Result.load` decodes a file, and
a value that does not fit its type is an error that names the file and the place in it.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import (
    Any,
    ClassVar,
    Final,
    Literal,
    NamedTuple,
    NoReturn,
    Self,
    SupportsIndex,
    TypeVar,
    get_args,
    overload,
)

import msgspec

from rankbound import manifest
from rankbound.catalogue import PROVIDED, QUESTIONS, Level
from rankbound.decoding import decoded, fitting, schema_in
from rankbound.errors import UsageError, in_options
from rankbound.rendering import html_of, text_of
from rankbound.rows import Rows
from rankbound.tables import booktabs, escaped
from rankbound.writing import Replacing, json_text, settle, write_all

Item = TypeVar("Item", bound="Record")
# Where the type of each kind of result is; it is loaded when it is first needed
KINDS: Final[dict[str, str]] = {
    "ablation": "rankbound.commands.ablate.result:Ablation",
    "augmentation": "rankbound.commands.bound.result:Augmentation",
    "bound": "rankbound.commands.bound.result:Bound",
    "change": "rankbound.commands.bound.result:MeasuredChange",
    "certify": "rankbound.commands.certify.result:Certification",
    "power": "rankbound.commands.power.result:Power",
    "comparison": "rankbound.commands.compare.result:Comparison",
    "ledger": "rankbound.commands.measure.result:Ledger",
    "validation": "rankbound.commands.validate.result:Validation",
    "conversion": "rankbound.commands.convert.result:Conversion",
    "cut": "rankbound.commands.cut.result:Cut",
    "sample": "rankbound.commands.sample.result:Sample",
    "inspection": "rankbound.commands.inspect.result:Inspection",
    "study": "rankbound.commands.study.result:Study",
}


class Beside(NamedTuple):
    """A table of rows beside a result, such as one of queries.

    `files` are the names that it has or had, the newest first. Another command may have
    used an old name, so a file of that name counts only if it has the `columns`. A file
    with all `foreign` columns belongs to another command, whatever its name.
    """

    name: str
    files: tuple[str, ...]
    columns: tuple[str, ...]
    foreign: tuple[str, ...] = ()

    def path(self, folder: Path) -> Path | None:
        """The file of the table in a folder; None if there is none."""
        newest, *older = (folder / name for name in self.files)
        if newest.is_file() and not self._is_foreign(newest):
            return newest
        named = (path for path in older if {*self.columns} <= {*Rows.header(path)})
        return next(named, None)

    def is_in(self, path: Path) -> bool:
        """Whether a file holds such a table."""
        return {*self.columns} <= {*Rows.header(path)} and not self._is_foreign(path)

    def _is_foreign(self, path: Path) -> bool:
        return bool(self.foreign) and {*self.foreign} <= {*Rows.header(path)}


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a result: a field for each key of its JSON object.

    A field without a default is a key that is always in the file, even if it is null. A
    field that has its default is left out of the file. `OPEN` names a field that maps
    further keys, which users choose, to values; see `Open`.
    """

    OPEN: ClassVar[str] = ""

    def to_dict(self) -> dict[str, Any]:
        """The record as plain dictionaries, lists and numbers, as its file holds it."""
        made: dict[str, Any] = _listed(msgspec.to_builtins(self, enc_hook=_plain))
        return made

    def __hash__(self) -> int:
        """Of the fields, also where they hold mappings."""
        return hash(tuple(_hashable(getattr(self, f)) for f in self.__struct_fields__))


class Answer(Record, frozen=True, kw_only=True):
    """What a result says to one of `rankbound.catalogue.QUESTIONS`.

    Attributes
    ----------
    question : str
        A key of `QUESTIONS`.
    outcome : str
        A key of its outcomes.
    sentence : str
        The number, its interval or limit, and what it is about.
    rests_on : str
        The queries, the level, and what is taken for granted.
    next : str
        The command to run next; empty where nothing follows. Words in capitals stand
        for files that the result does not know.
    """

    question: str
    outcome: str
    sentence: str
    rests_on: str
    next: str = ""

    @classmethod
    def to(
        cls, question: str, outcome: str, *, rests_on: str = "", **found: object
    ) -> Self:
        """An answer by the catalogue's templates, whose fields are `found`.

        Examples
        --------
        >>> said = Answer.to("controls", "passed", rests_on="40 queries", of=3)
        >>> said.sentence, said.level
        ('all 3 are as they should be', 'good')
        """
        made = QUESTIONS[question].outcomes[outcome]
        return cls(
            question=question,
            outcome=outcome,
            sentence=made.sentence.format(**found),
            rests_on=rests_on,
            next=made.next.format(**found),
        )

    @property
    def wording(self) -> str:
        """The question as people ask it."""
        return QUESTIONS[self.question].wording

    @property
    def level(self) -> Level:
        """How good the news is."""
        return QUESTIONS[self.question].outcomes[self.outcome].level


def grounds(answers: Sequence[Answer]) -> list[str]:
    """What answers rest on, each part once and provisos last.

    Examples
    --------
    >>> said = Answer.to("controls", "passed", rests_on="40 queries", of=3)
    >>> grounds([said, said])
    ['40 queries']
    """
    rests, provisos = [], []
    for answer in answers:
        said, found, granted = answer.rests_on.partition(PROVIDED)
        rests.append(said.rstrip(", "))
        provisos += [f"{PROVIDED}{granted}"] if found else []
    return [*dict.fromkeys(filter(None, rests)), *dict.fromkeys(provisos)]


class Named(tuple[Item, ...]):
    """Records in order, found by position or by name.

    A field is annotated as ``Named[Student]``, decoded as a tuple, and made one of
    these by the ``__post_init__`` of its record; see `named`.

    Examples
    --------
    >>> class Student(Record): name: str; risk: float
    >>> students = Named([Student(name="tasb", risk=0.5)])
    >>> students["tasb"].risk, students[0].name, students.names
    (0.5, 'tasb', ('tasb',))
    """

    __slots__ = ()
    # Fields that hold a name; the first one that a record has counts
    KEYS: ClassVar = (
        *("name", "sampling", "student", "kept", "path", "file"),
        "dataset",
    )

    def __class_getitem__(cls, item: Any, /) -> Any:
        """The type of an annotation for the decoder, which knows plain tuples only."""
        return tuple[item, ...]

    @overload
    def __getitem__(self, where: str | SupportsIndex) -> Item: ...
    @overload
    def __getitem__(self, where: slice) -> tuple[Item, ...]: ...
    def __getitem__(
        self, where: str | SupportsIndex | slice
    ) -> Item | tuple[Item, ...]:
        """One record by its name or position, or several by a slice."""
        if not isinstance(where, str):
            return super().__getitem__(where)
        for name, item in zip(self.names, self, strict=True):
            if name == where:
                return item
        raise KeyError(f"{where!r}; there are {', '.join(map(repr, self.names))}")

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(map(_name, self))


class ByName(dict[str, Item]):
    """Records by name; an unknown name is a `KeyError` that lists the known ones.

    Examples
    --------
    >>> class Student(Record): risk: float
    >>> ByName(tasb=Student(risk=0.5))["bm25"]
    Traceback (most recent call last):
    ...
    KeyError: "'bm25'; there are 'tasb'"
    """

    def __missing__(self, name: object) -> NoReturn:
        known = ", ".join(map(repr, self)) or "none"
        raise KeyError(f"{name!r}; there are {known}")


def named(record: Record, *fields: str) -> None:
    """Turn fields into `Named`, in the ``__post_init__`` of a record; not None."""
    for field in fields:
        records = getattr(record, field)
        if records is not None:
            kind = ByName if isinstance(records, dict) else Named
            msgspec.structs.force_setattr(record, field, kind(records))


def _name(record: Record) -> str:
    key = next(key for key in Named.KEYS if hasattr(record, key))
    return str(getattr(record, key))


class Open(Sequence[Item]):
    """Records with keys that users chose, which lie among the others in a file.

    Examples
    --------
    >>> class Mean(Record, kw_only=True):
    ...     OPEN = "factors"
    ...     student: str
    ...     factors: dict[str, str]
    ...     mean: float
    >>> Open([Mean(student="tasb", factors={"loss": "kl"}, mean=0.5)]).plain()
    [{'student': 'tasb', 'loss': 'kl', 'mean': 0.5}]
    """

    def __init__(self, records: Iterable[Item]) -> None:
        self._records = tuple(records)

    @classmethod
    def from_plain(cls, kind: type[Item], plain: object) -> Self:
        """Records of the objects of a file; a ValueError says which does not fit."""
        types = {field.name: field.type for field in msgspec.structs.fields(kind)}
        _, of_more = get_args(types.pop(kind.OPEN))
        found = []
        for place, row in enumerate(fitting(plain, list[Any], "")):
            where = f"[{place}]"
            cells = fitting(row, dict[str, Any], where)
            fields = {key: value for key, value in cells.items() if key in types}
            more = {
                key: fitting(value, of_more, f"{where}[{key!r}]")
                for key, value in cells.items()
                if key not in types
            }
            found.append(fitting({**fields, kind.OPEN: more}, kind, where))
        return cls(found)

    def plain(self) -> list[dict[str, Any]]:
        """The objects of a file."""
        return [_opened(record) for record in self._records]

    @overload
    def __getitem__(self, where: int) -> Item: ...
    @overload
    def __getitem__(self, where: slice) -> Sequence[Item]: ...
    def __getitem__(self, where: int | slice) -> Item | Sequence[Item]:
        """One record or several."""
        return self._records[where]

    def __len__(self) -> int:
        """Number of records."""
        return len(self._records)

    def __eq__(self, other: object) -> bool:
        """Whether the records are the same."""
        return isinstance(other, Open) and self._records == other._records

    def __hash__(self) -> int:
        """Of the records."""
        return hash(self._records)

    def __repr__(self) -> str:
        """The records."""
        return f"Open({list(self._records)!r})"


def _opened(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in record.to_dict().items():
        found |= value if key == record.OPEN else {key: value}
    return found


def _listed(value: Any) -> Any:
    """The same with lists for tuples."""
    if isinstance(value, dict):
        return {key: _listed(part) for key, part in value.items()}
    return [*map(_listed, value)] if isinstance(value, list | tuple) else value


def _hashable(value: Any) -> Any:
    """The same with sets of items for mappings, and tuples for lists."""
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(part)) for key, part in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, list | tuple) else value


def _plain(value: Any) -> Any:
    """What a file holds of a value that msgspec does not know."""
    return value.plain()


class Result(Record, frozen=True, kw_only=True, omit_defaults=True, dict=True):
    """What a command found; each command has its own type of result.

    A type gives its schema as the tag (``tag="rankbound.ledger/1"``), its `KIND`, the
    `FILE` that its command writes, and its `tables`. `copy.replace` keeps the tables
    beside a result; `msgspec.structs.replace`, which knows fields alone, drops them.
    """

    KIND: ClassVar[str] = ""
    FILE: ClassVar[str] = ""
    BESIDE: ClassVar[tuple[Beside, ...]] = ()
    # Whether its short text opens with its answers
    ANSWERS_FIRST: ClassVar[bool] = True
    # Texts that lie beside the JSON file, and are made from it
    PAGES: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        """What was found, in a few lines."""
        return text_of(self)

    def _repr_html_(self) -> str:
        """Verdicts and tables, for a notebook."""
        return html_of(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """For `pickle` and `copy`, with the tables beside."""
        return (*super().__reduce__()[:2], self.__dict__)

    def __copy__(self) -> Self:
        """The same result with the same tables beside it."""
        return self.with_beside()

    def __replace__(self, **changes: Any) -> Self:
        """For `copy.replace`; the tables beside stay."""
        made = msgspec.structs.replace(self, **changes)
        made.__dict__.update(self.__dict__)
        return made

    def in_options(self) -> Self:
        """The same result with its texts in words of the command line.

        Texts name parameters in backticks, and the command line has options for them.
        """
        made: Self = _in_options(self)
        made.__dict__.update(self.__dict__)
        return made

    @property
    def beside(self) -> Mapping[str, Rows]:
        """The tables of rows beside the result, by name; empty where there are none."""
        found: Mapping[str, Rows] = self.__dict__.get("beside_rows", {})
        return found

    def with_beside(self, **tables: Rows) -> Self:
        """The same result with tables of rows beside it."""
        return self._holding(beside_rows={**self.beside, **tables})

    def _holding(self, **held: object) -> Self:
        """The same result with something at hand that its file does not hold."""
        made = self.__replace__()
        made.__dict__.update(held)
        return made

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """The tables of `to_frame` and `to_latex` by name, the main one first.

        If a type names none, the whole result is one row.
        """
        return {self.KIND: [self]}

    def to_frame(
        self,
        table: str | None = None,
        *,
        library: Literal["pandas", "polars"] = "pandas",
    ) -> Any:
        """One of the tables as a data frame.

        Parameters
        ----------
        table : str, optional
            A key of `tables` or of `beside`; the main one by default.
        library : {"pandas", "polars"}

        Returns
        -------
        pandas.DataFrame or polars.DataFrame
            A row per record; nested fields as ``interval.lower``.
        """
        if table is not None and table in self.beside:
            columns: Any = self.beside[table].typed()
        else:
            name, records = self._table(table, *self.beside)
            columns = _columns(records) or self._no_columns(name)
        if library not in ("pandas", "polars"):
            raise UsageError(f"library is pandas or polars, got {library!r}")
        return import_module(library).DataFrame(columns)

    def to_latex(self, table: str | None = None) -> str:
        """One of the tables in LaTeX, for the package booktabs; arguments as above."""
        name, records = self._table(table)
        columns = _columns(records)
        n_labels = 1
        for column in [*columns.values()][1:]:
            if not all(isinstance(value, str) for value in column):
                break
            n_labels += 1
        cells = zip(*columns.values(), strict=True)
        return booktabs(
            f"{self.KIND}: {name.replace('_', ' ')}",
            list(columns),
            ([escaped(_cell(value)) for value in row] for row in cells),
            label=f"{self.KIND}-{name.replace('_', '-')}",
            n_labels=n_labels,
        )

    def _table(self, name: str | None, *more: str) -> tuple[str, Sequence[Record]]:
        known = self.tables()
        name = next(iter(known)) if name is None else name
        if name not in known:
            there = ", ".join(map(repr, [*known, *more]))
            raise UsageError(f"there is no table {name!r}; there are {there}")
        return name, known[name]

    def _no_columns(self, name: str) -> dict[str, list[Any]]:
        """Columns without rows, if a field of the table's name has typed records."""
        fields = {one.name: one.type for one in msgspec.structs.fields(self)}
        kinds = [k for k in get_args(fields.get(name)) if hasattr(k, "OPEN")]
        return {column: [] for kind in kinds for column in kind.__struct_fields__}

    def file_names(self) -> list[str]:
        """The names of the files that `save` writes of a result."""
        beside = (kind.files[0] for kind in self.BESIDE if kind.name in self.beside)
        return [self.FILE, *beside]

    def to_files(self) -> dict[str, str | None]:
        """What `save` writes, by file name; None for a file of an earlier run."""
        return {
            name: made.text() if isinstance(made, Rows) else made
            for name, made in self.contents().items()
        }

    def contents(self) -> dict[str, str | Rows | None]:
        """As `to_files`, with tables as rows, whose text may take much memory."""
        made: dict[str, str | Rows | None] = {self.FILE: json_text(self.to_dict())}
        for kind in self.BESIDE:
            if kind.name in self.beside:
                made[kind.files[0]] = self.beside[kind.name]
        return made

    def save(self, where: Path | str, *, force: bool = False) -> Path:
        """Write the result into a folder, or its JSON alone into a ``.json`` file.

        Files of an earlier result of the same kind are replaced.

        Parameters
        ----------
        where : path
        force : bool, default False
            Replace other files of the same names, too; inputs of the result never are.

        Returns
        -------
        Path
            The JSON file.

        Raises
        ------
        UsageError
            When a file cannot be written, or one in the way must stay.
        """
        path = Path(where)
        if path.suffix == ".json":
            made = json_text(self.to_dict())
            write_all(path.parent, {path.name: made}, self._replacing(force=force))
            return path
        self.write_into(path, force=force)
        return path / self.FILE

    def write_into(self, folder: Path, *, force: bool = False) -> None:
        """Write all files into a folder, whatever its name ends in."""
        replacing = self._replacing(force=force)
        write_all(folder, self.contents(), replacing, record=self.record)

    def record(self, aside: Path, folder: Path) -> None:
        """Write the manifest of `folder` beside the files of this result in `aside`."""
        manifest.record(
            aside,
            folder,
            self.KIND,
            command=getattr(self, "command", None) or "",
            versions=getattr(self, "versions", None),
            inputs={
                one.path or f"object {one.object}": one.sha256
                for one in getattr(self, "inputs", ())
            },
        )

    def _replacing(self, *, force: bool) -> Replacing:
        given: Iterable[Any] = getattr(self, "inputs", ())
        read = [Path(one.path) for one in given if one.path is not None]
        return Replacing(mine=self.is_mine, inputs=read, force=force)

    @classmethod
    def outputs(cls) -> tuple[str, ...]:
        """The names of all files that `save` writes or removes."""
        return (cls.FILE, *(kind.files[0] for kind in cls.BESIDE), *cls.PAGES)

    @classmethod
    def is_mine(cls, path: Path) -> bool:
        """Whether a file was made from a result of this kind, of whatever version."""
        if path.name in cls.PAGES:
            path = path.with_name(cls.FILE)
        if not path.is_file():
            return False
        for kind in cls.BESIDE:
            if path.name == kind.files[0]:
                return kind.is_in(path)
        tag = str(cls.__struct_config__.tag)
        return schema_in(path).partition("/")[0] == tag.partition("/")[0]

    @classmethod
    def load(cls, where: Path | str) -> Self:
        """Read what `save` or the command wrote, from its folder or its JSON file.

        Raises
        ------
        FormatError
            When the file is broken, has another schema, holds a value of a type that
            the schema does not allow, or differs from what the folder's manifest says.
        """
        path = Path(where)
        path = path / cls.FILE if path.is_dir() else path
        if path.name == cls.FILE:
            settle(path.parent)
        found = {}
        for kind in cls.BESIDE:
            if (beside := kind.path(path.parent)) is not None:
                found[kind.name] = Rows.read(beside, needed=kind.columns)
        made = decoded(path, cls).with_beside(**found)
        if path.name == cls.FILE:
            names = [kind.files[0] for kind in cls.BESIDE if kind.name in found]
            manifest.check(path.parent, cls.KIND, (cls.FILE, *names))
        return made


def _in_options(value: Any) -> Any:
    """A value with all its texts in words of the command line."""
    if isinstance(value, str):
        return in_options(value) if "`" in value else value
    if isinstance(value, Record):
        fields = {one: getattr(value, one) for one in value.__struct_fields__}
        made = {one: _in_options(part) for one, part in fields.items()}
        changes = {one: part for one, part in made.items() if part is not fields[one]}
        return msgspec.structs.replace(value, **changes) if changes else value
    if isinstance(value, dict):
        made = {key: _in_options(part) for key, part in value.items()}
        return made if any(made[key] is not value[key] for key in value) else value
    if isinstance(value, tuple):
        parts = [*map(_in_options, value)]
        same = all(map(operator.is_, parts, value))
        return value if same else tuple(parts)
    return value


def result_type(kind: str) -> type[Result]:
    """The type of a kind of result, such as "ledger"."""
    module, _, name = KINDS[kind].partition(":")
    found: type[Result] = getattr(import_module(module), name)
    return found


def _flat(record: Record) -> Iterator[tuple[str, Any]]:
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, Record):
            yield from ((f"{name}.{inner}", item) for inner, item in _flat(value))
        elif isinstance(value, Mapping):
            start = "" if name == record.OPEN else f"{name}."
            yield from ((f"{start}{key}", item) for key, item in value.items())
        else:
            yield name, value


def _columns(records: Iterable[Record]) -> dict[str, list[Any]]:
    """Columns over all records, with None where a record lacks a field."""
    rows = [dict(_flat(record)) for record in records]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
