"""`rankbound demo`: build the collection, run the main job per sampling, report."""

from __future__ import annotations

import io
import shlex
import sys
import tempfile
from pathlib import Path

from rankbound.bounds.wording import counted
from rankbound.cli.progress import stages
from rankbound.commands.demo.prepare import DemoFiles, prepare
from rankbound.commands.demo.report import report_text, summary_lines
from rankbound.commands.measure.measured import Progress, measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.result import Ledger
from rankbound.commands.measure.run import ledger_of
from rankbound.data.scores import Kind
from rankbound.errors import UsageError
from rankbound.page.run import STAGES, write_report
from rankbound.terminal.console import console_for, say
from rankbound.terminal.measure import show
from rankbound.writing import check_folder, move_into

STUDENT = "bilinear"
# Stages that `prepare` announces, and those of one measurement
PREPARATION, MEASUREMENT = 9, 5


def run_demo(out: Path, *, seed: int) -> None:
    """Make everything aside, move it into `out`, print the ledgers.

    Raises
    ------
    UsageError
        When `out` cannot be written to or the seed is negative.
    """
    if seed < 0:
        raise UsageError(f"--seed must be at least 0, got {seed}")
    check_folder(out)
    with (
        tempfile.TemporaryDirectory(prefix="rankbound-demo-") as aside,
        stages(total=PREPARATION + 4 * MEASUREMENT + STAGES) as progress,
    ):
        root = Path(aside)
        files = prepare(root, seed=seed, progress=progress)
        ledgers = {
            sampling: _measured(files, sampling, seed, progress)
            for sampling in files.groups
        }
        (root / "report.md").write_text(
            report_text(files, ledgers, tables=_tables(ledgers)), encoding="utf-8"
        )
        write_report(
            root,
            root / "report.html",
            command="rankbound report . --out report.html",
            title="What the bound says about four ways of sampling negatives",
            progress=progress,
        )
        made = move_into(root, out)
    console = console_for(sys.stdout)
    for sampling, ledger in ledgers.items():
        console.rule(f"{sampling} negatives", align="left", characters="-")
        show(ledger, console)
    for line in summary_lines(ledgers):
        console.print(line, soft_wrap=True)
    texts = f"{out / 'report.md'}; the same as a page: {out / 'report.html'}"
    say(console, f"{counted(len(made), 'file')} in {out}; start with {texts}")


def _measured(files: DemoFiles, sampling: str, seed: int, progress: Progress) -> Ledger:
    """Run the main job on one sampling's held-out groups; write its results."""
    root = files.root
    options = MeasureOptions(
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
    found = measured(options, progress=lambda stage: progress(f"{sampling}: {stage}"))
    ledger = ledger_of(found, root=root)
    ledger.save(root / "measured" / sampling)
    return ledger


def command_for(files: DemoFiles, sampling: str, *, seed: int) -> str:
    """The command that repeats a measurement from inside the demo's folder."""
    words = ["rankbound", "measure", "--teacher", files.teacher]
    words += ["--teacher-kind", "logit"]
    words += ["--groups", files.groups[sampling]]
    words += ["--embeddings", files.corpus_vectors, "--ids", files.corpus_ids]
    words += ["--bi-encoder", f"{STUDENT}={files.query_vectors[sampling]}"]
    words += ["--query-ids", files.query_ids, "--student-kind", "logit"]
    words += ["--seed", str(seed), "--out", f"measured/{sampling}"]
    return shlex.join(words)


def _tables(ledgers: dict[str, Ledger]) -> dict[str, str]:
    """Each ledger as the plain text that a terminal would show."""
    texts = {}
    for sampling, ledger in ledgers.items():
        stream = io.StringIO()
        show(ledger, console_for(stream))
        texts[sampling] = "\n".join(
            line.rstrip() for line in stream.getvalue().splitlines()
        )
    return texts
