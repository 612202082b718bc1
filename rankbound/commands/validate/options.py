"""Inputs and settings of a validation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from rankbound.commands.computing import of_fields
from rankbound.commands.measure.given import as_given
from rankbound.commands.measure.inputs import DEFAULT_DEPTH
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.settings import (
    check_numbers,
    check_settings,
    check_types,
    made_options,
)
from rankbound.commands.validate.records import POOLED
from rankbound.errors import UsageError
from rankbound.validation.judging import Family

TEACHER: Final = "teacher"
CUTOFFS: Final = (10, 100)
Missing = Literal["zero", "drop", "error"]
MISSING: Final = ("zero", "drop", "error")
DATA: Final = "data"
OF_CASE: Final = ("dataset", "rankings")
Settings = dict[str, Any]
# Blanks and commas between measures, except those inside the brackets of one
BETWEEN: Final = re.compile(r"[\s,]+(?![^(]*\))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One data set under one sampling of groups.

    Attributes
    ----------
    dataset, sampling : str
        Names. Queries are keyed by (dataset, qid).
    measure : MeasureOptions
        Teacher, students, groups, judgements, and how to measure them.
    rankings : mapping of str to path or object
        The rankings to evaluate, by student or "teacher". A model that is not named is
        ranked by its scores, or by the dot product with all documents.

    Raises
    ------
    UsageError
        When a name is unsuitable, judgements or students are missing, or a ranking
        belongs to no model.

    Examples
    --------
    >>> case = Case(
    ...     dataset="dl19",
    ...     sampling="bm25",
    ...     measure=MeasureOptions(
    ...         teacher="teacher.run", students={"tasb": "tasb.run"}, qrels="qrels.trec"
    ...     ),
    ... )
    >>> case.source("tasb").scores.name
    'tasb.run'
    """

    dataset: str
    sampling: str
    measure: MeasureOptions
    rankings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rankings = {
            name: as_given(held, "scores", f"ranking of {name}")
            for name, held in self.rankings.items()
        }
        object.__setattr__(self, "rankings", rankings)
        for name in (self.dataset, self.sampling):
            if not name or name == POOLED or any(c in name for c in "\t\r\n"):
                raise UsageError(
                    "the name of a data set or sampling must not be empty, contain "
                    f"tabs or line breaks, or be {POOLED}, got {name!r}; rename it"
                )
        if self.measure.qrels is None:
            raise UsageError(
                f"{self.dataset}: effectiveness needs judgements; give `qrels`"
            )
        if not self.measure.students:
            raise UsageError(
                f"{self.dataset}: a validation needs a student; give `students={{...}}`"
            )
        names = [source.name for source in self.measure.students]
        if TEACHER in names:
            raise UsageError(f"a student must not be called {TEACHER!r}; rename it")
        unknown = sorted(set(self.rankings) - {TEACHER, *names})
        if unknown:
            raise UsageError(
                f"`rankings` must be those of {TEACHER}, {', '.join(names)}, got one "
                f"of {unknown[0]!r}"
            )

    def source(self, name: str) -> StudentSource:
        """Return the student of this name."""
        return next(s for s in self.measure.students if s.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateOptions:
    """Inputs and settings of `rankbound validate`; `validate` documents each of them.

    Attributes
    ----------
    cases : tuple of Case
    measures : tuple of str or None
        Names that ir-measures can parse, or one text of them; nDCG and AP at two
        cut-offs if None.
    relevant : int
        The smallest grade that counts as relevant, for the default AP and for the
        number of relevant documents.
    missing_queries : {"zero", "drop", "error"}
        What happens to judged queries that a ranking lacks.
    family : Family
        Error rate, correction and band of the associations.
    margin : float
        Differences of mean effectiveness below it do not matter; chosen in advance.
    resamples, permutations : int
        Numbers of bootstrap resamples and of permutations.
    splits : int
        Number of random halves on which certificates are tested.
    design : Path or None
        A table of the factors of each student, such as strategy, loss, architecture.
    seed : int
    command : str
        The command that was run; empty for a call.
    """

    cases: tuple[Case, ...]
    measures: tuple[str, ...] | None = None
    relevant: int = 1
    missing_queries: Missing = "zero"
    family: Family = field(default_factory=Family)
    margin: float = 0.02
    resamples: int = 2_000
    permutations: int = 9_999
    splits: int = 20
    design: Path | None = None
    seed: int = 0
    command: str = ""

    def __post_init__(self) -> None:
        self._take()
        for one in (self, self.family):
            check_settings(one)
        if not self.cases:
            raise UsageError("give `teacher` and `students`, or `cases`")
        keys = [(case.dataset, case.sampling) for case in self.cases]
        twice = [key for key in keys if keys.count(key) > 1]
        if twice:
            raise UsageError(
                f"each sampling of a data set must be given once, got {twice[0]} "
                "again; rename one"
            )
        if self.missing_queries not in MISSING:
            raise UsageError(
                f"`missing_queries` must be one of {', '.join(MISSING)}, got "
                f"{self.missing_queries!r}"
            )
        self._check_models()

    def _take(self) -> None:
        """Accept texts and lists from callers."""
        if self.design is not None:
            object.__setattr__(self, "design", Path(self.design))
        object.__setattr__(self, "cases", tuple(self.cases))
        measures = self.measures
        if isinstance(measures, str):
            measures = split_measures(measures)
        if measures is not None:
            object.__setattr__(self, "measures", tuple(map(str, measures)))

    def _check_models(self) -> None:
        """Check that a model is the same in all samplings of a data set."""
        seen: dict[tuple[str, str], object] = {}
        for case in self.cases:
            models = {source.name: source for source in case.measure.students}
            for name in (TEACHER, *models):
                source = models.get(name, case.measure.teacher)
                what = (source, case.rankings.get(name), case.measure.qrels)
                if seen.setdefault((case.dataset, name), what) != what:
                    raise UsageError(
                        f"{case.dataset}: {name!r} must be the same model in all "
                        "samplings; give models that differ different names"
                    )

    def by_name(self) -> dict[str, object]:
        """Every setting by its name, those of a case with what it is of."""
        found = of_fields(self)
        found.pop("cases")
        found |= of_fields(found.pop("family"))
        for case in self.cases:
            place = f"{case.dataset}, {case.sampling}"
            own = {**of_fields(case.measure), "rankings": case.rankings}
            found |= {
                f"{name} of {place}": value
                for name, value in own.items()
                if name not in found  # the error rate and the seed
            }
        return found

    @property
    def datasets(self) -> tuple[str, ...]:
        """The names of the data sets, in the order given."""
        return tuple(dict.fromkeys(case.dataset for case in self.cases))

    @property
    def measure_names(self) -> tuple[str, ...]:
        """The measures asked for, or nDCG and AP at two cut-offs.

        The name of AP contains the smallest relevant grade if that is not 1.
        """
        if self.measures is not None:
            return self.measures
        average = "AP" if self.relevant == 1 else f"AP(rel={self.relevant})"
        return tuple(f"{name}@{k}" for name in ("nDCG", average) for k in CUTOFFS)


def split_measures(text: str) -> tuple[str, ...]:
    """Split a text of measures at blanks and commas.

    Examples
    --------
    >>> split_measures("nDCG@10 AP(rel=2, judged_only=True)@100")
    ('nDCG@10', 'AP(rel=2, judged_only=True)@100')
    """
    return tuple(part for part in BETWEEN.split(text.strip()) if part)


def validate_options(
    data: Mapping[str, Any],
    *,
    cases: Iterable[Case] | None,
    family: Mapping[str, Any],
    **settings: Any,
) -> ValidateOptions:
    """Make options from cases, or from the data of one data set.

    Parameters
    ----------
    data : mapping
        Parameters of `Case` and `MeasureOptions` by name; None means not given.
        `groups` may be a mapping of samplings to groups.
    cases : iterable of Case, or None
        May not be given together with `data`.
    family : mapping
        Parameters of `Family`.
    **settings
        Parameters of `ValidateOptions`.

    Raises
    ------
    UsageError
        When both or neither are given, or a setting has the wrong type.

    Examples
    --------
    >>> made = validate_options(
    ...     {"teacher": "t.run", "students": {"s": "s.run"}, "qrels": "q.txt",
    ...      "groups": {"bm25": "b.jsonl", "random": "r.jsonl"}},
    ...     cases=None, family={"delta": 0.1},
    ... )
    >>> [case.sampling for case in made.cases], made.family.delta
    (['bm25', 'random'], 0.1)
    """
    given = {name: held for name, held in data.items() if held is not None}
    check_types(ValidateOptions, settings)
    check_numbers("ValidateOptions", **settings)
    judged = made_options(Family, **family)
    if cases is None:
        about = {name: given.pop(name) for name in OF_CASE if name in given}
        shared = {"delta": judged.delta, "seed": settings.get("seed", 0)}
        cases = cases_from({**given, **shared}, **about)
    elif given:
        raise UsageError(
            "`cases` hold their data and how to measure them; give either `cases` or "
            f"{', '.join(f'`{name}`' for name in given)}, not both"
        )
    return ValidateOptions(cases=tuple(cases), family=judged, **settings)


def cases_from(
    settings: Settings,
    *,
    dataset: str = DATA,
    rankings: Mapping[str, Any] | None = None,
) -> tuple[Case, ...]:
    """Make the cases of one data set, one for each sampling of groups.

    Parameters
    ----------
    settings : dict
        Parameters of `MeasureOptions`, except that `groups` may be a mapping of
        samplings to groups. Without groups, the teacher's top documents are the only
        sampling.
    dataset : str
    rankings : mapping, optional
        As in `Case`.
    """
    given = dict(settings)
    groups = given.pop("groups", None)
    chosen = given.pop("formats", None) or {}
    samplings = samplings_of(groups, given.get("depth"))
    files = {str(file) for file in samplings.values() if file is not None}
    cases = []
    for sampling, file in samplings.items():
        others = files - {str(file)}
        formats = {path: name for path, name in chosen.items() if path not in others}
        measure = made_options(
            MeasureOptions, **{**given, "groups": file, "formats": formats}
        )
        # Objects are converted once, so that all samplings have the same models
        given |= {name: getattr(measure, name) for name in given}
        cases.append(
            Case(
                dataset=dataset,
                sampling=sampling,
                measure=measure,
                rankings=dict(rankings or {}),
            )
        )
    return tuple(cases)


def samplings_of(groups: object, depth: int | None) -> dict[str, object]:
    """Name the sampling of groups; a file is named as in ``bm25.16.jsonl.gz``.

    Examples
    --------
    >>> list(samplings_of("train/bm25.16.jsonl.gz", None)), list(samplings_of(None, 8))
    (['bm25'], ['top 8'])
    """
    if groups is None:
        return {f"top {depth or DEFAULT_DEPTH}": None}
    if isinstance(groups, Mapping):
        return {str(name): held for name, held in groups.items()}
    if isinstance(groups, str | Path):
        return {Path(groups).name.split(".", 1)[0]: groups}
    return {"groups": groups}
