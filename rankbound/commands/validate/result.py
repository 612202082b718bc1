"""The result of a validation, and its tables for print.

Captions state the test, the number of queries, the correction and the seed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import ClassVar, Final

from rankbound.bounds.wording import counted
from rankbound.catalogue import ASSOCIATED, NOTHING, VERDICTS, proviso
from rankbound.commands.validate.records import (
    AVERAGE,
    LOSS,
    Association,
    Configuration,
    Control,
    Dependence,
    HeldOutCertificate,
    JudgedTogether,
    Mean,
    Order,
    Prediction,
    Surveyed,
    SystemPair,
)
from rankbound.provenance import Input
from rankbound.results import Answer, Beside, Named, Open, Record, Result, named
from rankbound.rows import Rows
from rankbound.tables import NEAR, NONE, Cell, Table, latex, markdown
from rankbound.validation.paired import Decides

# The first columns of a design in tables, in this order; others follow
FACTORS: Final = ("strategy", "loss", "architecture")


def effectiveness_tables(
    means: Sequence[Mean],
    pairs: Sequence[SystemPair],
    datasets: Sequence[Surveyed],
    family: JudgedTogether,
) -> Iterator[Table]:
    """Tabulate means, with letters for pairs of systems; one table per measure.

    As is usual in the field, superscripts are the letters of systems over which a mean
    is significantly higher. Subscripts are those of systems shown to be equivalent.
    """
    columns = list(dict.fromkeys(row.dataset for row in means))
    systems = list(dict.fromkeys(row.student for row in means))
    letters = {name: letter_of(index) for index, name in enumerate(systems)}
    factors = _factors(means)
    found = {(row.dataset, row.measure, row.student): row for row in means}
    for number, measure in enumerate(datasets[0].measures, start=1):
        of_measure = [row for row in means if row.measure == measure]
        yield Table(
            name=f"effectiveness-{number}",
            caption=_effectiveness_caption(
                measure,
                columns,
                datasets,
                family,
                {pair.decides for pair in pairs if pair.measure == measure},
            ),
            header=("", "system", *factors, *columns),
            rows=tuple(
                (
                    Cell(letters[system]),
                    Cell(system),
                    *(_factor(means, system, name) for name in factors),
                    *(
                        _mean(
                            found.get((dataset, measure, system)),
                            of_measure,
                            pairs,
                            letters,
                        )
                        for dataset in columns
                    ),
                )
                for system in systems
            ),
            n_labels=2 + len(factors),
        )


def letter_of(index: int) -> str:
    """Name a column by a letter: a to z, then aa, ab and so on.

    Examples
    --------
    >>> letter_of(0), letter_of(25), letter_of(26)
    ('a', 'z', 'aa')
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _factors(means: Sequence[Mean]) -> tuple[str, ...]:
    """The columns of the design, those of `FACTORS` first."""
    names = dict.fromkeys(name for row in means for name in row.factors)
    known = [name for name in FACTORS if name in names]
    return (*known, *(name for name in names if name not in FACTORS))


def _factor(means: Sequence[Mean], system: str, name: str) -> Cell:
    row = next(row for row in means if row.student == system)
    return Cell(row.factors.get(name, NONE))


def _mean(
    row: Mean | None,
    of_measure: Sequence[Mean],
    pairs: Sequence[SystemPair],
    letters: Mapping[str, str],
) -> Cell:
    if row is None:
        return Cell(NONE)
    lower, alike = set(), set()
    for pair in pairs:
        if (pair.dataset, pair.measure) != (row.dataset, row.measure):
            continue
        if row.student not in (pair.first, pair.second):
            continue
        first = row.student == pair.first
        other = pair.second if first else pair.first
        verdict = VERDICTS[pair.verdict]
        if verdict.within:
            alike.add(other)
        elif verdict.apart and (pair.difference > 0) == first:
            lower.add(other)
    best = max(other.mean for other in of_measure if other.dataset == row.dataset)
    return Cell(
        f"{row.mean:.4f}",
        superscript=",".join(
            letter for name, letter in letters.items() if name in lower
        ),
        near=",".join(letter for name, letter in letters.items() if name in alike),
        bold=row.mean == best,
    )


