"""`validate`: from options to associations, orders, certificates and controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rankbound.commands.measure.measured import Measured, measured
from rankbound.commands.validate.associating import Associations, associations
from rankbound.commands.validate.controlling import constant_control, random_controls
from rankbound.commands.validate.dependence import COLUMNS, dependence
from rankbound.commands.validate.equivalence import Equivalence, equivalence
from rankbound.commands.validate.given import options_of
from rankbound.commands.validate.halves import certificates
from rankbound.commands.validate.options import TEACHER, ValidateOptions
from rankbound.commands.validate.ordering import Configurations, configurations
from rankbound.commands.validate.panels import Judged, StudentPanel, judge, panels_of
from rankbound.commands.validate.scales import Known, fitted_unasked, with_scales

Progress = Callable[[str], object]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Validation:
    """The outcome of `validate`; each table is one call.

    Attributes
    ----------
    options : ValidateOptions
    judged : dict of str to Judged
        Effectiveness by data set.
    measurements : dict of (str, str) to Measured
        By data set and sampling.
    panels : tuple of StudentPanel
    associations : Associations
    dependence : list of dict
    configurations : Configurations
    certificates : list of dict
    equivalence : Equivalence
    controls : list of dict
    """

    options: ValidateOptions
    judged: dict[str, Judged]
    measurements: dict[tuple[str, str], Measured]
    panels: tuple[StudentPanel, ...]
    associations: Associations
    dependence: list[Row]
    configurations: Configurations
    certificates: list[Row]
    equivalence: Equivalence
    controls: list[Row]

    def __repr__(self) -> str:
        """What was found, in a few lines."""
        from rankbound.terminal.validate_repr import validation_repr

        return validation_repr(self)

    def _repr_html_(self) -> str:
        """Verdicts and tables, for a notebook."""
        from rankbound.commands.validate.account import account
        from rankbound.page.pieces import validation_html

        return validation_html(account(self, hashed=False))

    def per_query_frame(self) -> Any:
        """Associations as a pandas data frame: one row per term and measure."""
        return _frame(self.associations.rows)

    def effectiveness_frame(self) -> Any:
        """Effectiveness per query: dataset, student, qid, measure, value."""
        return _frame(
            [
                {
                    "dataset": name,
                    "student": student,
                    "qid": qid,
                    "measure": measure_name,
                    "value": float(value),
                }
                for name, found in self.judged.items()
                for student, system in found.systems.items()
                for qid, row in zip(system.qids, system.values, strict=True)
                for measure_name, value in zip(found.measures, row, strict=True)
            ]
        )

    def configurations_frame(self) -> Any:
        """Orders of configurations: one row per predictor and target."""
        return _frame(self.configurations.orders)

    def configuration_values_frame(self) -> Any:
        """What each configuration's terms and outcomes are."""
        return _frame(self.configurations.values)

    def predictions_frame(self) -> Any:
        """Leave-one-configuration-out predictions."""
        return _frame(self.configurations.predictions)

    def certificates_frame(self) -> Any:
        """Certificates against held-out risk: one row per student."""
        return _frame(self.certificates)

    def dependence_frame(self) -> Any:
        """Distance correlations of locality and entropy."""
        return _frame(self.dependence, COLUMNS)

    def means_frame(self) -> Any:
        """Mean effectiveness: one row per data set, measure and system."""
        return _frame(self.equivalence.means)

    def equivalence_frame(self) -> Any:
        """Pairwise verdicts: one row per data set, measure and pair of systems."""
        return _frame(self.equivalence.pairs)

    def controls_frame(self) -> Any:
        """Controls: one row each."""
        return _frame(self.controls)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know before using the numbers."""
        found = []
        for case in self.options.cases:
            made = self.measurements[case.dataset, case.sampling]
            texts = (fitted_unasked(case.measure, made.options), *made.warnings)
            place = f"{case.dataset}, {case.sampling}"
            found += [f"{place}: {text}" for text in texts if text is not None]
        for name, judged in self.judged.items():
            found += _judging_warnings(name, judged, self.options)
        return tuple(found)


def validate(
    options: ValidateOptions | None = None,
    *,
    progress: Progress = str,
    **settings: Any,
) -> Validation:
    """Ask of every data set whether the bound's terms go with effectiveness.

    Parameters
    ----------
    options : ValidateOptions, optional
    progress : callable
        Called with a few words before each stage; the default does nothing.
    **settings
        Instead of `options`, for one data set: what `MeasureOptions`, `ValidateOptions`
        and its `Family` take, `teacher`, `students` and `qrels` at least. Data may be
        paths or objects; `groups` may be a mapping of samplings to groups. `dataset`
        names the data set, `rankings` holds what a model retrieved where its scores
        are not its ranking.

    Raises
    ------
    FormatError, UsageError, DomainError
        On input that breaks a rule; nothing is written here in any case.

    Examples
    --------
    >>> def scores(of): return {f"q{n}": of(n) for n in range(10)}
    >>> found = validate(
    ...     teacher=scores(lambda n: {"a": 2.0 + n / 9, "b": 0.5, "c": -1.0}),
    ...     students={"s": scores(lambda n: {"a": n / 9, "b": 0.4, "c": -0.2})},
    ...     qrels=scores(lambda n: {"a": n % 3, "b": 1, "c": 0}),
    ...     teacher_kind="logit", temperature=1.0, measures="nDCG@3",
    ...     resamples=200, permutations=99, splits=2, seed=1,
    ... )
    >>> sorted({row["measure"] for row in found.associations.rows})
    ['loss of nDCG@3', 'nDCG@3']
    """
    options = options_of(options, settings)
    judged: dict[str, Judged] = {}
    for case in options.cases:
        if case.dataset not in judged:
            progress(f"effectiveness on {case.dataset}")
            judged[case.dataset] = judge(case, options)
    measurements, panels = {}, []
    known: Known = {}
    for case in options.cases:
        progress(f"terms on {case.dataset}, {case.sampling}")
        made = measured(with_scales(case.measure, known))
        measurements[case.dataset, case.sampling] = made
        panels += panels_of(case, made, judged[case.dataset], options)
    found = associations(panels, options, progress=progress)
    progress("controls")
    controls = random_controls(
        panels, measurements, options, permutations=options.permutations
    )
    controls += [
        constant_control(case, measurements[case.dataset, case.sampling], options)
        for case in options.cases
    ]
    progress("certificates and configurations")
    return Validation(
        options=options,
        judged=judged,
        measurements=measurements,
        panels=tuple(panels),
        associations=found,
        dependence=dependence(panels, options),
        configurations=configurations(panels, judged, options),
        certificates=certificates(panels, options),
        equivalence=equivalence(judged, options),
        controls=controls,
    )


def n_stages(options: ValidateOptions) -> int:
    """How many stages `validate` reports."""
    groups = {(c.sampling, s.name) for c in options.cases for s in c.measure.students}
    return len(options.datasets) + len(options.cases) + len(groups) + 2


def _judging_warnings(name: str, judged: Judged, options: ValidateOptions) -> list[str]:
    found = []
    how = {"zero": "count 0", "drop": "are left out of its mean"}
    for student, system in judged.systems.items():
        if system.n_missing:
            found.append(
                f"{name}: {student} has no ranking for {system.n_missing:,} of "
                f"{len(judged.relevant):,} judged queries; they "
                f"{how[options.missing_queries]}"
            )
    case = next(case for case in options.cases if case.dataset == name)
    teacher = case.rankings.get(TEACHER, case.measure.teacher)
    if isinstance(teacher, Path) and ".json" in teacher.suffixes:
        found.append(
            f"{name}: the teacher's effectiveness is that of the documents in "
            f"{teacher.name}; if judged documents were added to them it is too "
            f"high: give the ranking it retrieved as --ranking {TEACHER}=FILE"
        )
    return found


def _frame(rows: list[Row], columns: tuple[str, ...] | None = None) -> Any:
    """A data frame; `columns` are those of a table that may have no row."""
    import pandas as pd

    return pd.DataFrame(rows, columns=None if columns is None else list(columns))
