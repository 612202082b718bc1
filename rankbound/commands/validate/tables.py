"""The tables of a validation, with captions that say test, n, correction and seed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rankbound.bounds.wording import counted
from rankbound.commands.validate.associating import Row
from rankbound.commands.validate.association_tables import (
    association_tables,
    correction_name,
)
from rankbound.commands.validate.equivalence import AVERAGE, FACTORS
from rankbound.commands.validate.markup import NONE, Cell, Table
from rankbound.commands.validate.run import Validation
from rankbound.validation.configurations import NEEDED
from rankbound.validation.judging import ASSOCIATED


def tables(validation: Validation) -> list[Table]:
    """All tables, in the order of reading."""
    found = list(effectiveness_tables(validation))
    for partial in (False, True):
        found += association_tables(validation, partial=partial)
    if validation.configurations.orders:
        found.append(configurations_table(validation))
    if validation.certificates:
        found.append(certificates_table(validation))
    found.append(controls_table(validation))
    return found


def effectiveness_tables(validation: Validation) -> Iterable[Table]:
    """Means with superscripts for pairwise equivalence, one table per measure."""
    found, judged = validation.equivalence, validation.judged
    measures = next(iter(judged.values())).measures
    datasets = list(dict.fromkeys(row["dataset"] for row in found.means))
    systems = list(dict.fromkeys(row["student"] for row in found.means))
    rows = {(r["dataset"], r["measure"], r["student"]): r for r in found.means}
    factors = tuple(_factors(found.means))
    for number, measure in enumerate(measures):
        yield Table(
            name=f"effectiveness-{number + 1}",
            caption=_effectiveness_caption(validation, measure),
            header=("", "system", *factors, *datasets),
            rows=tuple(
                (
                    Cell(found.letters[system]),
                    Cell(system),
                    *(_factor(found.means, system, name) for name in factors),
                    *(
                        _mean(validation, rows.get((dataset, measure, system)))
                        for dataset in datasets
                    ),
                )
                for system in systems
            ),
            n_labels=2 + len(factors),
        )


def _factors(means: list[Row]) -> list[str]:
    """Columns of the design, the known ones first."""
    usual = {"dataset", "measure", "student", "n", "mean"}
    names = dict.fromkeys(name for row in means for name in row if name not in usual)
    known = [name for name in FACTORS if name in names]
    return known + [name for name in names if name not in FACTORS]


def _factor(means: list[Row], system: str, name: str) -> Cell:
    row = next(row for row in means if row["student"] == system)
    return Cell(row.get(name, NONE))


def _mean(validation: Validation, row: Row | None) -> Cell:
    if row is None:
        return Cell(NONE)
    found = validation.equivalence
    alike = []
    for pair in found.pairs:
        both = (pair["first"], pair["second"])
        here = (pair["dataset"], pair["measure"]) == (row["dataset"], row["measure"])
        if here and row["student"] in both:
            other = both[0] if both[1] == row["student"] else both[1]
            if pair["verdict"] in ("equivalent", "negligible"):
                alike.append(found.letters[other])
    peers = [
        other["mean"]
        for other in found.means
        if (other["dataset"], other["measure"]) == (row["dataset"], row["measure"])
    ]
    return Cell(
        f"{row['mean']:.4f}",
        superscript=",".join(sorted(alike)),
        bold=row["mean"] == max(peers),
    )


def _effectiveness_caption(validation: Validation, measure: str) -> str:
    found, options = validation.equivalence, validation.options
    sizes = ", ".join(
        f"{name} {len(judged.relevant):,}" for name, judged in validation.judged.items()
    )
    level = 1 - options.family.delta
    average = ""
    if any(row["dataset"] == AVERAGE for row in found.means):
        average = (
            f" {AVERAGE}: the mean of the data sets' means, queries keyed by data set "
            "and qid;"
        )
    return (
        f"Mean {measure} (n of judged queries: {sizes}; missing rankings: "
        f"{options.missing_queries});{average} superscripts: systems shown to be "
        f"equivalent, or different by no more than {options.margin:g}, each pair by "
        "itself; paired t intervals that hold together with probability "
        f"{level:g} (Bonferroni over {counted(found.n_comparisons, 'comparison')}); "
        "bold: "
        f"the largest mean; seed {options.seed}."
    )


def configurations_table(validation: Validation) -> Table:
    """Kendall's tau and sign accuracy of every predictor and target."""
    found, options = validation.configurations, validation.options
    targets = list(dict.fromkeys(row["target"] for row in found.orders))
    cells = {(row["predictor"], row["target"]): row for row in found.orders}
    predictors = {row["predictor"]: row["kind"] for row in found.orders}
    n = len(found.values)
    few = "" if n >= NEEDED else f"; too few configurations: {NEEDED} are needed"
    return Table(
        name="configurations",
        caption=(
            f"Kendall's tau-b over n = {counted(n, 'configuration')} (data set, "
            "sampling, "
            "student), with its BCa interval where there are enough, and in brackets "
            "the share of pairs ordered as the theory expects (0.5: by chance), pairs "
            "within data sets; permutation test within data sets; terms "
            "from a random half of the queries, outcomes from the other half; "
            f"{correction_name(validation)} over {counted(found.n_tests, 'test')}; "
            "seed "
            f"{options.seed}{few}."
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


def _order(row: Row) -> Cell:
    if row["tau"] is None:
        return Cell(NONE)
    text = f"{row['tau']:.2f}"
    if row["lower"] is not None:
        text += f" [{row['lower']:.2f}, {row['upper']:.2f}]"
    accuracy = NONE if row["accuracy"] is None else f"{row['accuracy']:.2f}"
    return Cell(f"{text} ({accuracy})", bold=row["verdict"] == ASSOCIATED)


def certificates_table(validation: Validation) -> Table:
    """Certificates against held-out risk."""
    rows, options = validation.certificates, validation.options
    return Table(
        name="certificates",
        caption=(
            f"Certificates at level {1 - options.family.delta:g} (betting) from random "
            "halves of the queries against the mean risk of the other halves, nats; "
            f"means over {options.splits} splits; n queries in all; held: splits whose "
            "held-out mean is at most the certificate; refuted: whose lower limit is "
            f"above it; each certificate by itself, no correction; seed {options.seed}."
        ),
        header=(
            "data set",
            "sampling",
            "student",
            "n",
            "certificate",
            "held-out risk",
            "ratio",
            "held",
            "refuted",
        ),
        rows=tuple(
            (
                Cell(row["dataset"]),
                Cell(row["sampling"]),
                Cell(row["student"]),
                Cell(f"{row['n']:,}"),
                Cell(f"{row['certificate']:.4f}"),
                Cell(f"{row['held_out']:.4f}"),
                Cell(_number(row["ratio"])),
                Cell(f"{row['held']}/{row['splits']}"),
                Cell(f"{row['refuted']}/{row['splits']}"),
            )
            for row in rows
        ),
        n_labels=3,
    )


def controls_table(validation: Validation) -> Table:
    """Rates of the controls."""
    options = validation.options
    return Table(
        name="controls",
        caption=(
            "Controls: terms that cannot know effectiveness. Rejected: share of tests "
            f"with p at most {options.family.delta:g} before correction, nominally "
            f"{options.family.delta:g}; families: share in which anything is "
            f"associated after {correction_name(validation)}, at most "
            f"{options.family.delta:g}; permutation test of Spearman's rho; n is the "
            f"number of tests; seed {options.seed}."
        ),
        header=("control", "n", "rejected", "families", "as it should be"),
        rows=tuple(
            (
                Cell(row["name"]),
                Cell(f"{row['n_tests']:,}"),
                Cell(_number(row.get("rate"))),
                Cell(_number(row.get("family_rate"))),
                Cell("yes" if row["passed"] else "NO"),
            )
            for row in validation.controls
        ),
    )


def _number(value: Any) -> str:
    return NONE if value is None else f"{value:.3f}"