def _effectiveness_caption(
    measure: str,
    columns: Sequence[str],
    datasets: Sequence[Surveyed],
    family: JudgedTogether,
    rules: Collection[Decides],
) -> str:
    judged = {one.dataset: one.n_judged for one in datasets}
    sizes = ", ".join(f"{name} {n:,}" for name, n in judged.items())
    margin = f"{family.equivalence.margin:g}"
    average = ""
    if AVERAGE in columns:
        average = (
            f" {AVERAGE}: the mean of the data sets' means, queries keyed by data set "
            "and qid;"
        )
    return (
        f"Mean {measure} (n of judged queries: {sizes}; missing rankings: "
        f"{datasets[0].missing_queries});{average} {_letters_mean(rules, margin)} "
        f"(Bonferroni over {counted(family.equivalence.n_tests, 'comparison')}, joint "
        f"level {1 - family.delta:g}); bold: the largest mean; seed {family.seed}."
    )


def _letters_mean(rules: Collection[Decides], margin: str) -> str:
    """What the letters say, and by which intervals."""
    if "direction" in rules:
        return (
            "no letters, as no range of this measure is known: only the direction of "
            "the queries that change is decided"
        )
    return (
        "superscripts: letters of the systems over which a mean is significantly "
        "higher (the interval of the difference excludes 0 and reaches beyond "
        f"{margin}); subscripts behind {NEAR}: letters of the systems from which it is "
        f"shown to differ by no more than {margin} (the whole interval lies within); "
        "no letter: neither is shown, or the mean is the lower one; each pair by "
        "itself; approximate paired t intervals"
    )


def association_tables(
    rows: Sequence[Association], family: JudgedTogether, *, partial: bool
) -> Iterator[Table]:
    """Tabulate coefficients, terms by measures; one table per student."""
    by_student: dict[tuple[str, str, str], list[Association]] = {}
    for row in rows:
        by_student.setdefault((row.dataset, row.sampling, row.student), []).append(row)
    kind = "partial-" if partial else ""
    for number, chosen in enumerate(by_student.values(), start=1):
        measures = tuple(dict.fromkeys(row.measure for row in chosen))
        terms = dict.fromkeys(row.term for row in chosen)
        cells = {(row.term, row.measure): row for row in chosen}
        yield Table(
            name=f"{kind}associations-{number}",
            caption=_association_caption(chosen[0], family, partial=partial),
            header=("term", *measures),
            rows=tuple(
                (
                    Cell(term),
                    *(_coefficient(cells[term, m], partial=partial) for m in measures),
                )
                for term in terms
            ),
        )


def _coefficient(row: Association, *, partial: bool) -> Cell:
    value, lower, upper, verdict = row.spearman, row.lower, row.upper, row.verdict
    if partial:
        value, lower, upper = row.partial, row.partial_lower, row.partial_upper
        verdict = row.partial_verdict
    if value is None or lower is None:
        return Cell(NONE)
    associated = verdict == ASSOCIATED
    return Cell(f"{value:.2f} [{lower:.2f}, {upper:.2f}]", bold=associated)


def _association_caption(
    first: Association, family: JudgedTogether, *, partial: bool
) -> str:
    what = "Spearman's rho"
    test = f"permutation test ({family.permutations:,} permutations)"
    size = family.n_tests
    if partial:
        what = (
            "partial Spearman's rho given the teacher's effectiveness, the number of "
            "relevant documents and the group size"
        )
        test = (
            "test by random signs of the products of rank residuals "
            f"({family.permutations:,} draws)"
        )
        size = family.partial.n_tests
    smallest = first.detectable
    power = "" if smallest is None else f" |rho| >= {smallest:.2f} has 80 % power;"
    return (
        f"{first.dataset}, {first.sampling}, student {first.student}: {what} of each "
        "term with each "
        f"measure per query, with {100 * (1 - family.delta):.10g}% BCa bootstrap "
        f"interval ({counted(family.resamples, 'resample')}); n = "
        f"{counted(first.n, family.unit)}; "
        f"{test}, {family.named_after} over {counted(size, 'test')} at "
        f"{family.delta:g};{power} bold: associated; {LOSS}M is the teacher's M "
        "minus the student's; "
        f"seed {family.seed}."
    )


