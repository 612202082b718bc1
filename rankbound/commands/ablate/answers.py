"""What an ablation says first, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from rankbound.bounds.wording import counted
from rankbound.commands.ablate.result import Ablation, CollectionRow, Difference


def sentences(found: Ablation) -> Iterator[str]:
    """Collections, best cells, samplings against random negatives, certificates."""
    for one in found.collections:
        yield _collection(one)
        for architecture in one.untrained:
            yield _best(found, one, architecture)
    yield from _against_random(found)
    yield _certificates(found)


def _collection(one: CollectionRow) -> str:
    return (
        f"{one.name}: {counted(one.n_documents, 'document')}; "
        f"{counted(one.n_train, 'query trains', 'queries train')}, "
        f"{one.n_validation:,} choose, {one.n_test:,} test; nDCG@10 of the teacher "
        f"{one.teacher:.4f}, BM25 {one.bm25:.4f}, vectors {one.dense:.4f}"
    )


def _best(found: Ablation, one: CollectionRow, architecture: str) -> str:
    cells = found.cells_of(one.name, architecture)
    best = found.best(one.name, architecture)
    values = [cell.ndcg.value for cell in cells]
    start = one.untrained[architecture]
    above = sum(value > start for value in values)
    share = f", {best.ndcg.value / one.teacher:.0%} of the teacher's" * (
        one.teacher > 0
    )
    return (
        f"{one.name}, {architecture}: nDCG@10 {start:.4f} untrained, {min(values):.4f} "
        f"to {max(values):.4f} trained, above the start in {above} of "
        f"{counted(len(cells), 'cell')}; highest for {best.label}{share}, picked after "
        "looking"
    )


def _against_random(found: Ablation) -> Iterator[str]:
    if not found.differences:
        return
    for architecture in dict.fromkeys(one.architecture for one in found.differences):
        rows = [one for one in found.differences if one.architecture == architecture]
        better, worse = (
            sum(one.verdict == verdict for one in rows)
            for verdict in ("better", "worse")
        )
        yield (
            f"{architecture}: of {counted(len(rows), 'difference')} in nDCG@10 to "
            f"random negatives, {better} are above 0, {worse} below and "
            f"{len(rows) - better - worse} open, at 95 % for all at once; "
            f"largest {_said(rows, 1)}, smallest {_said(rows, -1)}"
        )


def _said(rows: list[Difference], sign: int) -> str:
    one = max(rows, key=lambda row: sign * row.value)
    return (
        f"{one.value:+.4f} [{one.lower:+.4f}, {one.upper:+.4f}] ({one.loss} on "
        f"{one.sampling})"
    )


def _certificates(found: Ablation) -> str:
    students = sum(cell.n_seeds for cell in found.cells)
    vacuous = sum(cell.n_vacuous for cell in found.cells)
    return (
        f"the certificate is vacuous for {vacuous:,} of "
        f"{counted(students, 'student')}, each on the pairs of its "
        "own sampling: rows of different samplings are different tasks"
    )
