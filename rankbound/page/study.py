"""The function `study`: every command on many data sets, and one report."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from rankbound.commands.study.config import Config, read_config
from rankbound.commands.study.result import FILE, PAGE, Study
from rankbound.commands.study.run import FoldersLike, n_stages, studied
from rankbound.errors import UsageError
from rankbound.memory import reading_within
from rankbound.page.queries import OptionsOf
from rankbound.page.report import STAGES, is_page, write_report
from rankbound.progress import Progress, reported
from rankbound.writing import Replacing, check_outputs, holding, terminable


def study(  # noqa: PLR0913  each is a parameter of its own
    folders: FoldersLike,
    out: str | PathLike[str],
    *,
    config: str | PathLike[str] | Mapping[str, Any] | None = None,
    fresh: bool = False,
    force: bool = False,
    memory: int | str | None = None,
    progress: bool | Progress = False,
) -> Study:
    """Inspect, measure, compare and validate many data sets, and say what all say.

    For each data set, every command runs that its files allow, and its results go into
    a folder of its own. What was done is not done again: a run that was ended in
    between goes on with the first step that is not complete, and ends with the same
    bytes. A step is repeated if its files, its settings or the version have changed.
    One data set that fails does not stop the others.

    Parameters
    ----------
    folders : sequence of path, or mapping of str to path
        The folders of the data sets. Each is called after its folder, or by the name
        that a mapping or a text ``NAME:DIR`` gives it. `inspect` finds which file plays
        which role. The folder of an ablation, which holds ``ablation.json``, has the
        steps "ablate", which takes its results as they are, and "validate", with the
        settings ``delta``, ``correction``, ``band``, ``resamples``, ``permutations``
        and ``seed``; each of its collections is a data set.
    out : path
        The folder of the results: ``study.json``, ``report.html``, and a folder for
        each data set.
    config : path or mapping, optional
        Settings: a TOML file, or what it would hold. Settings have the names of the
        parameters of `measure`, `compare` and `validate`. At the top they are for all
        data sets, in ``[datasets.NAME]`` for one; in a table ``[measure]``,
        ``[compare]`` or ``[validate]`` there, for one command. ``teacher``,
        ``students``, ``groups``, ``samplings``, ``reference``, ``qrels``,
        ``embeddings``, ``ids``, ``student_kind`` and ``student_temperature`` say which
        files are used; their paths are relative to the folder of the data set.
    fresh : bool, default False
        Do all steps again, whatever is there.
    force : bool, default False
        Replace files in `out` that are no earlier results; inputs never are.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a few words before each step.

    Returns
    -------
    Study
        `datasets` with their steps and answers, and `pooled`: random-effects estimates
        over all data sets, of differences of samplings, risks and associations, and
        the cells of ablations (`gains`).

    Raises
    ------
    UsageError
        Without a folder, for two data sets of one name, for a wrong setting, or when
        `out` cannot be written to. What fails on a data set is in its `steps`.
    FormatError
        When `config` is no TOML.

    See Also
    --------
    inspect : Which file of a folder plays which role.
    compare : What is done with the samplings of each data set.
    validate : What is done where there are judgements.
    ablate : Makes the folder of an ablation.
    report : The page of results in a folder.

    Examples
    --------
    >>> made = study(["dl19", "new:data/dl20"], "studied")  # doctest: +SKIP
    >>> [(row.label, row.value, row.i2) for row in made.pooled]  # doctest: +SKIP
    [('risk of tasb, random', 0.61, 0.4), ...]
    """
    with (
        reading_within(memory),
        reported(progress, total=n_stages(folders) + STAGES) as advance,
    ):
        return write_study(
            folders,
            Path(out),
            config=_config(config),
            fresh=fresh,
            force=force,
            progress=advance,
        )


def _config(given: str | PathLike[str] | Mapping[str, Any] | None) -> Config:
    if given is None:
        return Config()
    if isinstance(given, Mapping):
        return Config(held=given)
    if isinstance(given, str | PathLike):
        return read_config(Path(given))
    raise UsageError(f"`config` is a path or a mapping, got {type(given).__name__}")


def write_study(  # noqa: PLR0913  what is studied, and how it is shown
    folders: FoldersLike,
    out: Path,
    *,
    config: Config,
    fresh: bool = False,
    force: bool = False,
    command: str = "",
    options_of: OptionsOf | None = None,
    workers: int = 1,
    progress: Progress = str,
) -> Study:
    """The same for the command line.

    `options_of` is as for `write_report`, and `workers` as for `studied`.
    """
    check_outputs(out, [FILE], Replacing(mine=Study.is_mine, force=force))
    check_outputs(out, [PAGE], Replacing(mine=is_page, force=force))
    with terminable(), holding(out):
        made = studied(
            folders,
            out,
            config=config,
            fresh=fresh,
            force=force,
            command=command,
            workers=workers,
            progress=progress,
        )
        made.write_into(out, force=force)
        write_report(
            out,
            out / PAGE,
            command=command,
            title=f"A study of {len(made.datasets)} data sets",
            force=force,
            options_of=options_of,
            among={one.path for one in made.datasets},
            progress=progress,
        )
    return made