def configurations_table(
    orders: Sequence[Order], values: Sequence[Configuration], family: JudgedTogether
) -> Table:
    """Tabulate Kendall's tau and the share of pairs in order, predictors by targets."""
    targets = tuple(dict.fromkeys(row.target for row in orders))
    cells = {(row.predictor, row.target): row for row in orders}
    predictors = {row.predictor: row.kind for row in orders}
    first = orders[0]
    if first.n_systems is None:  # written by an earlier version
        n = counted(first.n, "configuration")
        how = f"over n = {n} (data set, sampling, student)"
        test = "permutation test within data sets"
    else:
        dropped = sum(not value.compared for value in values)
        without = (
            f", {dropped:,} more not compared since too many of their documents have "
            "no score"
            if dropped
            else ""
        )
        how = (
            f"over n = {counted(first.n_systems, 'system')} on "
            f"{counted(first.n_datasets or 0, 'data set')} "
            f"({counted(first.n, 'configuration')}{without})"
        )
        test = (
            f"systems exchanged ({family.configurations.permutations:,} permutations, "
            "each for all data sets)"
            if family.configurations.permutations
            else "no test"
        )
    few = next((row.untested_because for row in orders if row.untested_because), None)
    return Table(
        name="configurations",
        caption=(
            f"Kendall's tau-b {how}, with its BCa interval where there are enough, and "
            "in brackets "
            "the share of pairs ordered as the theory expects (0.5: by chance), pairs "
            f"within data sets; {test}; terms "
            "from a random half of the queries, outcomes from the other half; "
            f"{family.named_after} over "
            f"{counted(family.configurations.n_tests, 'test')}, predictions included; "
            f"bold: not by chance at {family.delta:g}; "
            f"seed {family.seed}{f'; {few}' if few else ''}."
        ),
        header=("predictor", "kind", *targets),
        rows=tuple(
            (
                Cell(name),
                Cell(kind),
                *(_order(cells[name, target]) for target in targets),
            )
            for name, kind in predictors.items()
        ),
        n_labels=2,
    )


def _order(row: Order) -> Cell:
    if row.tau is None:
        return Cell(NONE)
    text = f"{row.tau:.2f}"
    if row.lower is not None:
        text += f" [{row.lower:.2f}, {row.upper:.2f}]"
    accuracy = NONE if row.accuracy is None else f"{row.accuracy:.2f}"
    found = row.p_adjusted is not None and row.verdict not in ("", NOTHING)
    bold = found if row.n_systems is not None else row.verdict == ASSOCIATED
    return Cell(f"{text} ({accuracy})", bold=bold)


def predictions_table(rows: Sequence[Prediction], family: JudgedTogether) -> Table:
    """Tabulate how well systems are predicted from the others."""
    return Table(
        name="predictions",
        caption=(
            f"Ridge regression that leaves out one of n = "
            f"{counted(rows[0].n_systems or 0, 'system')} at a time: R2 on the system "
            "left out (0: no better than the mean of the other systems), its median by "
            f"chance and its quantile of level {1 - family.delta:g}, when systems are "
            "exchanged at random and all is fitted again; "
            f"p: {family.named_after} over "
            f"{counted(family.configurations.n_tests, 'test')}, orders included; bold: "
            f"above 0 and not by chance at {family.delta:g}; seed {family.seed}."
        ),
        header=("target", "predictors", "R2", "by chance", "upper", "p"),
        rows=tuple(
            (
                Cell(row.target),
                Cell(", ".join(row.features)),
                Cell(_number(row.r2), bold=row.verdict == ASSOCIATED),
                Cell(_number(row.r2_null)),
                Cell(_number(row.r2_null_upper)),
                Cell(_number(row.p_adjusted)),
            )
            for row in rows
        ),
        n_labels=2,
    )


