"""Tables of per-query associations: terms by measures, one for each student."""

from __future__ import annotations

from collections.abc import Iterable

from rankbound.bounds.wording import counted
from rankbound.commands.validate.associating import Row
from rankbound.commands.validate.markup import NONE, Cell, Table
from rankbound.commands.validate.options import POOLED
from rankbound.commands.validate.panels import LOSS
from rankbound.commands.validate.run import Validation
from rankbound.validation.judging import ASSOCIATED


def association_tables(validation: Validation, *, partial: bool) -> Iterable[Table]:
    """One table per data set, sampling and student: terms by measures."""
    rows = validation.associations.rows
    keys = dict.fromkeys((r["dataset"], r["sampling"], r["student"]) for r in rows)
    for number, key in enumerate(keys):
        chosen = [r for r in rows if (r["dataset"], r["sampling"], r["student"]) == key]
        yield _association_table(validation, key, chosen, (number, partial))


def _association_table(
    validation: Validation,
    key: tuple[str, str, str],
    rows: list[Row],
    which: tuple[int, bool],
) -> Table:
    number, partial = which
    measures = list(dict.fromkeys(row["measure"] for row in rows))
    terms = list(dict.fromkeys(row["term"] for row in rows))
    cells = {(row["term"], row["measure"]): row for row in rows}
    kind = "partial-" if partial else ""
    return Table(
        name=f"{kind}associations-{number + 1}",
        caption=_association_caption(validation, key, rows, partial=partial),
        header=("term", *measures),
        rows=tuple(
            (
                Cell(term),
                *(_coefficient(cells[term, m], partial=partial) for m in measures),
            )
            for term in terms
        ),
    )


def _coefficient(row: Row, *, partial: bool) -> Cell:
    value = row["partial" if partial else "spearman"]
    ends = ("partial_lower", "partial_upper") if partial else ("lower", "upper")
    if value is None or row[ends[0]] is None:
        return Cell(NONE)
    associated = row["partial_verdict" if partial else "verdict"] == ASSOCIATED
    lower, upper = (row[end] for end in ends)
    return Cell(f"{value:.2f} [{lower:.2f}, {upper:.2f}]", bold=associated)


def _association_caption(
    validation: Validation, key: tuple[str, str, str], rows: list[Row], *, partial: bool
) -> str:
    dataset, sampling, student = key
    family = validation.options.family
    what = "Spearman's rho"
    test = f"permutation test ({validation.associations.permutations:,} permutations)"
    size = validation.associations.n_tests
    if partial:
        what = (
            "partial Spearman's rho given the teacher's effectiveness, the number of "
            "relevant documents and the group size"
        )
        test, size = "t-test of ranks", validation.associations.n_partial_tests
    if dataset == POOLED and partial:
        test = "normal approximation"
    smallest = rows[0]["detectable"]
    power = "" if smallest is None else f" |rho| >= {smallest:.2f} has 80 % power;"
    return (
        f"{dataset}, {sampling}, student {student}: {what} of each term with each "
        f"measure per query, with {_level(validation)} BCa bootstrap interval "
        f"({counted(validation.options.resamples, 'resample')}); n = "
        f"{counted(rows[0]['n'], 'query')}; "
        f"{test}, {correction_name(validation)} over {counted(size, 'test')} at "
        f"{family.delta:g};{power} bold: associated; {LOSS}M is the teacher's M "
        "minus the student's; "
        f"seed {validation.options.seed}."
    )


def _level(validation: Validation) -> str:
    return f"{100 * (1 - validation.options.family.delta):.10g}%"


def correction_name(validation: Validation) -> str:
    """Who the correction is named after."""
    names = {"holm": "Holm", "bh": "Benjamini-Hochberg"}
    return names[validation.options.family.correction]
