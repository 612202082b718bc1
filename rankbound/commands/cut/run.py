"""Cut training groups: measure queries, choose those of each band, report the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np

from rankbound.bounds.limits import two_sided
from rankbound.bounds.wording import counted
from rankbound.catalogue import Range
from rankbound.commands.compare.measured import (
    groups_of,
    measure_student,
    read_students,
)
from rankbound.commands.compare.quantities import (
    Measured,
    space_quantities,
    teacher_quantities,
    value_range,
    widest_distance,
)
from rankbound.commands.compare.samplings import Loaded, part
from rankbound.commands.computing import computing
from rankbound.commands.cut.options import CutOptions
from rankbound.commands.cut.result import (
    Change,
    Changes,
    Compat,
    Cut,
    Dropped,
    Kept,
    Left,
    Lines,
    Side,
)
from rankbound.commands.measure.answers import temperature_answer
from rankbound.commands.measure.given import (
    ClustersLike,
    IdsLike,
    QrelsLike,
    ScoresLike,
    VectorsLike,
    inputs_of,
    vectors_of,
)
from rankbound.commands.measure.inputs import (
    Inputs,
    Rule,
    TemperatureFit,
    match_groups,
    read_sources,
    split_queries,
    teacher_fit,
    teacher_temperature,
)
from rankbound.commands.measure.options import StudentsLike, StudentSource, Temperature
from rankbound.commands.settings import made_options
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import (
    Booleans,
    Floats,
    Strings,
    distinct_codes,
    positions,
)
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery
from rankbound.data.scores import Kind
from rankbound.errors import UsageError
from rankbound.estimators.bands import BANDS, TIES, Band
from rankbound.memory import reading_within
from rankbound.progress import Progress, reported
from rankbound.provenance import versions
from rankbound.read.scales import MissingValues, MixedScales, RunTags
from rankbound.read.source import SUFFIXES, Source, check_unchanged, state_of
from rankbound.results import Named
from rankbound.validation.paired import paired_t

# Reported by `cut_groups`
N_STAGES = 3
UNPAIRED = (
    "before: all queries with a value; after: the kept ones. These are different sets "
    "of queries, so nothing is paired: each mean has an interval of its own at level "
    "1 - delta / 2, and the interval of the difference is made of their ends. A cut by "
    "a quantity changes the mean of that quantity by construction, and of whatever "
    "varies with it, so such a difference says nothing about a training method. There "
    "is no correction for several quantities. The cut points come from the same "
    "queries. Where the method is t, no range of the quantity is known, and the "
    "intervals are Student's, which are approximate."
)
OF_CLUSTERS = (
    "Clusters are kept or left out as a whole, by the mean over their queries; before "
    "and after are means over clusters."
)
LOST = (
    "no group of these queries has two documents with a teacher score (and a vector, "
    "if vectors were given) and a pair of the wanted kind, or the quantity is "
    "undefined for them; they are in no file"
)


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """All quantities of all queries to be cut.

    Attributes
    ----------
    measured : dict of (quantity, pair set) to PerQuery
    ranges : dict of (quantity, pair set) to tuple or None
        The range of one value, if it is known in advance.
    temperature : float
        The teacher's temperature.
    fit : TemperatureFit or None
        None if it was not fitted.
    warnings : tuple of str
    clusters : Clusters or None
        Of the queries, which are then cut together; None where they are independent.
    """

    measured: Measured
    ranges: dict[tuple[str, str], Range | None]
    temperature: float
    fit: TemperatureFit | None
    warnings: tuple[str, ...]
    clusters: Clusters | None


def loaded_groups(
    inputs: Inputs, *, fits: bool, seed: int, temperature: Temperature
) -> Loaded:
    """The groups with the teacher's margins, as the only sampling.

    Temperatures are fitted as `measure` fits them. The queries used for that are cut
    like all others, since a cut certifies nothing.
    """
    split = split_queries(inputs.groups, fits=fits, seed=seed, clusters=inputs.clusters)
    fit = teacher_fit(inputs, split, temperature)
    scale = (
        teacher_temperature(inputs, split, temperature) if fit is None else fit.value
    )
    everything = part(
        "groups", inputs, scale, np.ones(inputs.groups.n_groups, dtype=bool)
    )
    fitted = part("groups", inputs, scale, split.calibration) if fits else None
    return Loaded(
        samplings=(everything,),
        pool=everything,
        target=everything,
        calibration=fitted,
        temperature=scale,
        fit=fit,
        pilots=(),
        split=split,
        teacher=inputs,
        qrels=inputs.qrels,
        embeddings=inputs.embeddings,
        paths=inputs.paths,
    )


def measure_queries(
    loaded: Loaded,
    students: Sequence[StudentSource],
    *,
    pairs: str,
    metric: str,
    score_range: float,
    missing: str | None,
) -> Queries:
    """Measure every query that has the scores and vectors for it."""
    pair_sets = tuple(dict.fromkeys(("all", pairs)))
    (everything,) = loaded.samplings
    measured = teacher_quantities(
        everything.groups, everything.values, pair_sets=pair_sets
    )
    if loaded.embeddings is not None:
        space = space_quantities(
            everything.groups,
            everything.values,
            loaded.embeddings,
            metric=metric,
            pair_sets=pair_sets,
        )
        measured.update(space.measured)
    read = read_students(students, loaded)
    theirs = {
        student.source.name: measure_student(
            student,
            everything,
            pair_sets=pair_sets,
            score_range=score_range,
            missing=missing,
            alone=len(read) == 1,
        )
        for student in read
    }
    for found in theirs.values():
        measured.update(found.measured)
    widest = widest_distance(loaded.embeddings, metric)
    ranges = {
        (name, of): value_range(
            name,
            groups_of(name, of, everything, theirs),
            pairs=of,
            score_range=score_range,
            widest=widest,
        )
        for name, of in measured
    }
    said = tuple(warning for student in read for warning in student.warnings)
    return Queries(
        measured, ranges, loaded.temperature, loaded.fit, said, loaded.clusters
    )


def change(  # noqa: PLR0913  a column, a band, and how to compare
    column: PerQuery,
    kept: set[str],
    *,
    band: str,
    pairs: str,
    bounds: Range | None,
    delta: float,
    clusters: Clusters | None = None,
) -> Change | None:
    """Compare a quantity over all queries with that over the queries kept by a band.

    The result is None if none of the kept queries has a value. With clusters, both
    sides are means over those.
    """
    there = np.array([qid in kept for qid in column.qids])
    if not there.any():
        return None
    before, after = (
        _side(
            units_of(column.qids[rows], clusters).means(column.values[rows]),
            bounds,
            delta / 2,
        )
        for rows in (np.ones_like(there), there)
    )
    return Change(
        kept=band,
        quantity=column.name,
        pairs=pairs,
        unit=column.unit,
        before=before,
        after=after,
        difference=after.mean - before.mean,
        lower=_minus(after.lower, before.upper),
        upper=_minus(after.upper, before.lower),
        method="t" if bounds is None else "betting",
    )


def _minus(end: float | None, other: float | None) -> float | None:
    return None if end is None or other is None else end - other


def _side(values: Floats, bounds: Range | None, delta: float) -> Side:
    mean = float(values.mean())
    sd = float(values.std(ddof=1)) if len(values) > 1 else None
    if bounds is None:
        made = paired_t(values, delta=delta)
        return Side(len(values), mean, sd, made.lower, made.upper)
    lower, upper = two_sided(values, low=bounds[0], high=bounds[1], delta=delta)
    return Side(len(values), mean, sd, lower, upper)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What one band keeps.

    Attributes
    ----------
    band : Band
    name : str
        The name of its file.
    queries : boolean array, shape (n_queries,)
        Which of the queries with a value are kept; of a cluster all or none.
    groups : boolean array, shape (n_groups,)
        Which groups of the source are kept: all groups of the kept queries.
    cut_points : tuple of float or None
    n_ties : int
        Number of queries whose value, or that of their cluster, equals a cut point.
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


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The outcome of `cut_groups`: the queries and groups of every band.

    Attributes
    ----------
    inputs : Inputs
        The groups that were matched with scores and vectors.
    whole : Groups
        The groups of the source, before anything was dropped.
    values : PerQuery
        The quantity, for the queries that have it.
    temperature : float
        The teacher's temperature.
    fit : TemperatureFit or None
        None if it was not fitted.
    pieces : tuple of Piece
        One for each band, in the order given.
    compat : Compat or None
        What the reference study's cuts would keep, if that was asked for.
    warnings : tuple of str
    """

    inputs: Inputs
    whole: Groups
    values: PerQuery
    temperature: float
    fit: TemperatureFit | None
    pieces: tuple[Piece, ...]
    compat: Compat | None
    warnings: tuple[str, ...]

    @property
    def without_value(self) -> tuple[int, int]:
        """Number of queries without the quantity, and number of their groups."""
        known = positions(self.values.qids, self.whole.group_qids()) >= 0
        lost = np.unique(self.whole.queries[~known])
        return len(lost), int((~known).sum())