def certificates_table(
    rows: Sequence[HeldOutCertificate], family: JudgedTogether, said: str
) -> Table:
    """Tabulate certificates and held-out risks."""
    return Table(
        name="certificates",
        caption=(
            f"Certificates at level {1 - family.delta:g} (betting) from random "
            "halves of the queries against the mean risk of the other halves, nats; "
            f"means over {rows[0].splits} splits; n queries in all; held: splits whose "
            "held-out mean is at most the certificate; refuted: whose lower limit is "
            "above it; floor (n): what no certificate of halves can be below, and the "
            "queries from which one may be below ln 2; each certificate by itself, no "
            f"correction, {said}; seed {family.seed}."
        ),
        header=(
            "data set",
            "sampling",
            "student",
            "n",
            "certificate",
            "floor (n)",
            "held-out risk",
            "ratio",
            "held",
            "refuted",
        ),
        rows=tuple(
            (
                Cell(row.dataset),
                Cell(row.sampling),
                Cell(row.student),
                Cell(f"{row.n:,}"),
                Cell(f"{row.certificate:.4f}"),
                Cell(NONE if row.half_floor is None else row.half_floor.shown()),
                Cell(f"{row.held_out:.4f}"),
                Cell(_number(row.ratio)),
                Cell(f"{row.held}/{row.splits}"),
                Cell(f"{row.refuted}/{row.splits}"),
            )
            for row in rows
        ),
        n_labels=3,
    )


def controls_table(controls: Sequence[Control], family: JudgedTogether) -> Table:
    """Tabulate the error rates of the controls."""
    return Table(
        name="controls",
        caption=(
            "Controls: terms that carry no information about effectiveness. Rejected: "
            "share of tests "
            f"with p at most {family.delta:g} before correction, nominally "
            f"{family.delta:g}; families: share in which anything is "
            f"associated after {family.named_after}, at most "
            f"{family.delta:g}; {_level(controls)}permutation test of Spearman's rho; "
            f"n is the number of tests; seed {family.seed}."
        ),
        header=("control", "n", "rejected", "families", "as it should be"),
        rows=tuple(
            (
                Cell(row.name),
                Cell(f"{row.n_tests:,}"),
                Cell(_with_ends(row.rate, row.lower, row.upper)),
                Cell(_with_ends(row.family_rate, row.family_lower, row.family_upper)),
                Cell("yes" if row.passed else "NO"),
            )
            for row in controls
        ),
    )


def _level(controls: Sequence[Control]) -> str:
    levels = [row.level for row in controls if row.level is not None]
    return f"intervals of level {levels[0]:g}; " if levels else ""


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def _with_ends(value: float | None, lower: float | None, upper: float | None) -> str:
    if value is None or lower is None or upper is None:
        return _number(value)
    return f"{value:.3f} [{lower:.3f}, {upper:.3f}]"


