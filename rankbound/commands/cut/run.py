"""`cut`: from options to the queries and lines of every band."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.cut.measured import Change, Queries, change, measure_queries
from rankbound.commands.cut.options import CutOptions
from rankbound.commands.measure.given import vectors_of
from rankbound.commands.measure.inputs import (
    Inputs,
    Rule,
    match_groups,
    read_sources,
)
from rankbound.commands.settings import made_options
from rankbound.data.groups import Booleans, Groups
from rankbound.data.per_query import PerQuery
from rankbound.errors import UsageError
from rankbound.estimators.bands import Band
from rankbound.reference.cut import ReferenceCut, reference_cuts

Progress = Callable[[str], object]
PACKED = (".gz", ".bz2", ".lz4", ".zst")


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What one band keeps.

    Attributes
    ----------
    band : Band
    name : str
        Of the file.
    queries : boolean array, shape (n_queries,)
        Which queries that have a value are kept.
    groups : boolean array, shape (n_groups,)
        Which groups of the file are kept: all those of the kept queries.
    cut_points : tuple of float or None
    n_ties : int
        Queries whose value is equal to a cut point.
    changes : tuple of Change
        Every quantity before and after.
    """

    band: Band
    name: str
    queries: Booleans
    groups: Booleans
    cut_points: tuple[float | None, float | None]
    n_ties: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cut:
    """The outcome of `cut_groups`; nothing is written yet.

    Attributes
    ----------
    options : CutOptions
    inputs : Inputs
        What was matched with scores and vectors.
    whole : Groups
        The file as it is, before anything was dropped.
    values : PerQuery
        The quantity, for the queries that have it.
    temperature : float
        The teacher's.
    pieces : tuple of Piece
        In the order of the options.
    reference : tuple of ReferenceCut
        What the reference study's cuts would keep; empty unless asked for.
    warnings : tuple of str
    """

    options: CutOptions
    inputs: Inputs
    whole: Groups
    values: PerQuery
    temperature: float
    pieces: tuple[Piece, ...]
    reference: tuple[ReferenceCut, ...]
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        """What each band keeps, a line each."""
        from rankbound.commands.cut.files import planned
        from rankbound.terminal.cut import head
        from rankbound.terminal.outlines import outline

        account = planned(self)
        lines = [
            f"{row['kept']}: {counted(row['n_groups'], 'group')} of "
            f"{counted(row['n_queries'], 'query')}, {row['file'] or row['reason']}"
            for row in account["files"]
        ]
        return outline(head(account), [*lines, "rankbound.write_cut writes the files"])

    def _repr_html_(self) -> str:
        """The same with every quantity before and after, for a notebook."""
        from rankbound.commands.cut.files import planned
        from rankbound.page.pieces import cut_html

        return cut_html(planned(self))

    @property
    def without_value(self) -> tuple[int, int]:
        """Queries of the file without the quantity, and their groups."""
        known = np.isin(self.whole.group_qids(), self.values.qids)
        lost = np.unique(self.whole.queries[~known])
        return len(lost), int((~known).sum())


def cut_groups(
    options: CutOptions | None = None, *, progress: Progress = str, **settings: Any
) -> Cut:
    """Choose the queries of every band by a per-query quantity.

    Parameters
    ----------
    options : CutOptions, optional
    progress : callable
        Called with a few words before each stage; the default does nothing.
    **settings
        Instead of `options`: what `CutOptions` takes, `teacher` and `groups` at least.

    Returns
    -------
    Cut
        `rankbound.commands.cut.write_cut` writes its files.

    Raises
    ------
    FormatError, UsageError, DomainError
        On input that breaks a rule, or where no band holds a query.
    """
    options = made_options(CutOptions, options, settings)
    progress("reading")
    sources = read_sources(options, differences=True)
    whole = sources.groups_of(options.groups)
    inputs = match_groups(whole, sources, Rule(options.pairs, options.missing))
    vectors = vectors_of(options.embeddings, options.ids)
    files = (options.teacher, options.groups, *vectors)
    students = (
        path
        for student in options.students
        for path in (student.scores, *vectors_of(student.queries, student.query_ids))
    )
    given = (*files, options.qrels, *students)
    inputs = replace(inputs, paths=tuple(p for p in given if p is not None))
    progress("measuring")
    queries = measure_queries(options, inputs)
    values = _quantity(options, queries)
    progress("cutting")
    pieces = tuple(
        _piece(band, values, whole, queries, options) for band in options.bands
    )
    if not any(piece.queries.any() for piece in pieces):
        raise UsageError(
            f"no query lies in any of the bands {', '.join(options.keep)}: all of "
            f"{counted(len(values), 'value')} of {values.name} may be the same; cut "
            "by another "
            "quantity or band"
        )
    theirs: tuple[ReferenceCut, ...] = ()
    if options.compat is not None:
        kept = {piece.band.name: set(values.qids[piece.queries]) for piece in pieces}
        theirs = reference_cuts(options, whole, inputs, values, kept)
    return Cut(
        options=options,
        inputs=inputs,
        whole=whole,
        values=values,
        temperature=queries.temperature,
        pieces=pieces,
        reference=theirs,
        warnings=(*inputs.warnings, *queries.warnings),
    )


# As the command is called
cut = cut_groups


def _quantity(options: CutOptions, queries: Queries) -> PerQuery:
    found = queries.measured.get((options.quantity, options.pairs))
    if found is None:
        raise UsageError(
            f"--by {options.by}: no query has this quantity for {options.pairs} pairs"
        )
    return found


def _piece(
    band: Band, values: PerQuery, whole: Groups, queries: Queries, options: CutOptions
) -> Piece:
    kept = band.holds(values.values)
    qids = set(values.qids[kept])
    changes = [
        change(
            column,
            qids,
            pairs=pairs,
            bounds=queries.ranges[name, pairs],
            delta=options.delta,
        )
        for (name, pairs), column in queries.measured.items()
    ]
    return Piece(
        band=band,
        name=file_name(options.groups, options, band),
        queries=kept,
        groups=np.array([qid in qids for qid in whole.group_qids()], dtype=bool),
        cut_points=band.cut_points(values.values),
        n_ties=band.ties(values.values),
        changes=tuple(found for found in changes if found is not None),
    )


def file_name(source: Path, options: CutOptions, band: Band) -> str:
    """The name of a cut, which says what it keeps.

    Examples
    --------
    >>> options = CutOptions(teacher="t.json", groups="train.jsonl.gz")
    >>> file_name(options.groups, options, options.bands[0])
    'train.kept-entropy-below-median.jsonl.gz'
    """
    stem, ending = source.name, ""
    for suffix in (*PACKED, ".jsonl", ".json", ".tsv", ".txt"):
        if stem.endswith(suffix) and stem != suffix:
            stem, ending = stem.removesuffix(suffix), suffix + ending
    which = options.quantity.replace(":", "-").replace("/", "-")
    if options.pairs != "all":
        which = f"{options.pairs}-{which}"
    return f"{stem}.kept-{which}-{band.name}{ending}"
