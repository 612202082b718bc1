"""The whole story on the demo's files: every command, its results, and the report."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted, listed
from rankbound.catalogue import SAMPLINGS
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.compare.result import Comparison
from rankbound.commands.compare.run import compare_with
from rankbound.commands.compare.run import n_stages as compare_stages
from rankbound.commands.demo.corpus import FRESH, PACKAGES
from rankbound.commands.demo.experiment import SPLITS, Sizes, sample_options
from rankbound.commands.demo.experiment import TEACHER as RERANKED
from rankbound.commands.demo.prepare import DemoFiles, prepare
from rankbound.commands.inspect.examined import Asked
from rankbound.commands.inspect.result import Inspection
from rankbound.commands.inspect.run import N_STAGES as INSPECT_STAGES
from rankbound.commands.inspect.run import inspect_files
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.result import Ledger
from rankbound.commands.measure.run import measure_with
from rankbound.commands.sample.result import Sample
from rankbound.commands.sample.run import SampleOptions
from rankbound.commands.validate.options import ValidateOptions, cases_from
from rankbound.commands.validate.result import Validation
from rankbound.commands.validate.run import validate_with
from rankbound.data.scores import Kind
from rankbound.errors import UsageError
from rankbound.progress import Progress
from rankbound.results import Answer, grounds

STUDENT: Final = "bilinear"
BASELINE: Final = "bm25"  # a run that the students should beat
NAME: Final = "demo"  # of the data set, in a validation
INSPECTION: Final = "inspection.json"
COMPARED: Final = "compared"
CALIBRATED: Final = "calibrated"  # what the fitted temperature changes of that
VALIDATED: Final = "validated"
MEASURE: Final = "nDCG@10"
# The least that decides a small family; there are too few students to compare orders
RESAMPLES: Final = 200
PERMUTATIONS: Final = 999
VALIDATED_ON: Final = ("bm25",)  # one for all students
# Those of `prepare`, `sample` once a sampling, `inspect`, `measure` once a sampling,
# `compare`, and `validate`, which has one for all, one for the groups of each sampling,
# one for each student and for BM25 on these, and two at the end
STAGES: Final = (
    (4 + len(SAMPLINGS))
    + len(SAMPLINGS)
    + INSPECT_STAGES
    + 4 * len(SAMPLINGS)
    + 2 * compare_stages([*SAMPLINGS])
    + (3 + len(VALIDATED_ON) * (2 + len(SAMPLINGS)))
)
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
# What the report opens with, whatever the answers are; the comparison with a fitted
# temperature answers one of them
OPENING: Final = {
    "comparison": ("hard-negatives", "temperature", "queries"),
    "ledger": ("share",),
    "validation": ("student",),
}
FITTED: Final = "temperature"
ROWS: Final = (
    "each row is a task of its own, a student on the pairs that its own sampling "
    "draws: rows tell tasks apart, and do not rank the four students, which `validate` "
    "does on the same queries and documents"
)
UNITS: Final = (
    "Entropy, divergence, risk and limit are in nats; the trivial value is "
    "ln 2 = 0.6931. Distances are those of LSA vectors; they are descriptive and enter "
    "no limit."
)


@dataclass(frozen=True, slots=True)
class Steps:
    """The commands of the story, to be run in the demo's folder, with their options.

    Every `..._options` has the same settings as the command that it holds.
    """

    files: DemoFiles
    seed: int

    def sample(self, sampling: str) -> SampleOptions:
        """How the groups of held-out queries are drawn."""
        files, how = self.files, SAMPLINGS[sampling]
        words = ["sample", "--teacher", files.teacher, "--qrels", files.qrels]
        runs = {name: files.runs[name] for name in how.runs}
        if runs:
            words += ["--run", *_named(runs)]
        words += ["--sampling", how.law]
        if how.depth is not None:
            words += ["--depth", str(how.depth)]
        words += self._seed("--out", files.groups[sampling], "--force")
        return sample_options(
            sampling,
            teacher=Path(files.teacher),
            runs={name: Path(file) for name, file in runs.items()},
            qrels=Path(files.qrels),
            seed=self.seed,
            command=_line(words),
        )

    def inspect(self) -> tuple[Asked, str]:
        """What is inspected, and the command."""
        files = self.files
        groups = [*files.groups.values()]
        words = ["inspect", files.teacher, "--groups", *groups, "--qrels", files.qrels]
        words += [*self._vectors, "--json", INSPECTION]
        asked = Asked(
            files=[Path(files.teacher)],
            groups=[*map(Path, groups)],
            qrels=Path(files.qrels),
            embeddings=Path(files.corpus_vectors),
            ids=Path(files.corpus_ids),
        )
        return asked, _line(words)

    def measure(self, sampling: str) -> MeasureOptions:
        """The student of one sampling on the groups of this sampling."""
        files = self.files
        words = ["measure", *self._teacher, "--groups", files.groups[sampling]]
        words += [*self._vectors, "--bi-encoder"]
        words += [*_named({STUDENT: files.query_vectors[sampling]}), *self._queries]
        words += self._seed("--out", f"measured/{sampling}")
        return MeasureOptions(
            teacher=Path(files.teacher),
            teacher_kind=Kind.LOGIT,
            groups=Path(files.groups[sampling]),
            embeddings=Path(files.corpus_vectors),
            ids=Path(files.corpus_ids),
            students=(self._student(STUDENT, sampling),),
            seed=self.seed,
            command=_line(words),
        )

    def compare(self) -> CompareOptions:
        """All samplings against random negatives."""
        files = self.files
        words = ["compare", *self._teacher, "--groups", *_named(files.groups)]
        words += [*self._vectors, *self._seed("--out", COMPARED)]
        return CompareOptions(
            teacher=Path(files.teacher),
            teacher_kind=Kind.LOGIT,
            groups=tuple((name, Path(file)) for name, file in files.groups.items()),
            embeddings=Path(files.corpus_vectors),
            ids=Path(files.corpus_ids),
            seed=self.seed,
            command=_line(words),
        )

    def calibrate(self) -> CompareOptions:
        """The entropies of positives against negatives, at a fitted temperature."""
        files = self.files
        words = ["compare", *self._teacher, "--groups", *_named(files.groups)]
        words += ["--temperature", "fit", "--pairs", "pos-neg", "--resamples", "0"]
        words += self._seed("--out", CALIBRATED)
        return CompareOptions(
            teacher=Path(files.teacher),
            teacher_kind=Kind.LOGIT,
            groups=tuple((name, Path(file)) for name, file in files.groups.items()),
            temperature="fit",
            pairs="pos-neg",
            resamples=0,
            seed=self.seed,
            command=_line(words),
        )

    def validate(self) -> ValidateOptions:
        """All students, and BM25, on the same groups, against what they retrieve."""
        files = self.files
        groups = {name: files.groups[name] for name in VALIDATED_ON}
        rankings = {name: files.runs[name] for name in files.students.values()}
        rankings = {RERANKED: files.runs[RERANKED], **rankings}
        vectors = {
            name: files.query_vectors[sampling]
            for sampling, name in files.students.items()
        }
        words = ["validate", *self._teacher, "--groups", *_named(groups)]
        words += ["--student", *_named({BASELINE: files.runs[BASELINE]})]
        words += ["--bi-encoder", *_named(vectors), "--query-ids", files.query_ids]
        words += ["--student-kind", f"{BASELINE}=bm25"]
        words += [f"{name}=logit" for name in vectors]
        words += ["--student-temperature", f"{BASELINE}=fit"]
        words += ["--qrels", files.qrels, "--ranking", *_named(rankings)]
        words += [*self._vectors, "--name", NAME, "--measures", MEASURE]
        words += ["--resamples", str(RESAMPLES), "--permutations", str(PERMUTATIONS)]
        words += self._seed("--out", VALIDATED)
        return ValidateOptions(
            cases=cases_from(
                {
                    "teacher": Path(files.teacher),
                    "teacher_kind": Kind.LOGIT,
                    "groups": {name: Path(file) for name, file in groups.items()},
                    "students": [
                        StudentSource(
                            BASELINE,
                            scores=Path(files.runs[BASELINE]),
                            kind=Kind.BM25,
                            temperature="fit",
                        ),
                    ]
                    + [
                        self._student(name, sampling)
                        for sampling, name in files.students.items()
                    ],
                    "qrels": Path(files.qrels),
                    "embeddings": Path(files.corpus_vectors),
                    "ids": Path(files.corpus_ids),
                    "seed": self.seed,
                },
                dataset=NAME,
                rankings={name: Path(file) for name, file in rankings.items()},
            ),
            measures=(MEASURE,),
            resamples=RESAMPLES,
            permutations=PERMUTATIONS,
            seed=self.seed,
            command=_line(words),
        )

    @property
    def _teacher(self) -> tuple[str, ...]:
        return "--teacher", self.files.teacher, "--teacher-kind", "logit"

    @property
    def _vectors(self) -> tuple[str, ...]:
        files = self.files
        return "--embeddings", files.corpus_vectors, "--ids", files.corpus_ids

    @property
    def _queries(self) -> tuple[str, ...]:
        return "--query-ids", self.files.query_ids, "--student-kind", "logit"

    def _seed(self, *more: str) -> tuple[str, ...]:
        return "--seed", str(self.seed), *more

    def _student(self, name: str, sampling: str) -> StudentSource:
        return StudentSource(
            name,
            queries=Path(self.files.query_vectors[sampling]),
            query_ids=Path(self.files.query_ids),
            kind=Kind.LOGIT,
        )


def _named(files: Mapping[str, str]) -> list[str]:
    return [f"{name}={file}" for name, file in files.items()]


def _line(words: Sequence[str]) -> str:
    return shlex.join(["rankbound", *words])


@dataclass(frozen=True, slots=True)
class Story:
    """What the commands found; `samples` and `ledgers` are by sampling.

    `calibration` is None where too few queries are there to fit a temperature.
    """

    files: DemoFiles
    samples: dict[str, Sample]
    inspection: Inspection
    ledgers: dict[str, Ledger]
    comparison: Comparison
    calibration: Comparison | None
    validation: Validation


def make_demo(  # noqa: PLR0913  what is built, and how
    root: Path,
    *,
    seed: int,
    progress: Progress,
    packages: Sequence[str] = PACKAGES,
    fresh: Sequence[str] = FRESH,
    sizes: Sizes | None = None,
    workers: int = 1,
) -> Story:
    """Build the collection in a folder, and run every command there.

    The commands work in that folder, as a reader's would, so that what they record is
    what running them again records. `workers` processes read the packages.

    Returns
    -------
    Story
        Its results are written, too.
    """
    files = prepare(
        root,
        seed=seed,
        progress=progress,
        packages=packages,
        fresh=fresh,
        sizes=sizes,
        workers=workers,
    )
    steps = Steps(files, seed)
    with chdir(root):
        samples = {}
        for sampling, file in files.groups.items():
            progress(f"sample: {sampling}")
            drawn = steps.sample(sampling)
            samples[sampling] = drawn.drawn(out=Path(file), force=True)
        asked, command = steps.inspect()
        inspection = inspect_files(
            asked, command=command, progress=_within("inspect", progress)
        )
        inspection.save(INSPECTION)
        ledgers = {}
        for sampling in files.groups:
            ledgers[sampling] = measure_with(
                steps.measure(sampling),
                progress=_within(f"measure, {sampling}", progress),
            )
            ledgers[sampling].save(f"measured/{sampling}")
        comparison = compare_with(
            steps.compare(), progress=_within("compare", progress)
        )
        comparison.save(COMPARED)
        calibration = _calibrated(steps, _within("compare", progress))
        validation = validate_with(
            steps.validate(), progress=_within("validate", progress)
        )
        validation.save(VALIDATED)
    return Story(
        files, samples, inspection, ledgers, comparison, calibration, validation
    )


def _calibrated(steps: Steps, progress: Progress) -> Comparison | None:
    """The comparison at a fitted temperature, written; None if none can be fitted."""
    try:
        found = compare_with(steps.calibrate(), progress=progress)
    except (UsageError, DomainError):
        return None
    found.save(CALIBRATED)
    return found


def _within(step: str, progress: Progress) -> Progress:
    return lambda stage: progress(f"{step}: {stage}")


def opening(
    ledgers: Ledgers,
    comparison: Comparison,
    calibration: Comparison | None,
    validation: Validation,
) -> Iterator[tuple[str, Answer]]:
    """The answers that come first, and the sampling that each is about, if it is one.

    Which questions these are does not depend on the answers.
    """
    said = [("", comparison.KIND, comparison.answers)]
    said += [(name, one.KIND, one.answers) for name, one in ledgers.items()]
    said += [("", validation.KIND, validation.answers)]
    for sampling, kind, answers in said:
        for question in OPENING[kind]:
            if question == FITTED and calibration is not None:
                answers_to = calibration.answers
            else:
                answers_to = answers
            found = [one for one in answers_to if one.question == question]
            yield from ((sampling, one) for one in found[:1])


def opening_lines(
    ledgers: Ledgers,
    comparison: Comparison,
    calibration: Comparison | None,
    validation: Validation,
) -> Iterator[str]:
    """The same as a terminal shows it, a line for each answer."""
    for about, answer in opening(ledgers, comparison, calibration, validation):
        where = f" ({about} negatives)" if about else ""
        yield f"{answer.wording}{where} {answer.sentence}"


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
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def report_text(story: Story, *, screens: Mapping[str, str]) -> str:
    """Write the whole report in Markdown.

    Parameters
    ----------
    story : Story
    screens : mapping of str to str
        What the terminal shows for each command, by the command.
    """
    return "\n".join(
        [
            "# What the bound says about four ways of sampling negatives",
            "",
            *_opening(story),
            "",
            *_table(story.ledgers),
            "",
            *_built(story.files),
            *_sections(story, screens),
            "",
        ]
    )


def _opening(story: Story) -> Iterator[str]:
    found = [
        *opening(story.ledgers, story.comparison, story.calibration, story.validation)
    ]
    for about, answer in found:
        where = f" ({about} negatives)" if about else ""
        yield f"- **{answer.wording}**{where} {answer.sentence}"
        if answer.next:
            yield f"  Next: `{answer.next}`"
    yield ""
    yield f"They rest on: {'; '.join(grounds([answer for _, answer in found]))}."


def _table(ledgers: Ledgers) -> Iterator[str]:
    yield "| " + " | ".join(HEADINGS) + " |"
    yield "|" + " --- |" * len(HEADINGS)
    for row in summary_rows(ledgers):
        yield "| " + " | ".join(row) + " |"
    yield ""
    yield f"{ROWS[0].upper()}{ROWS[1:]}. {UNITS}"


def _built(files: DemoFiles) -> Iterator[str]:
    teacher, student, held_out = (files.n_queries[split] for split in SPLITS)
    yield (
        f"Built from {counted(files.n_documents, 'docstring')} of installed packages: "
        "the body is a document, and the summary line the query that seeks it. "
        f"{counted(teacher, 'query')} trained the teacher, {student:,} the students, "
        f"and {held_out:,} are held out, which alone are measured, compared and "
        "validated. "
        "Each student is a bilinear head on LSA vectors, distilled on groups of 16 of "
        "the sampling that it is named after."
    )
    yield ""
    yield (
        "No query on which anything was chosen is measured. The settings of the demo "
        "(the students' ridge, the number of LSA dimensions, the teacher's "
        f"regularisation) were chosen on docstrings of {listed(files.packages, 99)}. "
        f"The held-out queries are drawn from the {files.n_fresh:,} docstrings of "
        f"{listed(files.fresh, 99)}, which had taken part in no choice; the others of "
        "these are in the training splits, so that what is measured is like what "
        "teacher and students have seen."
    )


def _sections(story: Story, screens: Mapping[str, str]) -> Iterator[str]:
    """The steps in order: what each is for, its commands, and what they show."""
    steps: dict[str, tuple[str, list[str]]] = {
        "sample": (
            "Groups of a relevant document and 15 negatives for every held-out query. "
            f"`{story.files.teacher}` has the teacher's scores of each query's pool: "
            "what BM25 and LSA found, the relevant document and 15 from anywhere, "
            "which are those of `uniform`. The students were trained on groups of "
            "other queries, drawn by the same samplings.",
            [one.command for one in story.samples.values()],
        ),
        "inspect": (
            "What the files hold, whether their numbers can be trusted, and which "
            "commands they are ready for.",
            [story.inspection.command],
        ),
        "measure": (
            "The terms of the bound for the student of each sampling, on groups of "
            "this sampling. Risk = entropy + divergence, exactly: the entropy is the "
            "teacher's own uncertainty about these pairs, below which no student can "
            "be, and the divergence is what the student adds.",
            [one.command for one in story.ledgers.values()],
        ),
        "compare": (
            "Whether the sampling alters the teacher's entropy, against random "
            "negatives; and, with a temperature fitted on pairs of a positive and a "
            "negative, how overconfident the teacher is, and whether the verdicts on "
            "these pairs are the same.",
            [
                one.command or ""
                for one in (story.comparison, story.calibration)
                if one is not None
            ],
        ),
        "validate": (
            "Whether the terms go with what the students retrieve. All of them, and "
            "BM25 itself, are measured on the same groups, those of "
            f"{listed([*VALIDATED_ON])}.",
            [story.validation.command],
        ),
    }
    for name, (words, commands) in steps.items():
        yield from ("", f"## {name}", "", words)
        for command in commands:
            yield from ("", "```", f"$ {command}", screens[command], "```")
    yield from ("", "## report", "")
    yield (
        "`report.html` shows all of this as a page, with three figures of each result. "
        "`rankbound report . --out page.html` makes one with all that matter."
    )
