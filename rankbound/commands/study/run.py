"""Run every command on every data set, and put their answers side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Final, TypeVar

from rankbound.bounds.errors import DomainError
from rankbound.commands.ablate.result import Ablation
from rankbound.commands.compare.result import Comparison
from rankbound.commands.compare.run import compare_with
from rankbound.commands.computing import computing
from rankbound.commands.inspect.readiness import rehearse
from rankbound.commands.inspect.result import Inspection
from rankbound.commands.measure.options import MeasureOptions
from rankbound.commands.measure.result import Ledger
from rankbound.commands.measure.run import measure_with
from rankbound.commands.study.answers import answers_of, sentences
from rankbound.commands.study.config import Config, check_config
from rankbound.commands.study.options import (
    Data,
    cells_line,
    inspect_line,
    is_ablation,
    steps_of,
)
from rankbound.commands.study.pooled import DEFINITIONS as POOLING
from rankbound.commands.study.pooled import OF_CELLS as OF_GAINS
from rankbound.commands.study.pooled import pooled_rows
from rankbound.commands.study.processes import done_by
from rankbound.commands.study.result import (
    ABLATE,
    FILE,
    GAIN,
    PAGE,
    DataSet,
    Roles,
    Step,
    Study,
)
from rankbound.commands.study.roles import found_roles
from rankbound.commands.study.steps import (
    Hashes,
    Work,
    inputs_of_options,
    inputs_of_validation,
)
from rankbound.commands.validate.ablated import CellOptions, ablation_in
from rankbound.commands.validate.folders import named_folder
from rankbound.commands.validate.panels import with_scales
from rankbound.commands.validate.result import Validation
from rankbound.commands.validate.run import validate_with
from rankbound.errors import FormatError, UsageError
from rankbound.progress import Progress
from rankbound.provenance import Input, versions
from rankbound.read.source import sha256
from rankbound.results import Named, Result

Asked = TypeVar("Asked")
Made = TypeVar("Made")
MISTAKES: Final = (UsageError, FormatError, DomainError)
FoldersLike = Mapping[str, str | PathLike[str]] | Sequence[str | PathLike[str]]
DEFINITIONS: Final = {
    "reference": "the sampling that the others are compared with, whose groups "
    "`measure` takes: the first whose file is named random, else the first",
    "steps": "a step that failed says why, and the others go on; a step is done again "
    "only if its command, an input or the version has changed",
    **POOLING,
}


def folders_of(given: FoldersLike) -> dict[str, Path]:
    """The folders of data sets by name.

    Parameters
    ----------
    given : mapping of str to path, or sequence of path
        A sequence holds folders, or texts NAME:DIR.

    Raises
    ------
    UsageError
        When there is none, one is no folder, or two have one name.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as home:
    ...     Path(home, "dl19").mkdir()
    ...     made = folders_of([f"old:{home}/dl19", f"{home}/dl19"])
    >>> [*made]
    ['old', 'dl19']
    """
    if isinstance(given, str | PathLike):
        given = [given]
    pairs = (
        [(str(name), Path(path)) for name, path in given.items()]
        if isinstance(given, Mapping)
        else [named_folder(one) for one in given]
    )
    if not pairs:
        raise UsageError("a study needs the folder of a data set, got none")
    found: dict[str, Path] = {}
    taken: dict[str, str] = {}
    for name, path in pairs:
        if not path.is_dir():
            raise UsageError(f"{path}: no such folder; a data set is a folder of files")
        _check_name(name, path)
        if name.casefold() in taken:
            other = found[taken[name.casefold()]]
            raise UsageError(
                f"{other} and {path} are both called {name!r}; name one, as in "
                f"{name}-2:{path}"
            )
        found[name], taken[name.casefold()] = path, name
    return found


def _check_name(name: str, path: Path) -> None:
    bad = not name or name.startswith(".") or any(c in name for c in '/\\:\t\r\n"')
    if bad or name.casefold() in (FILE, PAGE):
        raise UsageError(
            f"{path}: a data set needs a name that can be that of a folder, without "
            f"/, \\, : or quotes, got {name!r}; name it, as in NAME:{path}"
        )


@dataclass(slots=True, eq=False)
class Progressing:
    """What is known of a data set while its steps are done."""

    data: Data
    hashes: Hashes
    fresh: bool
    force: bool
    steps: list[Step] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    roles: Roles | None = None
    wrong: Exception | None = None

    def folder(self, step: str) -> str:
        """Where a step's results lie below the folder of the study."""
        return f"{self.data.name}/{step}"

    def done(self, step: str, made: Result, command: str) -> None:
        """Note a step with its results."""
        self.results.append(made)
        self.steps.append(
            Step(
                step=step,
                outcome="done",
                folder=self.folder(step),
                command=command or None,
            )
        )

    def not_asked(self, step: str, because: str) -> None:
        """Note a step that the data set has no files for."""
        self._forget(step)
        self.steps.append(Step(step=step, outcome="not asked", because=because))

    def failed(self, step: str, because: str) -> None:
        """Note a step that failed."""
        self._forget(step)
        said = " ".join(because.split())
        self.steps.append(Step(step=step, outcome="failed", because=said))

    def _forget(self, step: str) -> None:
        Work(Result, self.data.place(step), "", ()).forget()

    def computed(
        self, step: str, command: Callable[[Asked], Made], asked: Asked
    ) -> Made:
        """What a command makes, from the blocks of a step that was killed, too."""
        with computing(
            asked,
            name=step,
            folder=self.data.place(step),
            fresh=self.fresh,
            make_way=True,
        ):
            return command(asked)

    def work(
        self,
        step: str,
        work: Work,
        make: Callable[[], tuple[Result, Mapping[str, str]]],
    ) -> None:
        """Do a step, unless its results are there."""
        held = None if self.fresh else work.earlier(self.hashes)
        if held is not None:
            made, left_out = held[0], held[1].left_out
        else:
            made, refused = make()
            left_out = dict(refused)
            work.keep(made, self.hashes, left_out=left_out, force=self.force)
            # As read again, so that a run that goes on has the same
            made = work.kind.load(work.folder)
        self.done(step, made, work.command)
        for name, why in left_out.items():
            self.warnings.append(
                f"{self.data.name}, {step}: student {name} is left out: {why}"
            )