def cut(  # noqa: PLR0913  each is an option of the command
    teacher: ScoresLike,
    *,
    groups: str | PathLike[str],
    by: str = "entropy",
    keep: str | Sequence[str] = tuple(BANDS),
    pairs: str = "all",
    students: StudentsLike | None = None,
    qrels: QrelsLike | None = None,
    clusters: ClustersLike | None = None,
    embeddings: VectorsLike | None = None,
    ids: IdsLike | None = None,
    metric: str = "euclidean",
    teacher_kind: Kind | str | None = None,
    temperature: Temperature = None,
    missing: Literal["drop", "error"] | None = None,
    missing_value: MissingValues = None,
    mixed_scales: MixedScales = "error",
    run_tag: RunTags = None,
    score_range: float = 10.0,
    delta: float = 0.05,
    seed: int = 0,
    compat: Literal["reference"] | None = None,
    formats: Mapping[str, str] | None = None,
    memory: int | str | None = None,
    workers: int = 1,
    dask: str | None = None,
    blocks: str | PathLike[str] | None = None,
    fresh: bool = False,
    progress: bool | Progress = False,
) -> Cut:
    r"""Keep the training groups whose queries lie in a band of a per-query quantity.

    Nothing is written until the result's `save` is called. It writes one file of groups
    for each band, which holds unchanged lines of the source.

    Parameters
    ----------
    teacher : path or object
        The teacher's scores: a TREC run, a JSON of ``{qid: {docno: score}}``, any other
        file that holds scores, packed or not, or an object such as a dict, a frame or a
        `Scores`; see `read_scores`.
    groups : path
        The file of training groups. It must be a file, since a cut keeps its lines.
    by : str, default "entropy"
        The quantity, one of those that `compare` accepts. With several students, the
        divergence or risk of one is named as in "risk:tasb".
    keep : str or sequence of str
        The bands, one file for each: "below-median", "above-median", "inner" (between
        the quartiles), "outer", "lower-quartile", "upper-quartile", or quantiles such
        as "0.1:0.9". By default the six named bands.
    pairs : {"all", "pos-neg", "neg-neg"}, default "all"
        The pairs of a group over which the quantity is averaged.
    students : mapping of str to path or object, optional
        Scores of the students by name, in the same forms as the teacher's. A
        `StudentSource` instead of scores states a student's kind, its temperature, or
        the vectors of its queries.
    qrels : path or object, optional
        Relevance judgements, to fit the teacher's temperature; see `read_qrels`.
    clusters : path or mapping of str to str, optional
        The cluster of each query, where queries depend on each other: a file of qid and
        cluster, parted by a tab. Clusters are then kept or left out as a whole, by the
        mean of the quantity over their queries.
    embeddings : path or object, optional
        Vectors of the documents, shape (documents, dimensions), which a cut by
        distances needs; see `read_embeddings`.
    ids : path or sequence of str, optional
        Docnos of the rows of `embeddings`; by default their own, or those beside them.
    metric : {"euclidean", "angular"}, default "euclidean"
        The distance between vectors; "angular" is their angle in radians.
    teacher_kind : Kind or str, optional
        What the scores are: "logit", "probability", "cosine", "dot", "bm25" or
        "unknown"; inferred by default.
    temperature : float or "fit", optional
        The positive number that divides the teacher's margins. "fit" chooses it by
        maximum likelihood on judged pairs of a fifth of the queries, which are cut like
        the others. The default is 1 for logits and probabilities; other kinds need one.
    missing : {"drop", "error"}, optional
        What to do with documents without a score or vector. By default they are an
        error for the teacher and the vectors, and dropped and counted for a student.
    missing_value : float, sequence of float or mapping, optional
        Scores that stand for missing ones, such as -10000: such documents have no
        score. "none" says that a repeated value is a score. A mapping has the values
        of students by name, of "teacher" or of files by path.
    mixed_scales : {"error", "logit-sigmoid", "as-is"}, default "error"
        Where some queries of a file have logits and others a sigmoid's scores: raise,
        make logits of the latter, or take all as they are.
    run_tag : str or mapping, optional
        The system to read of a run whose lines have several tags, by name as above;
        "*" takes all lines for one system.
    score_range : float, default 10.0
        Student scores are clipped at this many temperatures below the best document of
        their group, so that losses are bounded; from 1e-6 to 1e6.
    delta : float, default 0.05
        Probability, in (0, 1), that the intervals before and after the cut fail.
    seed : int, default 0
        Seed of the draw of calibration queries, at least 0.
    compat : {"reference"}, optional
        Also report what the reference study's cuts of these names would keep.
    formats : mapping of str to str, optional
        The format of a file by its path, and that of the teacher's under ""; other
        formats are detected.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    workers : int, default 1
        Processes that share the queries, with one thread each; they do not run the
        script that asks for them. Results do not depend on them.
    dask : str, optional
        The address of a scheduler of dask, whose workers share the queries instead.
    blocks : path, optional
        A folder in which finished blocks of queries are kept until the call ends: if
        it is killed, the same call goes on from there.
    fresh : bool, default False
        Begin anew, whatever blocks the folder holds.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a short description before each stage.

    Returns
    -------
    Cut
        Its `files` describe what each band keeps. `save` writes them; until then their
        hashes are None.

    Raises
    ------
    FormatError
        When a file or object breaks its format.
    UsageError
        When settings contradict each other or need data that the inputs lack, and when
        no band holds a query.
    DomainError
        When a number lies outside its range.

    See Also
    --------
    measure : Estimate the quantities of every query.
    compare : Compare a quantity between samplings of the groups.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> scores = {f"q{n}": {"a": n + 1.0, "b": 0.0} for n in range(8)}
    >>> lines = [{"query_id": q, "doc_id_a": "a", "doc_id_b": ["b"]} for q in scores]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     groups = Path(folder, "train.jsonl")
    ...     _ = groups.write_text("".join(json.dumps(one) + "\n" for one in lines))
    ...     made = cut(scores, groups=groups, keep="above-median", teacher_kind="logit")
    ...     _ = made.save(Path(folder, "cuts"))
    >>> made.files[0].n_queries
    4
    """
    options = made_options(
        CutOptions,
        teacher=teacher,
        groups=groups,
        by=by,
        keep=keep,
        pairs=pairs,
        students={} if students is None else students,
        qrels=qrels,
        clusters=clusters,
        embeddings=embeddings,
        ids=ids,
        metric=metric,
        teacher_kind=teacher_kind,
        temperature=temperature,
        missing=missing,
        missing_value=missing_value,
        mixed_scales=mixed_scales,
        run_tag=run_tag,
        score_range=score_range,
        delta=delta,
        seed=seed,
        compat=compat,
        formats={} if formats is None else formats,
    )
    with (
        reading_within(memory),
        computing(
            options,
            name="cut",
            folder=blocks,
            workers=workers,
            dask=dask,
            fresh=fresh,
        ),
        reported(progress, total=N_STAGES) as advance,
    ):
        return cut_with(options, progress=advance)


