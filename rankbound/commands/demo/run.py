"""Build the demo, measure every sampling, and write the report."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rankbound.bounds.wording import counted
from rankbound.commands.demo.experiment import SPLITS
from rankbound.commands.demo.prepare import DemoFiles, prepare
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.result import Ledger
from rankbound.commands.measure.run import ledger_of
from rankbound.data.scores import Kind
from rankbound.progress import Progress

STUDENT: Final = "bilinear"
# The stages of `prepare`, and those of one measurement of each sampling
STAGES: Final = 9 + 4 * 5
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


def make_demo(
    root: Path, *, seed: int, progress: Progress
) -> tuple[DemoFiles, dict[str, Ledger]]:
    """Build the collection in a folder, and measure every sampling there.

    Returns
    -------
    files : DemoFiles
        The paths of all files.
    ledgers : dict of str to Ledger
        The measurement of each sampling.
    """
    files = prepare(root, seed=seed, progress=progress)
    ledgers = {
        sampling: _measured(files, sampling, seed, progress)
        for sampling in files.groups
    }
    return files, ledgers


def _measured(files: DemoFiles, sampling: str, seed: int, progress: Progress) -> Ledger:
    """Measure the held-out groups of one sampling, and write the results."""
    options = options_for(files, sampling, seed=seed)
    found = measured(options, progress=lambda stage: progress(f"{sampling}: {stage}"))
    ledger = ledger_of(found, root=files.root)
    ledger.save(files.root / "measured" / sampling)
    return ledger


def options_for(files: DemoFiles, sampling: str, *, seed: int) -> MeasureOptions:
    """The options of the measurement of one sampling."""
    root = files.root
    return MeasureOptions(
        teacher=root / files.teacher,
        teacher_kind=Kind.LOGIT,
        groups=root / files.groups[sampling],
        embeddings=root / files.corpus_vectors,
        ids=root / files.corpus_ids,
        students=(
            StudentSource(
                STUDENT,
                queries=root / files.query_vectors[sampling],
                query_ids=root / files.query_ids,
                kind=Kind.LOGIT,
            ),
        ),
        seed=seed,
        command=command_for(files, sampling, seed=seed),
    )


def command_for(files: DemoFiles, sampling: str, *, seed: int) -> str:
    """The command that repeats a measurement when run in the demo's folder."""
    words = ["rankbound", "measure", "--teacher", files.teacher]
    words += ["--teacher-kind", "logit"]
    words += ["--groups", files.groups[sampling]]
    words += ["--embeddings", files.corpus_vectors, "--ids", files.corpus_ids]
    words += ["--bi-encoder", f"{STUDENT}={files.query_vectors[sampling]}"]
    words += ["--query-ids", files.query_ids, "--student-kind", "logit"]
    words += ["--seed", str(seed), "--out", f"measured/{sampling}"]
    return shlex.join(words)


def summary_rows(ledgers: Ledgers) -> Iterator[tuple[str, ...]]:
    """Yield one row per sampling, with the columns of `HEADINGS`."""
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
    """Write the summary as lines of aligned text."""
    rows = [HEADINGS, *summary_rows(ledgers)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def report_text(
    files: DemoFiles, ledgers: Ledgers, *, tables: Mapping[str, str]
) -> str:
    """Write the whole report in Markdown.

    Parameters
    ----------
    files : DemoFiles
    ledgers : mapping of str to Ledger
        By sampling.
    tables : mapping of str to str
        Each ledger as a terminal shows it, by sampling.
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
        f"{student:,} the students, and {held_out:,} were held out and are measured "
        "here. Each student is a bilinear head on LSA vectors, distilled on groups of "
        "the sampling on which it is measured."
    )


def _summary(ledgers: Ledgers) -> Iterator[str]:
    yield "| " + " | ".join(HEADINGS) + " |"
    yield "|" + " --- |" * len(HEADINGS)
    for row in summary_rows(ledgers):
        yield "| " + " | ".join(row) + " |"
    yield ""
    yield (
        "Entropy, divergence, risk and limit are in nats; the trivial value is "
        "ln 2 = 0.6931."
    )


def _reading() -> Iterator[str]:
    yield (
        "How to read it: risk = entropy + divergence, exactly. The entropy is the "
        "teacher's own uncertainty about the pairs of this sampling, and no student "
        "can have a smaller risk. The divergence is what the student adds. The upper "
        "limit holds with the stated probability over the draw of queries; a limit of "
        "ln 2 or more is vacuous, since a constant student satisfies it too. Risks "
        "of different samplings are risks on different pairs: the rows describe four "
        "tasks and do not rank four students. Distances are those of LSA vectors; they "
        "are descriptive and enter no limit."
    )
    yield ""
    yield (
        "What it is not: the settings of the demo (the students' ridge, the number of "
        "LSA dimensions, the teacher's regularisation) were chosen on queries of this "
        "collection, some of which are held out here. A0 therefore holds only "
        "approximately, and the limits illustrate the method."
    )


def _section(sampling: str, ledger: Ledger, table: str) -> Iterator[str]:
    yield from (
        "",
        f"## {sampling} negatives",
        "",
        "```",
        f"$ {ledger.command} --details",
    )
    yield from (table, "```")
