"""A validation as keywords ask for it: one data set, whose samplings are cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from rankbound.commands.measure.inputs import DEFAULT_DEPTH
from rankbound.commands.measure.options import MeasureOptions
from rankbound.commands.settings import check_names, check_types, made_options
from rankbound.commands.validate.options import Case, ValidateOptions
from rankbound.errors import UsageError
from rankbound.validation.judging import Family

DATA: Final = "data"
OF_FAMILY: Final = ("delta", "correction", "band")
OF_CASE: Final = ("dataset", "rankings")
# Neither the record of the command nor what only `measure` writes is a case's
NOT_MEASURED: Final = ("command", "compat", "architecture", "target_groups")
Settings = dict[str, Any]


def options_of(
    options: ValidateOptions | None, settings: Mapping[str, Any]
) -> ValidateOptions:
    """The options, or those that keywords make.

    Parameters
    ----------
    options : ValidateOptions or None
    settings : mapping
        What `ValidateOptions`, its `Family`, `Case` and `MeasureOptions` take.
        `groups` may be a mapping of samplings to groups.

    Raises
    ------
    UsageError
        For both, for a setting that there is not, and for one that is missing.

    Examples
    --------
    >>> made = options_of(
    ...     None, {"teacher": "t.run", "students": {"s": "s.run"}, "qrels": "q.txt",
    ...            "groups": {"bm25": "b.jsonl", "random": "r.jsonl"}, "delta": 0.1}
    ... )
    >>> [case.sampling for case in made.cases], made.family.delta
    (['bm25', 'random'], 0.1)
    """
    if options is not None or "cases" in settings:
        return made_options(ValidateOptions, options, settings)
    given = dict(settings)
    own = [one.name for one in fields(ValidateOptions) if one.name != "cases"]
    models = [one.name for one in fields(MeasureOptions)]
    models = [name for name in models if name not in NOT_MEASURED]
    check_names(given, [*OF_CASE, *OF_FAMILY, *own, *models])
    shared: Settings = {k: given[k] for k in ("delta", "seed") if k in given}
    case = {name: given.pop(name) for name in OF_CASE if name in given}
    family: Settings = {name: given.pop(name) for name in OF_FAMILY if name in given}
    asked = {name: given.pop(name) for name in own if name in given}
    if family:
        if "family" in asked:
            raise UsageError(f"give either family or {', '.join(family)}, not both")
        asked["family"] = made_options(Family, None, family)
    check_types(ValidateOptions, asked)
    cases = cases_from({**given, **shared}, **case)
    return ValidateOptions(cases=cases, **asked)


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
            MeasureOptions, None, {**given, "groups": file, "formats": formats}
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
