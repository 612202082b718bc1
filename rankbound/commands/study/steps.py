"""Whole steps: each is done once, and again only when what it depends on has changed.

Beside the results of a step lies the record of what made them. A step counts as done if
its command line, the version of the program, the bytes of its inputs and those of its
results are the ones recorded. A run that was ended in between goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from rankbound import __version__
from rankbound.commands.measure.given import vectors_of
from rankbound.commands.measure.options import SourceOptions
from rankbound.commands.study.result import Roles
from rankbound.commands.validate.options import ValidateOptions
from rankbound.decoding import decoded
from rankbound.errors import FormatError
from rankbound.provenance import Input
from rankbound.read.source import sha256
from rankbound.results import Record, Result
from rankbound.writing import Replacing, json_text, write_all

FILE: Final = "step.json"


class Recorded(
    Record, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.step/1"
):
    """What a step depended on and left, with the hashes of inputs and outputs."""

    command: str
    version: str
    inputs: tuple[Input, ...]
    outputs: tuple[Input, ...]
    roles: Roles | None = None
    left_out: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(slots=True)
class Hashes:
    """The SHA-256 of files, each read once in a run."""

    known: dict[Path, str] = field(default_factory=dict)

    def of(self, paths: Iterable[Path]) -> tuple[Input, ...]:
        """Files with their hashes; those that are not there are left out."""
        held = dict.fromkeys(one for path in paths for one in _files(path))
        for one in held:
            if one not in self.known:
                self.known[one] = sha256(one)
        return tuple(Input(path=str(one), sha256=self.known[one]) for one in held)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(one for one in path.rglob("*") if one.is_file())
    return [path] if path.is_file() else []


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """A step that is to be done.

    Attributes
    ----------
    kind : type of Result
    folder : Path
        Where its results go.
    command : str
        The command line that does the same.
    inputs : iterable of Path
    """

    kind: type[Result]
    folder: Path
    command: str
    inputs: Iterable[Path]

    def record(self) -> Recorded | None:
        """What is recorded of an earlier run; None without one."""
        path = self.folder / FILE
        if not path.is_file():
            return None
        try:
            return decoded(path, Recorded)
        except FormatError:
            return None

    def earlier(self, hashes: Hashes) -> tuple[Result, Recorded] | None:
        """The results of an earlier run, if they would come out the same now."""
        held = self.record()
        if held is None or (held.command, held.version) != (self.command, __version__):
            return None
        if held.inputs != hashes.of(self.inputs) or not held.outputs:
            return None
        for one in held.outputs:
            path = Path(str(one.path))
            if not path.is_file() or sha256(path) != one.sha256:
                return None
        try:
            return self.kind.load(self.folder), held
        except FormatError:
            return None

    def keep(
        self,
        made: Result,
        hashes: Hashes,
        *,
        roles: Roles | None = None,
        left_out: Mapping[str, str] | None = None,
        force: bool = False,
    ) -> None:
        """Write the results, and then the record."""
        made.write_into(self.folder, force=force)
        names = [name for name, text in made.contents().items() if text is not None]
        written = [self.folder / name for name in names]
        outputs = tuple(Input(path=str(one), sha256=sha256(one)) for one in written)
        record = Recorded(
            command=self.command,
            version=__version__,
            inputs=hashes.of(self.inputs),
            outputs=outputs,
            roles=roles,
            left_out=dict(left_out or {}),
        )
        text = json_text(record.to_dict())
        write_all(self.folder, {FILE: text}, Replacing(mine=is_record, force=force))

    def forget(self) -> None:
        """Remove the results of an earlier run, which say nothing of this one."""
        held = self.record()
        if held is None:
            return
        for name in (*(Path(str(one.path)).name for one in held.outputs), FILE):
            (self.folder / name).unlink(missing_ok=True)


def is_record(path: Path) -> bool:
    """Whether a file is the record of a step."""
    from rankbound.decoding import schema_in

    return schema_in(path).startswith("rankbound.step/")


def inputs_of_options(asked: SourceOptions) -> list[Path]:
    """All files that options name, those of the vectors' ids included."""
    groups = getattr(asked, "groups", None)
    held = [one for _, one in groups] if isinstance(groups, tuple) else [groups]
    given = [
        *(*asked.inputs(), *held, asked.clusters),
        *(getattr(asked, name, None) for name in ("target", "target_groups")),
        *vectors_of(asked.embeddings, asked.ids),
        *(
            one
            for student in asked.students
            for one in vectors_of(student.queries, student.query_ids)
        ),
    ]
    return [one for one in given if isinstance(one, Path)]


def inputs_of_validation(asked: ValidateOptions) -> list[Path]:
    """The same of a validation."""
    found = [one for case in asked.cases for one in inputs_of_options(case.measure)]
    found += [one for case in asked.cases for one in case.rankings.values()]
    return [*found, *([] if asked.design is None else [asked.design])]
