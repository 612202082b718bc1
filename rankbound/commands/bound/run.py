"""The headline bound and its relatives from given numbers, or from measurements."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, overload

import msgspec
from scipy.optimize import brentq

from rankbound.bounds.certificate import LN2
from rankbound.bounds.floors import floor_of
from rankbound.bounds.lemmas import cut_ratio_all_pairs, query_range
from rankbound.bounds.registry import statement
from rankbound.bounds.theorem2 import HEADLINE, headline_parts
from rankbound.bounds.theorem5 import (
    Design,
    bilinear_complexity,
    compare_designs,
    diameter_ratio_to_break_even,
    queries_to_break_even,
)
from rankbound.bounds.wording import counted
from rankbound.commands.bound.answers import answered
from rankbound.commands.bound.changes import measured_change
from rankbound.commands.bound.folders import MeasuredLike
from rankbound.commands.bound.result import (
    Augmentation,
    Bound,
    Given,
    MeasuredChange,
    Range,
)
from rankbound.commands.measure.paper_form import (
    BASE_ENCODER,
    Architecture,
    paper_row,
)
from rankbound.commands.measure.result import LimitFloor
from rankbound.errors import FormatError, UsageError
from rankbound.memory import reading_within
from rankbound.progress import Progress, reported
from rankbound.read.source import decoded, read_bytes

NEEDED: Final = ("diameter", "lipschitz", "entropy", "divergence", "n")


def configurations(
    path: Path, base: Mapping[str, Any], *, solve: str | None = None
) -> Iterator[Given]:
    """Read configurations from a TSV; `base` holds the numbers that a row leaves out.

    The header names the columns as `Given` does.

    Raises
    ------
    FormatError
        With path and line, for an unknown column, for a cell that is not a number, and
        for a number that neither the row nor `base` gives.
    """
    known = Given.__struct_fields__
    header, *rows = _rows(path)
    header = [name.strip().replace("-", "_") for name in header]
    strange = [name for name in header if name not in known]
    if strange:
        raise FormatError(
            path,
            f"unknown column {strange[0]!r}, expected {', '.join(sorted(known))}",
            line=1,
        )
    for number, cells in enumerate(rows, start=2):
        if len(cells) != len(header):
            raise FormatError(
                path,
                f"expected {counted(len(header), 'column')}, found {len(cells)}",
                line=number,
            )
        row = dict(zip(header, cells, strict=True))
        try:
            numbers = {name: float(text) for name, text in row.items()}
            yield given_from({**base, **numbers}, solve=solve)
        except ValueError as error:
            raise FormatError(path, str(error), line=number) from None


def _rows(path: Path) -> list[list[str]]:
    """The cells of a table, the header first."""
    lines = decoded(read_bytes(path), path).splitlines()
    rows = csv.reader(lines, delimiter="\t")
    try:
        return [*rows]
    except csv.Error as error:
        raise FormatError(path, f"is no table ({error})", line=rows.line_num) from None


def given_from(values: Mapping[str, Any], *, solve: str | None = None) -> Given:
    """Make a configuration from numbers; the one to `solve` for may be missing.

    Raises
    ------
    UsageError
        When other numbers are missing, or one lies outside its range.

    Examples
    --------
    >>> given_from({"diameter": 1.0})
    Traceback (most recent call last):
    ...
    rankbound.errors.UsageError: missing: `lipschitz`, `entropy`, `divergence`, `n`
    """
    values = {**values}
    if solve in values and values[solve] is None:  # any value will do
        values[solve] = 0.5 if solve == "entropy" else 1.0
    missing = [f"`{name}`" for name in NEEDED if values.get(name) is None]
    if missing:
        raise UsageError("missing: " + ", ".join(missing))
    return Given(
        **{
            name: _whole(value) if name == "group_size" else value
            for name, value in values.items()
            if value is not None
        }
    )


def _whole(value: float) -> Any:
    """A float without a fraction as the whole number that it is; others as they are."""
    plain = isinstance(value, float) and value.is_integer()
    return int(value) if plain else value


# Settings of a bound from numbers that count as not given beside measurements
DEFAULTS: Final = {
    "kappa": 1.0,
    "group_size": 16,
    "architecture": BASE_ENCODER,
    "weights": BASE_ENCODER.weights,
    "layers": BASE_ENCODER.layers,
}
UNKNOWNS: Final = ("n", "diameter", "entropy")
# Between these values a root is searched
SEARCH: Final = {"n": (1.0, 1e18), "diameter": (1e-9, 1e9), "entropy": (0.0, LN2)}


@overload
def bound(
    *,
    before: MeasuredLike,
    after: MeasuredLike,
    delta: float = ...,
    memory: int | str | None = ...,
    progress: bool | Progress = ...,
) -> MeasuredChange: ...
@overload
def bound(
    *,
    diameter: float | None = ...,
    lipschitz: float | None = ...,
    entropy: float | None = ...,
    divergence: float | None = ...,
    n: float | None = ...,
    delta: float = ...,
    kappa: float = ...,
    group_size: int = ...,
    solve: str | None = ...,
    architecture: Architecture = ...,
    memory: int | str | None = ...,
    progress: bool | Progress = ...,
) -> Bound: ...
def bound(  # noqa: PLR0913  one argument for each symbol
    *,
    diameter: float | None = None,
    lipschitz: float | None = None,
    entropy: float | None = None,
    divergence: float | None = None,
    n: float | None = None,
    delta: float = 0.05,
    kappa: float = 1.0,
    group_size: int = 16,
    solve: str | None = None,
    architecture: Architecture = BASE_ENCODER,
    before: MeasuredLike | None = None,
    after: MeasuredLike | None = None,
    memory: int | str | None = None,
    progress: bool | Progress = False,
) -> Bound | MeasuredChange:
    """The headline bound from given numbers, or its change between two measurements.

    The bound is on the risk of a student of the bilinear class (Theorem 2'), in nats.
    It is vacuous, that is, it says nothing, if it is at least ln 2 = 0.693. With
    numbers no data are read. With `before` and `after`, limits of what an augmentation
    changed take the place of the numbers (Theorem 5).

    Parameters
    ----------
    diameter : float
        Essential diameter of the query's documents, positive, in the unit of the
        vectors' distances.
    lipschitz : float
        Lipschitz constant of the student, positive, in temperatures per distance.
    entropy : float
        Mean entropy of the teacher over queries, in nats, from 0 to ln 2.
    divergence : float
        Mean divergence of the student from the teacher, in nats, at least 0.
    n : float
        Independent queries, at least 1.
    delta : float, default 0.05
        Probability, in (0, 1), that the bound fails.
    kappa : float, default 1.0
        Largest density ratio of target and sampling law, at least 1; 1 is no shift.
    group_size : int, default 16
        Documents of a query, at least 2; all pairs of them enter the loss.
    solve : {"n", "diameter", "entropy"}, optional
        Find the value of this number at which the bound stops being vacuous; the number
        may then be left out. The other ones of the first five are always needed.
    architecture : Architecture, optional
        Trained weights and layers, for the paper's form; by default those of a base
        encoder (1.1e8 weights, 12 layers).
    before, after : path or Ledger, optional
        Folders of `measure`, or what it returned: students before and after an
        augmentation, on the same target queries, with the same pairs, teacher and
        temperature. Together, and with `delta` as the only number.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a few words before each stage.

    Returns
    -------
    Bound or MeasuredChange
        From numbers, the bound with its parts, its relatives and the verdict;
        `solution` is set if a number was solved for, and None if no value will do. From
        measurements, for each student that both name, paired limits of the change of
        entropy and divergence, and what follows for the bound.

    Raises
    ------
    UsageError
        When a number is missing, `solve` is something else, numbers stand beside
        measurements, or measurements cannot be compared: no query or student in common,
        other pairs, another teacher or temperature.
    FormatError
        When a file of a measurement is damaged.
    DomainError
        When a number lies outside its domain.

    See Also
    --------
    measure : The same terms from data, with certificates.
    power : What a number of queries can show.

    Examples
    --------
    >>> found = bound(
    ...     diameter=1.4, lipschitz=5, entropy=0.42, divergence=0.06, n=500_000)
    >>> round(found.bound, 4), found.vacuous, found.dominating
    (0.5068, False, 'entropy')
    """
    numbers = {
        "diameter": diameter,
        "lipschitz": lipschitz,
        "entropy": entropy,
        "divergence": divergence,
        "n": n,
        "delta": delta,
        "kappa": kappa,
        "group_size": group_size,
    }
    if before is not None or after is not None:
        others = {**numbers, "solve": solve, "architecture": architecture}
        pair = both_measurements(before, after, others)
        with reading_within(memory), reported(progress, total=1) as advance:
            advance("measurements")
            return measured_change(*pair, delta=delta)
    given = given_from(numbers, solve=solve)
    with reading_within(memory), reported(progress, total=1) as advance:
        advance("bound")
        return evaluated(given, solve=solve, architecture=architecture)


def both_measurements(
    before: MeasuredLike | None, after: MeasuredLike | None, others: Mapping[str, Any]
) -> tuple[MeasuredLike, MeasuredLike]:
    """Two measurements, without a number that they give themselves.

    Parameters
    ----------
    before, after : path, Ledger or None
    others : mapping of str to Any
        Settings of a bound from numbers by name; None, False and the defaults of
        `bound` count as not given, and `delta` may be.

    Raises
    ------
    UsageError
        When one of both is missing, or another setting is given.

    Examples
    --------
    >>> both_measurements("first", None, {})
    Traceback (most recent call last):
    ...
    rankbound.errors.UsageError: `before` and `after` go together; `after` is missing
    """
    if before is None or after is None:
        lacking = "`before`" if before is None else "`after`"
        raise UsageError(f"`before` and `after` go together; {lacking} is missing")
    for name, value in others.items():
        unset = value is None or value is False or value == DEFAULTS.get(name)
        if name != "delta" and not unset:
            raise UsageError(
                f"`{name}` belongs to a bound from numbers, and `before` and `after` "
                "read theirs from measurements; leave it out"
            )
    return before, after


def evaluated(
    given: Given,
    *,
    solve: str | None = None,
    architecture: Architecture = BASE_ENCODER,
) -> Bound:
    """`bound` of a configuration.

    Examples
    --------
    >>> given = Given(diameter=1.4, lipschitz=5, entropy=0.42, divergence=0.06, n=1)
    >>> evaluated(given, solve="n").solution
    7894
    """
    if solve is None:
        return answered(_evaluated(given, architecture))
    value = solved(given, solve)
    if value is not None:
        given = _changed(given, solve, value)
    found = _evaluated(given, architecture)
    return answered(msgspec.structs.replace(found, solve=solve, solution=value))


def _evaluated(given: Given, architecture: Architecture) -> Bound:
    headline = _headline(given)
    locality = given.lipschitz * given.diameter
    parts = {
        name: float(value)
        for name, value in headline_parts(
            entropy=given.entropy,
            divergence=given.divergence,
            locality=locality,
            n=given.n,
            delta=given.delta,
            kappa=given.kappa,
            width=given.width,
        ).items()
    }
    form = paper_row(
        given.entropy + given.divergence,
        width=given.width,
        n=given.n,
        delta=given.delta,
        architecture=architecture,
    )
    return Bound(
        given=given,
        statement=HEADLINE,
        status=statement(HEADLINE).status,
        unit="nats",
        bound=headline,
        trivial=LN2,
        vacuous=headline >= LN2,
        dominating=max(parts, key=lambda name: parts[name]),
        parts=parts,
        range=Range(B=locality, width=given.width),
        relatives=_relatives(given),
        paper_form=form,
        floor=_floor(given),
    )


def _floor(given: Given) -> LimitFloor:
    """How low a limit of one fixed student's risk can be, by Theorem 9."""
    ratio = cut_ratio_all_pairs(given.group_size)
    _, high = query_range(given.lipschitz * given.diameter, cut_ratio=ratio)
    return LimitFloor.of(
        floor_of(
            min(given.entropy + given.divergence, high),
            math.floor(given.n),
            high=high,
            delta=given.delta,
        )
    )


def solved(given: Given, unknown: str, *, target: float = LN2) -> int | float | None:
    """Find the value of one number at which the headline bound equals the target.

    Parameters
    ----------
    given : Given
        Its value of the unknown is ignored.
    unknown : {"n", "diameter", "entropy"}
    target : float
        In nats; ln 2 is where the bound stops being vacuous.

    Returns
    -------
    int, float or None
        The smallest number of queries, or the largest diameter or entropy; None if no
        value reaches the target.

    Raises
    ------
    UsageError
        When `unknown` is something else.
    """
    if unknown not in UNKNOWNS:
        raise UsageError(
            f"`solve` must be one of {', '.join(UNKNOWNS)}, got {unknown!r}"
        )

    def surplus(value: float) -> float:
        return _headline(_changed(given, unknown, value)) - target

    low, high = SEARCH[unknown]
    at_low, at_high = surplus(low), surplus(high)
    if at_low * at_high > 0:
        return None
    root = float(brentq(surplus, low, high, xtol=1e-12, rtol=1e-12, maxiter=500))
    return math.ceil(root) if unknown == "n" else root


def augment(before: Given, after: Given) -> Augmentation:
    """Whether an augmentation lowers the bound, and from which n' or diameter on.

    Both are evaluated by Theorem 5 (bilinear class, range L times diameter); target
    law, teacher and temperature must be the same before and after.

    Examples
    --------
    >>> before = Given(diameter=2.0, lipschitz=5, entropy=0.42, divergence=0.0, n=1000)
    >>> after = Given(diameter=1.2, lipschitz=5, entropy=0.47, divergence=0.0, n=1000)
    >>> found = augment(before, after)
    >>> found.improves, found.vacuous, found.break_even_n
    (True, True, 399)
    """
    old, new = _design(before), _design(after)
    complexity = bilinear_complexity(before.delta)
    result = compare_designs(
        old, new, n_queries=before.n, n_after=after.n, complexity=complexity
    )
    needed = queries_to_break_even(old, new, n_queries=before.n, complexity=complexity)
    ratio = diameter_ratio_to_break_even(
        old, new, n_queries=before.n, n_after=after.n, complexity=complexity
    )
    found = Augmentation(
        statement="theorem-5a",
        unit="nats",
        before=result.before,
        after=result.after,
        improves=result.improves,
        vacuous=result.vacuous,
        break_even_n=math.floor(needed) + 1 if math.isfinite(needed) else None,
        break_even_diameter=before.diameter * ratio if ratio > 0 else None,
    )
    return answered(found)


def _changed(given: Given, name: str, value: float) -> Given:
    return msgspec.structs.replace(given, **{name: value})


def _headline(given: Given) -> float:
    view = statement(HEADLINE).numpy()
    return float(
        view(
            given.entropy,
            given.divergence,
            given.lipschitz,
            given.diameter,
            given.kappa,
            given.n,
            given.delta,
            given.width,
        )
    )


def _relatives(given: Given) -> dict[str, float]:
    """Bounds that assume or need less: a cruder width, or one student and no shift."""
    risk = given.entropy + given.divergence
    coarse = statement(f"{HEADLINE}-coarse").numpy()
    fixed = statement("theorem-1a").numpy()
    return {
        "theorem-2-prime-coarse": float(
            coarse(
                given.entropy,
                given.divergence,
                given.lipschitz,
                given.diameter,
                given.kappa,
                given.n,
                given.delta,
            )
        ),
        "theorem-1a (one fixed student, no shift)": float(
            fixed(risk, given.width, given.n, 1, given.delta)
        ),
    }


def _design(given: Given) -> Design:
    return Design(
        entropy=given.entropy,
        divergence=given.divergence,
        locality=given.lipschitz * given.diameter,
        shift=1 - given.kappa**-2,
    )
