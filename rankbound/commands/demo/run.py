"""The demonstration's work: build the collection, run the main job per sampling."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

from rankbound.commands.demo.prepare import DemoFiles, prepare
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.result import Ledger
from rankbound.commands.measure.run import ledger_of
from rankbound.data.scores import Kind
from rankbound.progress import Progress

STUDENT: Final = "bilinear"
# Stages that `prepare` announces, and those of one measurement of each sampling
STAGES: Final = 9 + 4 * 5


def make_demo(
    root: Path, *, seed: int, progress: Progress
) -> tuple[DemoFiles, dict[str, Ledger]]:
    """Build the collection in a folder and measure every sampling there.

    Returns
    -------
    files : DemoFiles
    ledgers : dict of sampling to ledger
    """
    files = prepare(root, seed=seed, progress=progress)
    ledgers = {
        sampling: _measured(files, sampling, seed, progress)
        for sampling in files.groups
    }
    return files, ledgers


def _measured(files: DemoFiles, sampling: str, seed: int, progress: Progress) -> Ledger:
    """Run the main job on one sampling's held-out groups; write its results."""
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
    """The command that repeats a measurement from inside the demo's folder."""
    words = ["rankbound", "measure", "--teacher", files.teacher]
    words += ["--teacher-kind", "logit"]
    words += ["--groups", files.groups[sampling]]
    words += ["--embeddings", files.corpus_vectors, "--ids", files.corpus_ids]
    words += ["--bi-encoder", f"{STUDENT}={files.query_vectors[sampling]}"]
    words += ["--query-ids", files.query_ids, "--student-kind", "logit"]
    words += ["--seed", str(seed), "--out", f"measured/{sampling}"]
    return shlex.join(words)