def studied(  # noqa: PLR0913  what is studied, and how it is resumed
    folders: FoldersLike,
    out: Path,
    *,
    config: Config,
    fresh: bool = False,
    force: bool = False,
    command: str = "",
    workers: int = 1,
    progress: Progress = str,
) -> Study:
    """Do all steps of all data sets, and compute what they say together.

    The results of the steps are written; the study itself is returned. `workers`
    processes share the data sets, with the same results (see `done_by`).
    """
    named = folders_of(folders)
    check_config(config, tuple(named))
    every = [Data(name, folder, config, out) for name, folder in named.items()]
    for data in every:
        data.check()
    task = partial(_done, hashes=Hashes(), fresh=fresh, force=force)
    found = done_by(task, every, workers=workers, progress=progress)
    return _study(found, config, command)


def _done(
    data: Data, progress: Progress, *, hashes: Hashes, fresh: bool, force: bool
) -> Progressing:
    """All steps of a data set; what fails is noted."""
    here = Progressing(data, hashes, fresh, force)
    taken = OF_CELLS if is_ablation(data.folder) else TAKEN
    for step in steps_of(data.folder):
        progress(f"{data.name}: {step}")
        try:
            taken[step](here)
        except MISTAKES as error:
            here.failed(step, str(error))
        except OSError as error:
            here.failed(step, f"{error.filename}: {error.strerror}")
        except MemoryError:
            here.failed(step, "needs more memory than there is")
    return here


def n_stages(folders: FoldersLike) -> int:
    """How many stages the steps of these data sets report."""
    return sum(len(steps_of(one)) for one in folders_of(folders).values())


def _inspect(here: Progressing) -> None:
    data = here.data
    asked = data.asked()
    files = (
        *data.files(),
        *asked.groups,
        *(one for one in (asked.qrels, asked.embeddings, asked.ids) if one),
    )
    work = Work(Inspection, data.place("inspect"), inspect_line(data), files)
    held = None if here.fresh else work.earlier(here.hashes)
    if held is not None and held[1].roles is not None:
        inspection, roles = held[0], held[1].roles
    else:
        inspection, roles = found_roles(asked, command=work.command, progress=str)
        work.keep(inspection, here.hashes, roles=roles, force=here.force)
    here.done("inspect", inspection, work.command)
    try:
        here.roles = data.chosen(roles)
    except UsageError as error:
        here.roles, here.wrong = roles, error


def _roles(here: Progressing) -> Roles:
    if here.roles is None:
        raise UsageError("the roles of the files are not known, as `inspect` failed")
    if here.wrong is not None:
        raise here.wrong
    if here.roles.teacher is None:
        raise UsageError(
            "no file holds scores of a teacher: a run or a {qid: {docno: score}} file; "
            "name one as `teacher` in the configuration"
        )
    return here.roles