def cut_with(options: CutOptions, *, progress: Progress = str) -> Cut:
    """Do what `cut` does, given the options as one record."""
    chosen = cut_groups(options, progress)
    clusters = chosen.inputs.clusters
    n_lost, groups_lost = chosen.without_value
    made = Cut(
        input=str(options.groups),
        sha256=None,
        n_groups=chosen.whole.n_groups,
        n_queries=len(distinct_codes(chosen.whole.queries)),
        quantity=options.by,
        unit=chosen.values.unit,
        pairs=options.pairs,
        temperature=chosen.temperature,
        ties=TIES,
        quantiles="linear interpolation over the "
        f"{'queries' if clusters is None else 'clusters'} with a value",
        dropped=Dropped(
            queries_without_value=n_lost,
            groups_of_queries_without_value=groups_lost,
            why=LOST if n_lost else None,
            reasons=chosen.inputs.dropped,
        ),
        files=Named(_kept(chosen, piece) for piece in chosen.pieces),
        comparison=Changes(
            delta=options.delta,
            note=UNPAIRED if clusters is None else f"{UNPAIRED} {OF_CLUSTERS}",
            rows=tuple(found for piece in chosen.pieces for found in piece.changes),
        ),
        warnings=chosen.warnings,
        inputs=inputs_of(chosen.inputs.paths, hashed=False),
        command=options.command,
        versions=versions(),
        compat=chosen.compat,
        clusters=_n_clusters(chosen.values.qids, clusters),
        clustering=chosen.inputs.clustering,
        answers=(
            temperature_answer(
                chosen.fit,
                chosen.temperature,
                kind=chosen.inputs.kind.value,
                command=options.command,
            ),
        ),
    )
    there = [piece for piece in chosen.pieces if piece.queries.any()]
    lines = {piece.name: _lines(chosen, piece, options.groups) for piece in there}
    states = {}
    for one in chosen.inputs.paths:
        if isinstance(one, Path):
            check_unchanged(one)
            states[one] = state_of(one)
    return made.with_lines(Lines(options.groups, lines, chosen.inputs.paths, states))


