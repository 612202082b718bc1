"""What a validation is asked to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.commands.measure.given import as_given
from rankbound.commands.measure.inputs import DEFAULT_DEPTH
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.settings import check_types, made_options
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
# A blank between measures, not one inside the brackets of a measure
BETWEEN: Final = re.compile(r"[\s,]+(?![^(]*\))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One data set under one sampling of groups.

    Attributes
    ----------
    dataset, sampling : str
        Names; queries are keyed by (dataset, qid).
    measure : MeasureOptions
        Teacher, students, groups and judgements.
    rankings : mapping of str to path or object
        The rankings to evaluate, by student or "teacher"; for those not named, the
        score file itself is ranked, or all documents by dot product.
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
                    f"data sets and samplings need a name without tabs, other than "
                    f"{POOLED}, got {name!r}"
                )
        if self.measure.qrels is None:
            raise UsageError(
                f"{self.dataset}: effectiveness needs judgements; give `qrels`"
            )
        if not self.measure.students:
            raise UsageError(f"{self.dataset}: give at least one `students={{...}}`")
        names = [source.name for source in self.measure.students]
        if TEACHER in names:
            raise UsageError(f"a student cannot be called {TEACHER!r}; rename it")
        unknown = sorted(set(self.rankings) - {TEACHER, *names})
        if unknown:
            raise UsageError(
                f"`rankings={unknown[0]!r}`: no such model; there are {TEACHER}, "
                f"{', '.join(names)}"
            )

    def source(self, name: str) -> StudentSource:
        """The student of this name."""
        return next(s for s in self.measure.students if s.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateOptions:
    """Inputs and settings of `rankbound validate`; see its help for each.

    Attributes
    ----------
    cases : tuple of Case
    measures : tuple of str or None
        As ir-measures parses them, or one text of them; None: nDCG and AP at two
        cut-offs.
    relevant : int
        The smallest grade that counts as relevant for AP by default and for the number
        of relevant documents.
    missing_queries : {"zero", "drop", "error"}
        Judged queries that a ranking lacks.
    family : Family
        Error rate, correction and band of the associations.
    margin : float
        Mean differences of effectiveness below it do not matter; fixed in advance.
    resamples, permutations : int
    splits : int
        Random halves on which certificates are tried.
    design : Path or None
        A table that says what each student is: student, strategy, loss, architecture.
    seed : int
    command : str
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
        if not self.cases:
            raise UsageError("give `teacher` and `students`, or `cases`")
        keys = [(case.dataset, case.sampling) for case in self.cases]
        twice = [key for key in keys if keys.count(key) > 1]
        if twice:
            raise UsageError(f"data set and sampling {twice[0]} are given twice")
        if self.missing_queries not in MISSING:
            raise UsageError(
                f"`missing_queries` is one of {', '.join(MISSING)}, got "
                f"{self.missing_queries!r}"
            )
        for name, least in (("resamples", 200), ("permutations", 99), ("splits", 1)):
            if getattr(self, name) < least:
                raise UsageError(
                    f"`{name}` must be at least {least}, got {getattr(self, name)}"
                )
        self._check_numbers()
        self._check_models()

    def _take(self) -> None:
        """Let callers give texts and lists."""
        if self.design is not None:
            object.__setattr__(self, "design", Path(self.design))
        object.__setattr__(self, "cases", tuple(self.cases))
        measures = self.measures
        if isinstance(measures, str):
            measures = split_measures(measures)
        if measures is not None:
            object.__setattr__(self, "measures", tuple(map(str, measures)))

    def _check_numbers(self) -> None:
        if self.seed < 0:
            raise UsageError(f"`seed` must be at least 0, got {self.seed}")
        if not (np.isfinite(self.margin) and self.margin > 0):
            raise DomainError(f"`margin` must be a positive number, got {self.margin}")

    def _check_models(self) -> None:
        """A model has one ranking per data set, whatever the sampling."""
        seen: dict[tuple[str, str], object] = {}
        for case in self.cases:
            models = {source.name: source for source in case.measure.students}
            for name in (TEACHER, *models):
                source = models.get(name, case.measure.teacher)
                what = (source, case.rankings.get(name), case.measure.qrels)
                if seen.setdefault((case.dataset, name), what) != what:
                    raise UsageError(
                        f"{case.dataset}: {name!r} differs between samplings; give "
                        "models that differ different names"
                    )

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the data sets, in the order given."""
        return tuple(dict.fromkeys(case.dataset for case in self.cases))

    @property
    def measure_names(self) -> tuple[str, ...]:
        """The measures asked for, or two measures at two cut-offs.

        AP is named with the smallest relevant grade where that is not 1.
        """
        if self.measures is not None:
            return self.measures
        average = "AP" if self.relevant == 1 else f"AP(rel={self.relevant})"
        return tuple(f"{name}@{k}" for name in ("nDCG", average) for k in CUTOFFS)


def split_measures(text: str) -> tuple[str, ...]:
    """Measure names of one text, separated by blanks or commas.

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
    """The options of a call with the cases, or with the data of one data set.

    Parameters
    ----------
    data : mapping
        What `Case` and `MeasureOptions` take, by name; those that are None are not
        given. `groups` may be a mapping of samplings to groups.
    cases : iterable of Case, or None
        Not together with `data`.
    family : mapping
        What `Family` takes.
    **settings
        What `ValidateOptions` takes.

    Raises
    ------
    UsageError
        For both or neither, and for settings of a wrong type.

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
    judged = made_options(Family, **family)
    if cases is None:
        about = {name: given.pop(name) for name in OF_CASE if name in given}
        shared = {"delta": judged.delta, "seed": settings.get("seed", 0)}
        cases = cases_from({**given, **shared}, **about)
    elif given:
        raise UsageError(
            f"cases hold their data and how they are measured; give either cases or "
            f"{', '.join(given)}, not both"
        )
    return ValidateOptions(cases=tuple(cases), family=judged, **settings)


def cases_from(
    settings: Settings,
    *,
    dataset: str = DATA,
    rankings: Mapping[str, Any] | None = None,
) -> tuple[Case, ...]:
    """The cases of one data set: one for each sampling of groups.

    Parameters
    ----------
    settings : dict
        What `MeasureOptions` takes, but that `groups` may be a mapping of samplings to
        groups; without groups the teacher's top documents are the only sampling.
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
        # Objects are read once, so that all samplings have the same models
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


def samplings_of(groups: Any, depth: int | None) -> dict[str, Any]:
    """Groups by sampling; a file names its own, as in ``bm25.16.jsonl.gz``.

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