class Validation(
    Result,
    frozen=True,
    kw_only=True,
    tag_field="schema",
    tag="rankbound.validation/1",
):
    """Whether the bound's terms are associated with measured effectiveness.

    Attributes
    ----------
    family : JudgedTogether
        The tests made together, and how errors are controlled.
    per_query : tuple of Association
        Every term against every measure, over queries.
    configurations : tuple of Order
        Whether predictors order systems as their outcomes do.
    certificates : tuple of HeldOutCertificate
        Certificates of random halves against the risk of the other halves.
    configuration_values : Open of Configuration
        The terms and outcomes of every configuration.
    predictions : tuple of Prediction
        How well systems are predicted from each other.
    dependence : tuple of Dependence
        Whether locality and entropy depend on each other.
    means : Open of Mean
        Mean effectiveness by data set, measure and system.
    equivalence : tuple of SystemPair
        Verdicts on all pairs of systems.
    controls : Named of Control
        Terms and students without information, which should not be associated.
    datasets : tuple of Surveyed
        The data sets and samplings, with their models.
    absent_terms : dict of str to str
        Terms that could not be computed, with the reason.
    dropped : dict of str to int
        Counts of what was left out, by reason.
    warnings : tuple of str
        What to know before using the numbers.
    definitions : dict of str to str
        The meaning of the columns.
    inputs : tuple of Input
        The files and objects that were read, with their hashes.
    command : str
        The command that was run; empty for a call.
    versions : dict of str to str
        The versions of this and other packages.
    clusters : int or None
        Number of clusters of queries that were measured, of all data sets; None where
        queries are independent.
    answers : tuple of Answer
        What all of it means, in a few sentences; earlier files have none.

    Examples
    --------
    >>> import rankbound as rb
    >>> def scores(of): return {f"q{n}": of(n) for n in range(10)}
    >>> found = rb.validate(
    ...     scores(lambda n: {"a": 2.0 + n / 9, "b": 0.5, "c": -1.0}),
    ...     students={"s": scores(lambda n: {"a": n / 9, "b": 0.4, "c": -0.2})},
    ...     qrels=scores(lambda n: {"a": n % 3, "b": 1, "c": 0}),
    ...     teacher_kind="logit", temperature=1.0, measures="nDCG@3",
    ...     resamples=200, permutations=99, splits=2, seed=1,
    ... )
    >>> found.controls["constant student: data, top 16"].passed
    True
    >>> [row.student for row in found.means]
    ['teacher', 's']
    """

    KIND: ClassVar[str] = "validation"
    FILE: ClassVar[str] = "validation.json"
    BESIDE: ClassVar[tuple[Beside, ...]] = (
        Beside(
            "effectiveness",
            ("effectiveness.tsv",),
            ("dataset", "student", "qid", "measure", "value"),
        ),
    )
    PAGES: ClassVar = ("tables.md", "tables.tex")

    family: JudgedTogether
    per_query: tuple[Association, ...]
    configurations: tuple[Order, ...]
    certificates: tuple[HeldOutCertificate, ...]
    configuration_values: Open[Configuration]
    predictions: tuple[Prediction, ...]
    dependence: tuple[Dependence, ...]
    means: Open[Mean]
    equivalence: tuple[SystemPair, ...]
    controls: Named[Control]
    datasets: tuple[Surveyed, ...]
    absent_terms: dict[str, str]
    dropped: dict[str, int]
    warnings: tuple[str, ...]
    definitions: dict[str, str]
    inputs: tuple[Input, ...]
    command: str
    versions: dict[str, str]
    clusters: int | None = None
    answers: tuple[Answer, ...] = ()

    def __post_init__(self) -> None:
        """Index controls by name."""
        named(self, "controls")

    @property
    def passed(self) -> bool:
        """Whether all controls passed."""
        return all(control.passed for control in self.controls)

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """The associations over queries, then the other tables by field name."""
        return {
            "per_query": self.per_query,
            "configurations": self.configurations,
            "certificates": self.certificates,
            "configuration_values": self.configuration_values,
            "predictions": self.predictions,
            "dependence": self.dependence,
            "means": self.means,
            "equivalence": self.equivalence,
            "controls": self.controls,
        }

    def written_tables(self) -> list[Table]:
        """The tables of ``tables.md`` and ``tables.tex``, in their order."""
        family = self.family
        found: list[Table] = []
        if self.datasets:
            means, pairs = self.means, self.equivalence
            found += effectiveness_tables(means, pairs, self.datasets, family)
            for partial in (False, True):
                found += association_tables(self.per_query, family, partial=partial)
        if self.configurations:
            values = [*self.configuration_values]
            found.append(configurations_table(self.configurations, values, family))
        predicted = [row for row in self.predictions if row.p is not None]
        if predicted:
            found.append(predictions_table(predicted, family))
        if self.certificates:
            said = self.proviso
            found.append(certificates_table(self.certificates, family, said))
        if self.controls:
            found.append(controls_table(self.controls, family))
        return found

    @property
    def proviso(self) -> str:
        """What the certificates take for granted."""
        known = (
            student.trained_on is not None
            for one in self.datasets
            for student in one.students.values()
        )
        return proviso(trained=all(known), clustered=self.clusters is not None)

    def contents(self) -> dict[str, str | Rows | None]:
        """The files that `save` writes: JSON, effectiveness per query, and tables."""
        pages = self.written_tables()
        return {
            **super().contents(),
            "tables.md": markdown(pages),
            "tables.tex": latex(pages),
        }