def cut_groups(options: CutOptions, progress: Progress = str) -> Chosen:
    """Measure the queries, and choose the queries and groups of every band."""
    source = Source(options.groups)
    if source.is_read_once:
        raise source.fail(
            "is a pipe, and the lines that a cut keeps are read a second time; save "
            "the groups to a file, or pass them to standard input, as `-`"
        )
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
    given = (*files, options.qrels, options.clusters, *students)
    inputs = replace(inputs, paths=tuple(p for p in given if p is not None))
    progress("measuring")
    queries = measure_queries(
        loaded_groups(
            inputs,
            fits=options.fits,
            seed=options.seed,
            temperature=options.temperature,
        ),
        options.students,
        pairs=options.pairs,
        metric=options.metric,
        score_range=options.score_range,
        missing=options.missing,
    )
    values = queries.measured.get((options.quantity, options.pairs))
    if values is None:
        raise UsageError(
            f"`by={options.by!r}`: no query has this quantity for {options.pairs} "
            "pairs; cut by another quantity, or give `pairs='all'`"
        )
    progress("cutting")
    pieces = tuple(
        _piece(
            band,
            values,
            whole,
            queries,
            name=file_name(
                options.groups, band, quantity=options.quantity, pairs=options.pairs
            ),
            delta=options.delta,
        )
        for band in options.bands
    )
    if not any(piece.queries.any() for piece in pieces):
        raise UsageError(
            f"no query lies in any of the bands {', '.join(options.keep)}, perhaps "
            f"because the {counted(len(values), 'value')} of {values.name} are equal; "
            "cut by another quantity or band"
        )
    compat = None
    if options.compat is not None:
        from rankbound.reference.cut import reference_cuts

        kept = {piece.band.name: set(values.qids[piece.queries]) for piece in pieces}
        known = options.quantity == "entropy" and options.pairs == "all"
        teacher = options.teacher if known else None
        compat = reference_cuts(whole, inputs, values, kept, teacher=teacher)
    return Chosen(
        inputs=inputs,
        whole=whole,
        values=values,
        temperature=queries.temperature,
        fit=queries.fit,
        pieces=pieces,
        compat=compat,
        warnings=(*inputs.warnings, *queries.warnings, *inputs.files.warnings()),
    )


