"""`compare`: from options to a `Comparison`, with verdicts and what explains them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from msgspec.structs import replace

from rankbound.bounds.wording import counted
from rankbound.catalogue import (
    COMPARED,
    DIFFERENCES,
    PAIR_SETS,
    VERDICTS,
    WITHIN,
    base,
)
from rankbound.commands.compare.controls import controls, ranks_only, sweep
from rankbound.commands.compare.measured import (
    Compared,
    Measures,
    Progress,
    measure_all,
)
from rankbound.commands.compare.options import TARGET, CompareOptions
from rankbound.commands.compare.quantities import UNKNOWN, Measured
from rankbound.commands.compare.reasons import (
    METHOD,
    STATEMENTS,
    coupling,
    decomposition,
    order_means,
    orders,
    overlap,
    shapes,
    spaces,
    target_form,
)
from rankbound.commands.compare.result import (
    COLUMNS,
    PER_QUERY,
    Bca,
    Comparison,
    Compat,
    Entropy,
    Family,
    Model,
    PairedT,
    Row,
    SamplingSummary,
    Teacher,
)
from rankbound.commands.compare.sentences import advice, cannot_say, sentences
from rankbound.commands.measure.given import inputs_of, relative
from rankbound.commands.measure.temperatures import SHARE
from rankbound.commands.measure.terms import number_text
from rankbound.commands.settings import made_options
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.provenance import versions
from rankbound.results import Named
from rankbound.rows import Rows
from rankbound.validation.family import Answer


def _cautions() -> dict[str, str]:
    """What to know of some quantities, by the names of those that share it."""
    named: dict[str, list[str]] = {}
    for name, quantity in COMPARED.items():
        if quantity.caution:
            named.setdefault(quantity.caution, []).append(name)
    return {", ".join(names): caution for caution, names in named.items()}


NO_VECTORS: Final = "no vectors were given (--embeddings)"
NO_MARGIN: Final = "there is no agreed margin for this quantity: give --margin"
DEFINITIONS: Final = {
    "difference": "mean over the queries of both samplings of the paired difference, "
    "sampling minus reference; several groups of a query are averaged first",
    "lower, upper": "interval of the mean difference at level 1 - delta / family.size: "
    "all intervals of the family hold at once with probability at least 1 - delta, and "
    "with them all verdicts",
    "p_holm": "two-sided p-value of no difference, by the method of the interval, "
    "adjusted by Holm over the family",
    "effect_size": "d_z: mean difference in standard deviations of the differences",
    "smallest_margin": "the smallest margin at which the whole interval would lie "
    f"within it, and the verdict be {' or '.join(sorted(WITHIN))}",
    "n_for_margin": "queries at which both ends of the interval would lie within the "
    "margin of the mean, were the differences spread as here; null without a margin",
    "verdict": "; ".join(f"{name}: {VERDICTS[name].meaning}" for name in DIFFERENCES),
    "p_equivalence": "two one-sided paired t tests at the margin, not adjusted",
    "orders, order_means": "on the queries that all samplings have",
    "decomposition": METHOD,
    "group_mean": "mean over groups, where a query with more groups weighs more",
    "supremum": "in spaces: the largest over groups, while mean and root_mean_square "
    f"are over queries, whose groups are averaged first; of every query, {PER_QUERY} "
    "has the mean over its groups (value) and the largest of them (largest)",
    "shapes": "shares of all pairs at most so far apart, each query with the same "
    "weight; lengths, copies and TwoNN of the distinct documents, as in the ledger",
    **_cautions(),
}


def compare(
    options: CompareOptions | None = None,
    *,
    progress: Progress = str,
    **settings: Any,
) -> Comparison:
    """Compare every sampling with the reference, paired by query.

    Parameters
    ----------
    options : CompareOptions, optional
    progress : callable
        Called with a few words before each stage; the default does nothing.
    **settings
        Instead of `options`: what `CompareOptions` takes, `teacher` and `groups` at
        least. Data may be paths or objects.

    Raises
    ------
    FormatError, UsageError, DomainError
        On input that breaks a rule; nothing is written here in any case.

    Examples
    --------
    >>> scores = {f"q{n}": {"a": n + 4.0, "b": n + 3.5, "c": 0.0} for n in range(9)}
    >>> groups = {
    ...     name: [{"query_id": q, "doc_id_a": "a", "doc_id_b": [d]} for q in scores]
    ...     for name, d in (("random", "c"), ("hard", "b"))
    ... }
    >>> found = compare(
    ...     teacher=scores, teacher_kind="logit", groups=groups, pairs="all",
    ...     resamples=0,
    ... )
    >>> [(row.sampling, row.verdict) for row in found.rows]
    [('hard', 'different')]
    >>> found.samplings["hard"].n_queries
    9
    """
    options = made_options(CompareOptions, options, settings)
    compared = measure_all(options, progress)
    progress("target form, temperatures, controls")
    return result_of(compared).with_beside(per_query=per_query_rows(compared))


def result_of(compared: Compared) -> Comparison:
    """What was found, with sentences and what it rests on."""
    options, loaded, means = compared.options, compared.loaded, order_means(compared)
    found = Comparison(
        reference=options.baseline,
        family=_family(compared),
        rows=tuple(map(_row, compared.answers)),
        delta=options.delta,
        teacher=_teacher(compared),
        samplings=Named(map(_sampling, _files(compared), compared.measures.values())),
        target=target_form(compared),
        orders=orders(means),
        order_means=means,
        decomposition=decomposition(compared),
        coupling=coupling(compared),
        shift=overlap(compared),
        spaces=spaces(compared),
        shapes=shapes(compared),
        spaces_missing_because=NO_VECTORS if loaded.embeddings is None else None,
        spaces_statements=STATEMENTS,
        sweep=sweep(compared),
        ranks_only=ranks_only(compared),
        controls=controls(compared),
        compat=_reference(compared),
        sentences=(),
        advice=(),
        cannot_say=(),
        repairs={
            relative(path, None): counts
            for path, counts in loaded.teacher.files.repairs.items()
        },
        warnings=compared.warnings,
        assumptions=_assumptions(compared),
        definitions=DEFINITIONS,
        inputs=inputs_of(compared.inputs),
        command=options.command,
        seed=options.seed,
        versions=versions(),
    )
    return replace(
        found,
        sentences=sentences(found),
        advice=advice(found),
        cannot_say=cannot_say(found),
    )


def _reference(compared: Compared) -> Compat | None:
    """The reference study's test and entropy, where they were asked for."""
    if compared.options.compat is None:
        return None
    from rankbound.reference.compare import reference_record

    return reference_record(compared)