def _measure(here: Progressing) -> None:
    roles = _roles(here)
    options = here.data.measure(roles)
    work = Work(
        Ledger,
        here.data.place("measure"),
        options.command,
        inputs_of_options(options),
    )

    done = partial(here.computed, "measure", measure_with)

    def make() -> tuple[Ledger, Mapping[str, str]]:
        try:
            return done(options), {}
        except MISTAKES as error:
            refused = _refused([options], error)
            return done(here.data.measure(roles, [*refused])), refused

    here.work("measure", work, make)


def _compare(here: Progressing) -> None:
    roles = _roles(here)
    if len(roles.groups) < 2:
        here.not_asked(
            "compare",
            "groups of at least two samplings are compared, found "
            f"{len(roles.groups) or 'none'}",
        )
        return
    options = here.data.compare(roles)
    work = Work(
        Comparison,
        here.data.place("compare"),
        options.command,
        inputs_of_options(options),
    )
    done = partial(here.computed, "compare", compare_with)
    here.work("compare", work, lambda: (done(options), {}))


def _validate(here: Progressing) -> None:
    roles = _roles(here)
    if roles.qrels is None or not roles.students:
        lacking = "judgements" if roles.qrels is None else "a student"
        here.not_asked("validate", f"there is no file of {lacking}")
        return
    options = here.data.validate(roles)
    work = Work(
        Validation,
        here.data.place("validate"),
        options.command,
        inputs_of_validation(options),
    )

    done = partial(here.computed, "validate", validate_with)

    def make() -> tuple[Validation, Mapping[str, str]]:
        try:
            return done(options), {}
        except MISTAKES as error:
            scaled = [with_scales(case.measure) for case in options.cases]
            refused = _refused(scaled, error)
            return done(here.data.validate(roles, [*refused])), refused

    here.work("validate", work, make)


def _tables(here: Progressing) -> list[Path]:
    """The result of an ablation, and its tables."""
    beside = (kind.path(here.data.folder) for kind in Ablation.BESIDE)
    return [here.data.folder / Ablation.FILE, *filter(None, beside)]


def _ablate(here: Progressing) -> None:
    """Take the results of an ablation, of which nothing is trained again."""
    data = here.data
    work = Work(Ablation, data.place(ABLATE), "", _tables(here))
    here.work(ABLATE, work, lambda: (ablation_in(data.folder)[0], {}))


def _cells(here: Progressing) -> None:
    """Ask whether terms order the cells of an ablation."""
    data = here.data
    command = cells_line(data)
    work = Work(Validation, data.place("validate"), command, _tables(here))

    def done(asked: CellOptions) -> Validation:
        return asked.validated(command)

    made = partial(here.computed, "validate", done)
    here.work("validate", work, lambda: (made(data.cells()), {}))


OF_CELLS: Final = {ABLATE: _ablate, "validate": _cells}
TAKEN: Final = {
    "inspect": _inspect,
    "measure": _measure,
    "compare": _compare,
    "validate": _validate,
}


def _refused(cases: Sequence[MeasureOptions], error: Exception) -> dict[str, str]:
    """Students that cannot be evaluated, with the reason.

    The error is raised again if it is no student's fault, or that of all.
    """
    refused: dict[str, str] = {}
    for options in cases:
        refusal, named = rehearse(options)
        if refusal is not None:
            raise error
        refused = named | refused
    n_students = len({one.name for case in cases for one in case.students})
    if not refused or len(refused) == n_students:
        raise error
    return refused


def _measured(here: Progressing) -> str:
    """The sampling that was measured."""
    groups = {} if here.roles is None else here.roles.groups
    return next(iter(groups), "top documents")


def _study(found: Sequence[Progressing], config: Config, command: str) -> Study:
    delta = min(
        (
            one.delta
            for here in found
            for one in here.results
            if isinstance(one, Ledger)
        ),
        default=0.05,
    )
    made = {here.data.name: (_measured(here), here.results) for here in found}
    pooled = pooled_rows(made, delta=delta)
    gains = any(row.quantity == GAIN for row in pooled)
    held = () if config.path is None else (config.path,)
    return Study(
        datasets=Named(
            DataSet(
                name=here.data.name,
                folder=str(here.data.folder),
                path=here.data.name,
                roles=here.roles,
                steps=tuple(here.steps),
                answers=answers_of(here.steps, here.results),
            )
            for here in found
        ),
        pooled=pooled,
        delta=delta,
        sentences=tuple(sentences(pooled)),
        warnings=tuple(text for here in found for text in here.warnings),
        definitions=DEFINITIONS | (OF_GAINS if gains else {}),
        inputs=tuple(Input(path=str(one), sha256=sha256(one)) for one in held),
        command=command,
        versions=versions(),
    )