def _kept(chosen: Chosen, piece: Piece) -> Kept:
    n_lost, groups_lost = chosen.without_value
    n_queries, n_groups = int(piece.queries.sum()), int(piece.groups.sum())
    return Kept(
        kept=piece.band.name,
        file=piece.name if n_queries else None,
        quantiles=(piece.band.low, piece.band.high),
        outside=piece.band.outside,
        cut_points=piece.cut_points,
        n_groups=n_groups,
        n_queries=n_queries,
        sha256=None,
        n_dropped=Left(
            queries_outside_the_band=len(chosen.values) - n_queries,
            groups_outside_the_band=chosen.whole.n_groups - groups_lost - n_groups,
            queries_without_value=n_lost,
            groups_of_queries_without_value=groups_lost,
        ),
        n_queries_at_a_cut_point=piece.n_ties,
        reason=None if n_queries else "no query lies in this band; no file",
        n_clusters=_n_clusters(
            chosen.values.qids[piece.queries], chosen.inputs.clusters
        ),
    )


def _n_clusters(qids: Strings, clusters: Clusters | None) -> int | None:
    """Number of clusters of some queries; None where these are cut one by one."""
    return None if clusters is None else len(set(clusters.of(qids)))


def _lines(chosen: Chosen, piece: Piece, source: Path) -> Booleans:
    """Which lines of the source are kept, counted from 1."""
    lines = chosen.whole.lines
    if lines is None:
        raise UsageError(
            f"{source}: `groups` must have one line per group to be "
            "cut; convert it to JSON lines first"
        )
    kept = np.zeros(int(lines.max()) + 1, dtype=bool)
    kept[lines[piece.groups]] = True
    return kept


