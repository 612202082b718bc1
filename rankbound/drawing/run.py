"""Which figures results allow, and drawing all of them into a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted
from rankbound.drawing import (
    ablations,
    comparisons,
    inspections,
    ledgers,
    powers,
    studies,
    validations,
)
from rankbound.drawing.catalogue import (
    MOST_FIGURES,
    Draw,
    Drawing,
    absent_kinds,
    left_out,
    most_important,
)
from rankbound.drawing.results import (
    Found,
    file_of,
    files_of,
    find_results,
    inputs_of,
)
from rankbound.errors import UsageError
from rankbound.manifest import digest, record
from rankbound.memory import reading_within
from rankbound.progress import Progress, reported
from rankbound.provenance import versions
from rankbound.writing import Replacing, check_folder, filling

if TYPE_CHECKING:
    from rankbound.figures.output import Extension
    from rankbound.figures.style import Axes

# The figures of each kind of result
MAKERS: Final[dict[str, Callable[[Found], list[Drawing]]]] = {
    "ledger": ledgers.drawings,
    "comparison": comparisons.drawings,
    "validation": validations.drawings,
    "ablation": ablations.drawings,
    "inspection": inspections.drawings,
    "power": powers.of_power,
    "study": studies.drawings,
}


def theory_drawings() -> list[Drawing]:
    """The figures that need no data."""
    from rankbound.figures import power, theory

    setting = theory.Setting()
    draws: dict[str, Draw] = {
        "loss-range": theory.draw_loss_range,
        "query-width": theory.draw_query_width,
        "entropy-floor": theory.draw_entropy_floor,
        "bound-over-n": theory.draw_bound_over_n,
        "bound-parts": partial(
            theory.draw_parts, setting.parts(), constants=setting.said()
        ),
        "bound-surface": theory.draw_bound_surface,
        "break-even": theory.draw_break_even,
        "shift": theory.draw_shift,
        "power": power.draw_correlation_power,
        "ndcg-inversions": theory.draw_ndcg_constants,
        "ndcg-steps": theory.draw_discount_steps,
    }
    return [Drawing(f"theory-{name}", draw) for name, draw in draws.items()]


def result_drawings(
    results: list[Found], *, most: int | None = MOST_FIGURES
) -> list[Drawing]:
    """The figures of results, and a reason for each kind that they do not allow.

    Of each result at most so many, the most important ones, and more of a study; what
    is left out is one line for each result. None gives all.
    """
    drawings = [
        replace(drawing, of=file_of(result), result=result.kind)
        for result in results
        if (make := MAKERS.get(result.kind)) is not None
        for drawing in make(result)
    ]
    together = (
        replace(drawing, result="ledger")
        for drawing in ledgers.drawings_of_all(results)
    )
    drawings = _distinct([*together, *drawings])
    absent = absent_kinds(drawing.kind for drawing in drawings)
    missing = [Drawing(kind, None, reason, kind) for kind, reason in absent]
    if most is None:
        return [*drawings, *missing]
    kept, others = most_important(drawings, most)
    left = [
        Drawing(
            f"{counted(count, 'more figure')}{f' of {of}' if of else ''}",
            None,
            left_out(most),
        )
        for of, count in Counter(drawing.of for drawing in others).items()
    ]
    return [*kept, *left, *missing]


def _distinct(drawings: list[Drawing]) -> list[Drawing]:
    """The drawings under distinct names: folders may differ in punctuation only."""
    taken: set[str] = set()
    found = []
    for drawing in drawings:
        name, number = drawing.name, 2
        while name in taken:
            name, number = f"{drawing.name}-{number}", number + 1
        taken.add(name)
        found.append(replace(drawing, name=name))
    return found


def drawn(drawings: list[Drawing]) -> Iterator[tuple[Drawing, Axes | None, str]]:
    """Draw one after another; a figure that cannot be drawn comes with its reason."""
    for drawing in drawings:
        if drawing.draw is None:
            yield drawing, None, drawing.reason
            continue
        try:
            yield drawing, drawing.draw(), ""
        except DomainError as error:
            yield drawing, None, str(error)


class Drawn(NamedTuple):
    """What `draw` left in a folder.

    Attributes
    ----------
    written : list of str
        Names of the figures; each is there with the suffix of its format, and as .csv.
    missing : list of (str, str)
        Figures that the results do not allow, each with the reason.
    """

    written: list[str]
    missing: list[tuple[str, str]]


def draw(  # noqa: PLR0913  what is drawn, and how
    folder: str | PathLike[str] | None,
    out: str | PathLike[str],
    *,
    format: Extension = "pdf",
    width: Literal["column", "page"] = "column",
    all: bool = False,
    force: bool = False,
    memory: int | str | None = None,
    progress: bool | Progress = False,
) -> Drawn:
    """Draw the figures of results, or those of the theory, each with its numbers.

    The same results give the same bytes.

    Parameters
    ----------
    folder : path or None
        Holds results of `measure`, `compare`, `validate`, `inspect` or `power`, in any
        sub-folders. None: the figures of the theory, which need no data.
    out : path
        The folder for the figures; made if it does not exist. Beside each figure lie
        its numbers as CSV.
    format : {"pdf", "png", "svg"}, default "pdf"
        Of the figures.
    width : {"column", "page"}, default "column"
        3.33 inches, as a column of print, or 7 inches, as a page.
    all : bool, default False
        Draw all figures of each result, not only the 15 most important ones.
    force : bool, default False
        Replace files of the figures' names that are no earlier figures, too; results
        that are drawn never are.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with the name of each figure.

    Returns
    -------
    Drawn
        The names of the figures `written`, and those `missing`, with the reasons.

    Raises
    ------
    UsageError
        When `folder` holds no results, or `out` cannot be written to or holds other
        files of the same names.
    FormatError
        When a result is damaged.

    See Also
    --------
    report : Results, figures and tables as one HTML page.

    Examples
    --------
    >>> import tempfile
    >>> from rankbound.commands.power.run import power
    >>> with tempfile.TemporaryDirectory() as results:
    ...     _ = power(n=43, sd=0.1).save(results)
    ...     made = draw(results, Path(results, "figures"), format="svg")
    >>> made.written
    ['power', 'power-correlation']
    """
    from rankbound.figures.output import Extension, csv_text, rendered
    from rankbound.figures.style import COLUMN, PAGE
    from rankbound.figures.style import width as figure_width

    for name, value, known in (
        ("format", format, get_args(Extension)),
        ("width", width, ("column", "page")),
    ):
        if value not in known:
            raise UsageError(f"`{name}` must be {' or '.join(known)}, got {value!r}")
    out = Path(out)
    check_folder(out)
    files: list[Path] = []
    given: list[Path] = []
    if folder is None:
        drawings = theory_drawings()
    else:
        with reading_within(memory):
            results = find_results(Path(folder))
        files, given = files_of(Path(folder), results), inputs_of(results)
        drawings = result_drawings(results, most=None if all else MOST_FIGURES)
    made = Drawn([], [])
    # Figures of earlier versions bear no mark; their numbers tell them
    headers: dict[Path, str] = {}

    def is_mine(path: Path) -> bool:
        return is_figure(path, headers.get(path.with_suffix(".csv"), ""))

    with (
        filling(
            out, Replacing(mine=is_mine, inputs=[*files, *given], force=force)
        ) as aside,
        reported(progress, total=len(drawings)) as advance,
        figure_width(PAGE if width == "page" else COLUMN),
    ):
        for drawing, ax, reason in drawn(drawings):
            advance(drawing.name)
            if ax is None:
                made.missing.append((drawing.name, reason))
                continue
            (aside / f"{drawing.name}.{format}").write_bytes(rendered(ax, format))
            numbers = aside / f"{drawing.name}.csv"
            text = csv_text(ax)
            headers[out / numbers.name] = text.partition("\n")[0]
            numbers.write_text(text, encoding="utf-8", newline="")
            made.written.append(drawing.name)
        record(
            aside,
            out,
            "figures",
            command="rankbound figures",
            versions=versions(),
            inputs={str(path): digest(path) for path in files},
        )
    return made


def is_figure(path: Path, header: str) -> bool:
    """Whether a file is an earlier figure, or the numbers of one.

    Parameters
    ----------
    path : Path
        Of a figure, or of a CSV file.
    header : str
        The first line of the numbers that would be written now.
    """
    from rankbound.figures.output import MARKS

    figures = [path.with_suffix(f".{one}") for one in MARKS]
    if any(
        one.is_file() and MARKS[one.suffix[1:]] in one.read_bytes() for one in figures
    ):
        return True
    try:
        with path.with_suffix(".csv").open(encoding="utf-8") as stream:
            return bool(header) and next(stream, "").rstrip("\r\n") == header
    except (OSError, UnicodeDecodeError):
        return False