def _family(compared: Compared) -> Family:
    options, answers = compared.options, compared.answers
    size, quantities = len(answers), [a.question.quantity for a in answers]
    others = [name for name in options.names if name != options.baseline]
    return Family(
        name=f"{counted(len(others), 'sampling')} against {options.baseline}, "
        f"{', '.join(dict.fromkeys(quantities))}, "
        f"{', '.join(options.pair_sets)} pairs",
        size=size,
        samplings=tuple(others),
        quantities=tuple(dict.fromkeys(quantities)),
        pairs=tuple(options.pair_sets),
        delta=options.delta,
        interval_level=1 - options.delta / size,
        intervals="Bonferroni: each at level 1 - delta / size",
        p_values="Holm",
    )


def _row(answer: Answer) -> Row:
    made, ask = answer.comparison, answer.question
    student, bca = made.paired_t, made.bca
    return Row(
        sampling=ask.sampling,
        quantity=ask.quantity,
        pairs=ask.pairs,
        n=made.n,
        mean=made.mean,
        reference_mean=made.reference_mean,
        difference=made.difference,
        lower=made.lower,
        upper=made.upper,
        p_holm=answer.p_holm,
        effect_size=made.effect_size,
        margin=ask.margin,
        smallest_margin=answer.smallest_margin,
        n_for_margin=answer.n_for_margin,
        verdict=answer.verdict,
        unit=COMPARED[base(ask.quantity)].unit,
        method=made.method,
        p=made.p,
        margin_missing_because=NO_MARGIN if ask.margin is None else None,
        effect_size_missing_because=None
        if made.effect_size is not None
        else "the differences do not vary",
        range=made.bounds,
        range_missing_because=UNKNOWN if made.bounds is None else None,
        paired_t=PairedT(
            statistic=student.statistic,
            p=student.p,
            lower=student.lower,
            upper=student.upper,
            p_equivalence=answer.p_equivalence,
        ),
        bca=Bca(
            lower=bca.lower,
            upper=bca.upper,
            resamples=bca.resamples,
            missing_because=bca.missing_because,
        ),
        queries_only_in_sampling=answer.only_values,
        queries_only_in_reference=answer.only_reference,
        note=_note(answer),
    )