def _piece(
    band: Band,
    values: PerQuery,
    whole: Groups,
    queries: Queries,
    *,
    name: str,
    delta: float,
) -> Piece:
    units = units_of(values.qids, queries.clusters)
    own = units.means(values.values)
    kept = band.holds(own)[units.of_query]
    qids = set(values.qids[kept])
    changes = [
        change(
            column,
            qids,
            band=band.name,
            pairs=pairs,
            bounds=queries.ranges[quantity, pairs],
            delta=delta,
            clusters=queries.clusters,
        )
        for (quantity, pairs), column in queries.measured.items()
    ]
    return Piece(
        band=band,
        name=name,
        queries=kept,
        groups=np.array([qid in qids for qid in whole.group_qids()], dtype=bool),
        cut_points=band.cut_points(own),
        n_ties=int(band.ties(own)[units.of_query].sum()),
        changes=tuple(found for found in changes if found is not None),
    )


def file_name(source: Path, band: Band, *, quantity: str, pairs: str) -> str:
    """Name the file of a band, so that the name says what it keeps.

    Examples
    --------
    >>> band = BANDS["below-median"]
    >>> file_name(Path("train.jsonl.gz"), band, quantity="entropy", pairs="all")
    'train.kept-entropy-below-median.jsonl.gz'
    """
    stem, ending = source.name, ""
    for suffix in (*SUFFIXES, ".jsonl", ".json", ".tsv", ".txt"):
        if stem.endswith(suffix) and stem != suffix:
            stem, ending = stem.removesuffix(suffix), suffix + ending
    which = quantity.replace(":", "-").replace("/", "-")
    if pairs != "all":
        which = f"{pairs}-{which}"
    return f"{stem}.kept-{which}-{band.name}{ending}"
