"""The demonstration: every command on text that every installation has, as a report."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console

from rankbound.commands.compare.result import Comparison
from rankbound.commands.demo import run as work
from rankbound.commands.demo.run import (
    CALIBRATED,
    COMPARED,
    FITTED,
    VALIDATED,
    Steps,
    Story,
    report_text,
)
from rankbound.commands.inspect.result import Inspection
from rankbound.commands.measure.result import Ledger
from rankbound.commands.settings import check_numbers
from rankbound.commands.validate.result import Validation
from rankbound.page.report import STAGES, is_page, write_report
from rankbound.progress import Progress, reported
from rankbound.results import Answer, Result
from rankbound.terminal import compare, files, measure, validate
from rankbound.terminal.console import console_for
from rankbound.writing import Replacing, check_outputs, filling

PAGE: Final = "report.html"


class Demonstration(NamedTuple):
    """What `demo` made.

    Attributes
    ----------
    ledgers : dict of str to Ledger
        What was measured, by sampling.
    files : list of Path
        Everything written; start with ``report.md`` or ``report.html``.
    inspection : Inspection
        What the files hold.
    comparison : Comparison
        Of the samplings, against random negatives.
    validation : Validation
        Of the terms of all students, against what these retrieve.
    calibration : Comparison or None
        The same comparison at a fitted temperature; None where none can be fitted.
    """

    ledgers: dict[str, Ledger]
    files: list[Path]
    inspection: Inspection
    comparison: Comparison
    validation: Validation
    calibration: Comparison | None = None


def demo(
    out: str | PathLike[str] = "rankbound-demo",
    *,
    seed: int = 0,
    force: bool = False,
    workers: int = 1,
    progress: bool | Progress = False,
) -> Demonstration:
    """Run every command on the docstrings of the installed scientific packages.

    A known-item collection is built, and a teacher and distilled students are trained.
    On held-out queries, which no choice had looked at, groups are sampled in four ways
    and inspected, the students are measured, the samplings compared, and the terms
    validated. It takes a minute or two and downloads nothing.

    Parameters
    ----------
    out : path, default "rankbound-demo"
        The folder for the files; made if it does not exist.
    seed : int, default 0
        Of everything that is drawn, at least 0.
    force : bool, default False
        Replace files of the same names in a folder that holds no earlier demo.
    workers : int, default 1
        Processes that read the packages. Each imports the main script once more, so
        more than one is for a script that does nothing when it is imported.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a few words before each stage.

    Returns
    -------
    Demonstration
        A ledger for each sampling, the files written, and the other results.

    Raises
    ------
    UsageError
        When `out` cannot be written to, `seed` is negative, or the extra packages of
        ``rankbound[demo]`` are missing.

    Notes
    -----
    The commands run in the folder of the files, which is the working folder meanwhile.

    See Also
    --------
    measure : The main job on data of your own.
    report : The page of results in a folder.

    Examples
    --------
    >>> made = demo("out")  # doctest: +SKIP
    >>> [*made.ledgers]  # doctest: +SKIP
    ['random', 'bm25', 'crossencoder', 'ensemble']
    """
    check_numbers("demo", seed=seed, workers=workers)
    out = Path(out)
    replacing = Replacing(mine=lambda _: is_page(out / PAGE), force=force)
    check_outputs(out, [PAGE], replacing)
    with (
        filling(out, replacing) as root,
        reported(progress, total=work.STAGES + STAGES) as advance,
    ):
        story = work.make_demo(root, seed=seed, workers=workers, progress=advance)
        text = report_text(story, screens=dict(screens_of(story)))
        (root / "report.md").write_text(text, encoding="utf-8")
        steps = Steps(story.files, seed)
        options = [steps.measure(sampling) for sampling in story.files.groups]
        write_report(
            root,
            root / PAGE,
            command=f"rankbound demo --seed {seed}",
            title="What the bound says about four ways of sampling negatives",
            options_of={one.command: one for one in options}.__getitem__,
            # Three figures of each result: those of `report` take as long as the rest
            among={"measured", COMPARED, VALIDATED},
            beside=_fitted(story),
            progress=advance,
        )
        made = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    return Demonstration(
        story.ledgers,
        [out / path for path in sorted(made)],
        story.inspection,
        story.comparison,
        story.validation,
        story.calibration,
    )


def _fitted(story: Story) -> dict[str, list[Answer]]:
    """How far off the teacher's temperature is, which one comparison was made for."""
    if story.calibration is None:
        return {}
    answers = story.calibration.in_options().answers
    return {CALIBRATED: [one for one in answers if one.question == FITTED]}


def screens_of(story: Story) -> Iterator[tuple[str, str]]:
    """Each command with the plain text that a terminal would show."""
    for drawn in story.samples.values():
        yield drawn.command, "\n".join(files.sample_lines(drawn.in_options()))
    made: list[tuple[str, Callable[[Console], None]]] = [
        (
            story.inspection.command,
            lambda console: files.show(story.inspection.in_options(), console),
        )
    ]
    made += [
        (ledger.command, _answers(measure.show, ledger, f"measured/{sampling}"))
        for sampling, ledger in story.ledgers.items()
    ]
    compared, validated = story.comparison, story.validation
    made.append((compared.command or "", _answers(compare.show, compared, COMPARED)))
    if (again := story.calibration) is not None:
        made.append((again.command or "", _answers(compare.show, again, CALIBRATED)))
    made.append((validated.command, _answers(validate.show, validated, VALIDATED)))
    for command, show in made:
        stream = io.StringIO()
        show(console_for(stream))
        lines = (line.rstrip() for line in stream.getvalue().splitlines())
        yield command, "\n".join(lines)


def _answers(
    show: Callable[..., None], result: Result, folder: str
) -> Callable[[Console], None]:
    """What a command prints of its result without `--details`."""
    where = f"{folder}/{result.FILE}"
    return lambda console: show(
        result.in_options(), console, details=False, where=where
    )