def _note(answer: Answer) -> str | None:
    if not answer.holm_finds_more:
        return None
    return (
        f"Holm rejects equality (p = {answer.p_holm:.2g}) although the interval, which "
        "holds jointly with all others, still contains 0"
    )


def _assumptions(compared: Compared) -> tuple[str, ...]:
    """What the verdicts rest on; the user asserts what is not enforced."""
    options = compared.options
    found = [
        "A0 (asserted): the queries are independent draws, and teacher, samplings, "
        "temperature and margins were fixed without looking at them",
        "the family is everything that was asked for, and nothing was left out of it "
        "after looking",
    ]
    if any(a.comparison.method == "paired_t" for a in compared.answers):
        found.append(
            "Student's t, where the range of a quantity is not known: the mean "
            "difference is nearly normal; this holds for large samples only"
        )
    if any(
        COMPARED[base(a.question.quantity)].need == "student" for a in compared.answers
    ):
        found.append(
            f"A1' (enforced): students are clipped at B = {options.score_range:g} "
            "temperatures below their best document of the group; group sizes of other "
            "queries are no smaller than those of the sample (asserted)"
        )
    return tuple(found)


def _teacher(compared: Compared) -> Teacher:
    loaded, options = compared.loaded, compared.options
    return Teacher(
        kind=loaded.teacher.kind.value,
        kind_evidence=loaded.teacher.evidence,
        temperature=loaded.temperature,
        fitted=options.temperature == "fit",
        n_calibration=loaded.n_calibration,
        calibration_share=SHARE if options.fits else 0.0,
        students={
            s.source.name: Model(
                kind=s.file.kind.value,
                kind_evidence=s.file.evidence,
                temperature=s.temperature,
            )
            for s in compared.students
        },
    )


def _files(compared: Compared) -> list[str]:
    """What the groups of every sampling were read from."""
    files = dict(compared.options.groups)
    return [str(files[name]) for name in compared.measures]


def _sampling(file: str, measures: Measures) -> SamplingSummary:
    sampling, made = measures.sampling, measures.measured
    return SamplingSummary(
        sampling=sampling.name,
        file=file,
        n_queries=len(np.unique(sampling.groups.queries)),
        n_groups=sampling.groups.n_groups,
        n_documents=len(sampling.values),
        dropped=_dropped(measures),
        groups_without_dimension=measures.space.undefined if measures.space else None,
        entropy=tuple(
            Entropy(
                pairs=pairs,
                mean=made["entropy", pairs].mean(),
                group_mean=measures.group_entropy[pairs],
                group_mean_bits=measures.group_entropy[pairs] / NATS_PER_BIT,
                mean_margin=made["margin", pairs].mean(),
                ties=made["ties", pairs].mean(),
                share=measures.pair_shares[pairs],
            )
            for pairs in PAIR_SETS
            if ("entropy", pairs) in made
        ),
    )


def _dropped(measures: Measures) -> dict[str, int]:
    """All counts by reason, a student's under its name."""
    found = dict(measures.sampling.dropped)
    for student, made in measures.students.items():
        for reason, number in made.dropped.items():
            found[f"{student}: {reason}"] = number
    return found


def per_query_rows(compared: Compared) -> Rows:
    """Every measured number of the compared queries, a row each.

    `value` is the mean over the groups of the query, `largest` the largest of them.
    Quantities stand in the order asked for, then the others. The sampling "target" is
    the reference law of pairs. Queries that were set aside to fit temperatures do not
    appear.
    """
    parts: dict[str, Measured] = {
        name: measures.measured for name, measures in compared.measures.items()
    }
    rows = [
        (str(qid), name, quantity, pairs, number_text(value), number_text(largest))
        for name, measured in {**parts, TARGET: compared.target}.items()
        for (quantity, pairs), column in measured.items()
        for qid, value, largest in zip(
            column.qids, column.values.tolist(), column.largest.tolist(), strict=True
        )
    ]
    place = {name: index for index, name in enumerate([*parts, TARGET])}
    key = compared.options.place
    rows.sort(key=lambda r: (r[0], place[r[1]], key(r[2]), PAIR_SETS.index(r[3])))
    columns = map(list, zip(*rows, strict=True))
    return Rows(dict(zip(COLUMNS, columns, strict=True)))
