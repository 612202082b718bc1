"""The demonstration's report: what was built, the four ledgers, how to read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rankbound.bounds.wording import counted
from rankbound.commands.demo.plan import SPLITS
from rankbound.commands.demo.prepare import DemoFiles
from rankbound.commands.measure.result import Ledger

Ledgers = Mapping[str, Ledger]

HEADINGS = (
    "sampling",
    "entropy",
    "divergence",
    "risk",
    "upper limit",
    "vacuous",
    "dominating",
    "largest distance",
    "mean distance",
)


def summary_rows(ledgers: Ledgers) -> Iterator[tuple[str, ...]]:
    """One row per sampling, in the order of `HEADINGS`; nats and distances."""
    for sampling, ledger in ledgers.items():
        for student in ledger.students.values():
            numbers = (
                student.entropy,
                student.divergence,
                student.risk,
                student.upper,
            )
            space = ledger.diameter
            yield (
                sampling,
                *(f"{number:.4f}" for number in numbers),
                "yes" if student.vacuous else "no",
                student.dominating,
                f"{space.max:.4f}",
                f"{space.mean_distance:.4f}",
            )


def summary_lines(ledgers: Ledgers) -> list[str]:
    """The summary as aligned text."""
    rows = [HEADINGS, *summary_rows(ledgers)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def report_text(
    files: DemoFiles, ledgers: Ledgers, *, tables: Mapping[str, str]
) -> str:
    """The whole report in Markdown.

    Parameters
    ----------
    files : DemoFiles
    ledgers : mapping of sampling to ledger
    tables : mapping of sampling to str
        Each ledger as shown on a terminal.
    """
    return "\n".join(
        [
            "# What the bound says about four ways of sampling negatives",
            "",
            *_built(files),
            "",
            *_summary(ledgers),
            "",
            *_reading(),
            *(line for s in ledgers for line in _section(s, ledgers[s], tables[s])),
            "",
        ]
    )


def _built(files: DemoFiles) -> Iterator[str]:
    teacher, student, held_out = (files.n_queries[split] for split in SPLITS)
    yield (
        f"Built from the docstrings of {', '.join(files.packages)}: "
        f"{counted(files.n_documents, 'document')} (docstring bodies) and known-item "
        "queries "
        f"(their summary lines): {teacher:,} trained the teacher, "
        f"{student:,} the students, {held_out:,} were held out "
        "and are measured here. Each student is a bilinear head on LSA vectors, "
        "distilled on groups of the sampling on which it is measured."
    )


def _summary(ledgers: Ledgers) -> Iterator[str]:
    yield "| " + " | ".join(HEADINGS) + " |"
    yield "|" + " --- |" * len(HEADINGS)
    for row in summary_rows(ledgers):
        yield "| " + " | ".join(row) + " |"
    yield ""
    yield "Entropy to limit in nats; the trivial value is ln 2 = 0.6931."


def _reading() -> Iterator[str]:
    yield (
        "How to read it: risk = entropy + divergence, exactly. The entropy is the "
        "teacher's own uncertainty about the pairs that this sampling shows, and no "
        "student can go below it. The divergence is what the student adds. The upper "
        "limit holds with the stated probability over the draw of queries; from ln 2 "
        "on it says nothing that the constant student would not satisfy. Risks of "
        "different samplings are risks on different pairs: the rows describe four "
        "tasks and do not rank four students. Distances are between LSA vectors and "
        "describe; they enter no limit."
    )
    yield ""
    yield (
        "What it is not: the demonstration's own settings (the students' ridge, the "
        "number of LSA dimensions, the teacher's regularisation) were tried out on "
        "queries of this collection, some of them held out here, so A0 holds only "
        "roughly and its limits illustrate the method."
    )


def _section(sampling: str, ledger: Ledger, table: str) -> Iterator[str]:
    yield from ("", f"## {sampling} negatives", "", "```", f"$ {ledger.command}")
    yield from (table, "```")
