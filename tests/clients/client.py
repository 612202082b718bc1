"""What a library wrote, given to rankbound: each attempt is a row of the table.

The modules of this folder are named after libraries and run in an environment that has
them. They compute what is right from the library's own objects, with plain loops.
"""

import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import rankbound as rb

GOLDEN = Path(__file__).parent / "golden"
EXPECTED = "expected.json"
SAME = "same"
NOT_TRIED = "not tried: "
PARTS = ("scores", "groups", "qrels", "embeddings")
READ = dict(
    zip(
        PARTS,
        (rb.read_scores, rb.read_groups, rb.read_qrels, rb.read_embeddings),
        strict=True,
    )
)


@dataclass(frozen=True)
class Outcome:
    """A row of the table."""

    library: str
    version: str
    artefact: str
    outcome: str

    @property
    def is_failure(self) -> bool:
        """Whether something was tried and gave anything but what is right."""
        return not self.outcome.startswith((SAME, NOT_TRIED))


def content(value: Any) -> Any:
    """Scores, groups or vectors as plain lists and dictionaries.

    Scores are ``{qid: {docno: number}}``; groups are ``[qid, docnos, marks]``, the
    marks None where nothing marks positives; vectors are lists by id.
    """
    if isinstance(value, rb.Scores):
        table: dict[str, dict[str, float]] = {}
        for row, score in enumerate(value.values.tolist()):
            qid, docno = value.where(row)
            table.setdefault(qid, {})[docno] = score
        return table
    if isinstance(value, rb.Embeddings):
        vectors = np.asarray(value.vectors).tolist()
        return dict(zip(value.ids.tolist(), vectors, strict=True))
    docnos = value.docnos[value.codes].tolist()
    marks = None if value.positive is None else value.positive.tolist()
    return [
        [
            value.qids[value.queries[number]],
            docnos[start:stop],
            None if marks is None else marks[start:stop],
        ]
        for number, (start, stop) in enumerate(
            zip(value.offsets[:-1], value.offsets[1:], strict=True)
        )
    ]


def difference(found: Any, wanted: Any, tolerance: float, place: str = "") -> str:
    """Where two nested values differ first; empty where they agree."""
    if isinstance(wanted, Mapping):
        if not isinstance(found, Mapping) or set(found) != set(wanted):
            return f"at {place or 'the top'}: {_short(found)}, not {_short(wanted)}"
        pairs = ((found[key], one, str(key)) for key, one in wanted.items())
    elif isinstance(wanted, list | tuple):
        if not isinstance(found, list | tuple) or len(found) != len(wanted):
            return f"at {place or 'the top'}: {_short(found)}, not {_short(wanted)}"
        pairs = ((found[n], one, str(n)) for n, one in enumerate(wanted))
    elif isinstance(wanted, float) and isinstance(found, int | float):
        close = math.isclose(found, wanted, rel_tol=tolerance, abs_tol=tolerance)
        return "" if close else f"at {place}: {found!r}, not {wanted!r}"
    else:
        return "" if found == wanted else f"at {place}: {found!r}, not {wanted!r}"
    inner = (difference(one, two, tolerance, f"{place}/{n}") for one, two, n in pairs)
    return next((one for one in inner if one), "")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 70 else f"{text[:67]}..."


@dataclass
class Client:
    """Collects the outcomes of one library.

    Attributes
    ----------
    library : str
        The name of its distribution, whose version is recorded.
    folder : Path
        An empty folder for what it writes.
    keep : bool
        Whether files are kept as golden ones, with what they hold.
    """

    library: str
    folder: Path
    keep: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def object(
        self,
        artefact: str,
        value: Any,
        tolerance: float = 0.0,
        given: Mapping[str, Any] | None = None,
        **wanted: Any,
    ) -> None:
        """Read an object in memory; `wanted` says what each part of it holds."""
        with self.trying(artefact) as same:
            for part, right in wanted.items():
                found = content(READ[part](value, **(given or {})))
                same(difference(found, right, tolerance))

    def file(
        self,
        artefact: str,
        path: Path,
        tolerance: float = 0.0,
        format: str | None = None,
        **wanted: Any,
    ) -> None:
        """Read a file or folder by itself, by inspect and after a conversion."""
        with self.trying(artefact) as same:
            for part, right in wanted.items():
                found = content(READ[part](path, format=format))
                same(difference(found, right, tolerance))
            seen = rb.inspect(path, format=format)
            same("" if all(one.readable for one in seen.files) else f"inspect: {seen}")
            self._converted(path, format, wanted, tolerance, same)
        if self.keep and not self.outcomes[-1].is_failure:
            self._kept(path, tolerance, format, wanted)

    def _converted(
        self,
        path: Path,
        format: str | None,
        wanted: Mapping[str, Any],
        tolerance: float,
        same: Callable[[str], None],
    ) -> None:
        suffixes = {
            "scores": "scores.parquet",
            "qrels": "scores.parquet",
            "groups": "groups.parquet",
            "embeddings": "npz",
        }
        # Grades in a table of scores are judgements where judgements are asked for
        held = rb.read_any(path, format=format).parts()
        for part, suffix in suffixes.items():
            if part in wanted and part in held:
                target = self.folder / f"converted-{part}-{len(self.outcomes)}.{suffix}"
                rb.convert(path, target, format=format, lossy=True)
                found = content(READ[part](target))
                same(difference(found, wanted[part], tolerance))

    def _kept(
        self,
        path: Path,
        tolerance: float,
        format: str | None,
        wanted: Mapping[str, Any],
    ) -> None:
        place = GOLDEN / self.library
        place.mkdir(parents=True, exist_ok=True)
        target = place / path.name
        if path.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(path, target)
        else:
            shutil.copy(path, target)
            for beside in path.parent.glob(f"{path.stem}.ids.txt"):
                shutil.copy(beside, place / beside.name)
        self.kept[f"{self.library}/{path.name}"] = {
            "format": format,
            "tolerance": tolerance,
            "version": version(self.library),
            **wanted,
        }

    def commands(
        self, artefact: str, teacher: Any, groups: Mapping[str, Any], **more: Any
    ) -> None:
        """Give artefacts to measure, compare and validate, which must end well."""
        students, qrels = more.pop("students"), more.pop("qrels")
        common = {"teacher_kind": "logit", **more}
        with self.trying(f"{artefact}: measure, compare, validate") as same:
            first = next(iter(groups.values()))
            both = {"students": students, "qrels": qrels}
            measured = rb.measure(teacher, groups=first, **both, **common)
            same("" if measured.students else "measure: no students")
            compared = rb.compare(teacher, groups=groups, **common)
            same("" if compared.rows else "compare: no rows")
            validated = rb.validate(
                teacher,
                groups=groups,
                **both,
                **common,
                resamples=200,
                permutations=199,
                splits=2,
            )
            same("" if validated.configurations else "validate: no configurations")

    def numbers(
        self, artefact: str, ours: Any, theirs: Any, tolerance: float = 1e-6
    ) -> None:
        """Compare a number of ours with that of the library."""
        with self.trying(artefact) as same:
            one, two = (
                np.asarray(value, dtype=float).tolist() for value in (ours, theirs)
            )
            same(difference(one, two, tolerance))

    def not_tried(self, artefact: str, reason: str) -> None:
        """Say what is missing here."""
        self._add(artefact, f"{NOT_TRIED}{reason}")

    @contextmanager
    def trying(self, artefact: str) -> Iterator[Callable[[str], None]]:
        """Record what is found different, or the error, as one row."""
        found: list[str] = []
        try:
            yield found.append
        except Exception as error:
            found.append(f"{type(error).__name__}: {error}")
        wrong = next((one for one in found if one), "")
        self._add(artefact, " ".join(f"differs {wrong}".split()) if wrong else SAME)

    def _add(self, artefact: str, outcome: str) -> None:
        held = version(self.library)
        self.outcomes.append(Outcome(self.library, held, artefact, outcome))

    def written(self, path: Path) -> None:
        """Write the outcomes, and what golden files hold, as JSON."""
        rows = [asdict(one) for one in self.outcomes]
        path.write_text(json.dumps({"outcomes": rows, "kept": self.kept}))
