"""What an ablation says first, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rankbound.bounds.wording import counted
from rankbound.commands.ablate.result import (
    BASE,
    IN_DOMAIN,
    NONE,
    REACHED,
    Ablation,
    Arm,
    CollectionRow,
    Control,
    Difference,
)

KNOWN: Final = ("n_known", "n_covered")


def sentences(found: Ablation) -> Iterator[str]:
    """What came of samplings, collections, controls, certificates and claims."""
    yield from against_random(found)
    for one in found.collections:
        if one.domain == IN_DOMAIN:
            for architecture in one.untrained:
                yield _best(found, one, architecture)
    if any(one.domain != IN_DOMAIN for one in found.cells):
        yield from _abroad(found)
    yield from map(_collection, found.collections)
    yield from map(_control, found.controls)
    yield _certificates(found)
    yield from _held_out(found)
    yield from _known(found)
    yield from _predicted(found)
    yield from _chosen(found)
    yield from _arms(found)
    yield from _bought(found)
    for claim in found.claims:
        yield f"{claim.verdict}: {claim.claim}"


def _collection(one: CollectionRow) -> str:
    if one.domain != IN_DOMAIN:
        return (
            f"{one.name}, out of domain of {one.trained_on}: "
            f"{counted(one.n_documents, 'document')}; "
            f"{counted(one.n_test, 'query tests', 'queries test')}; "
            f"nDCG@10 of the teacher {one.teacher:.4f}, BM25 {one.bm25:.4f}, vectors "
            f"{one.dense:.4f}"
        )
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


def _abroad(found: Ablation) -> Iterator[str]:
    """How students do on queries of other collections."""
    for row in found.collections:
        if row.domain == IN_DOMAIN:
            continue
        for architecture, start in row.untrained.items():
            cells = [
                one
                for one in found.cells
                if (one.collection, one.trained_on, one.architecture)
                == (row.name, row.trained_on, architecture)
                and one.domain != IN_DOMAIN
            ]
            values = [one.ndcg.value for one in cells]
            best = max(cells, key=lambda one: one.ndcg.value)
            yield (
                f"{row.name}, {architecture} trained on {row.trained_on}: nDCG@10 "
                f"{start:.4f} untrained, {min(values):.4f} to {max(values):.4f} "
                f"trained, above the start in {sum(v > start for v in values)} of "
                f"{counted(len(cells), 'cell')}; highest for {best.label}, "
                f"{best.ndcg.value / row.teacher:.0%} of that teacher's, picked after "
                "looking"
            )


def _control(one: Control) -> str:
    goals = (
        f"its start ({one.untrained:.4f})",
        f"{REACHED:.0%} of the teacher ({REACHED * one.teacher:.4f})",
    )
    again = "its start", "that"
    shuffled = _reached(one, one.shuffled, again, both=one.shuffled_learns)
    return (
        f"{one.collection}, {one.architecture}: {one.loss} on {one.sampling} ends at "
        f"{one.trained:.4f}, {_reached(one, one.trained, goals, both=one.learns)}; "
        f"taught by a shuffled teacher at {one.shuffled:.4f}, {shuffled}; trained less "
        f"shuffled {one.trained - one.shuffled:+.4f} [{one.lower:+.4f}, "
        f"{one.upper:+.4f}]"
    )


def _reached(one: Control, value: float, goals: tuple[str, str], *, both: bool) -> str:
    """Which of two goals a student reaches: more than its start, and its teacher."""
    start, teacher = goals
    if both:
        return f"above {start} and at least {teacher}"
    if value > one.untrained:
        return f"above {start} but below {teacher}"
    end = "but at least" if value >= REACHED * one.teacher else "and below"
    return f"not above {start} {end} {teacher}"


def _held_out(found: Ablation) -> Iterator[str]:
    """How often the risk of half of the queries is inside the other half's limit."""
    tried = [one for one in found.cells if one.n_checked]
    if not tried:
        return
    n, inside, refuted = (
        sum(getattr(one, name) for one in tried)
        for name in ("n_checked", "n_inside", "n_refuted")
    )
    yield (
        f"held-out risks, on half of the queries, are inside the certificate of the "
        f"other half for {inside:,} of {counted(n, 'student')} in "
        f"{counted(len(tried), 'cell')}, {inside / n:.1%} where {1 - found.delta:.0%} "
        f"is promised; a lower limit of the held-out risk is above it for {refuted:,}"
    )


def _known(found: Ablation) -> Iterator[str]:
    """How limits and intervals stand to the truth of a synthetic world."""
    for name in dict.fromkeys(one.collection for one in found.laws):
        rows = [one for one in found.laws if one.collection == name]
        cells = [one for one in found.cells if one.collection == name and one.n_known]
        n, covered = (sum(getattr(one, of) for one in cells) for of in KNOWN)
        entropies = [one.entropy for one in rows]
        yield (
            f"{name}: the law is known. The limit is at least the risk under it for "
            f"{covered:,} of {counted(n, 'student')}, {covered / n:.1%} where "
            f"{1 - found.delta:.0%} is promised for each; intervals hold the teacher's "
            f"entropy, {min(entropies):.4f} to {max(entropies):.4f} nats, for "
            f"{sum(one.holds for one in rows)} of {counted(len(rows), 'sampling')}"
        )


def _predicted(found: Ablation) -> Iterator[str]:
    """What predicts students before training, and what was tried."""
    if not found.predicted:
        return
    names = [*dict.fromkeys(one.predictor for one in found.predicted)]
    known = [one for one in found.predicted if one.left_out != "none"]
    advice = [one for one in known if one.is_advice]
    tests = sum(one.p is not None for one in found.predicted)
    if advice:
        told = "; ".join(
            f"{one.predictor} (tau {one.tau:+.2f}, {one.left_out} left out)"
            for one in advice
        )
        yield f"predicts samplings before training, out of sample: {told}"
    else:
        why = next(
            (one.missing_because for one in known if one.tau is not None),
            "with nothing that can be left out",
        )
        told = f"by {counted(tests, 'test')}, Holm" if tests else f"untested, {why}"
        yield (
            f"of {counted(len(names), 'term')} known before training none is shown to "
            f"predict the order of samplings out of sample ({told}); tried: "
            f"{', '.join(names)}"
        )


def _chosen(found: Ablation) -> Iterator[str]:
    """Whether choosing by the best predictor beats random negatives, at equal cost."""
    for one in found.choices:
        if one.rule == "predicted":
            fixed = [two for two in found.choices if two.left_out == "none"]
            best = next(two for two in fixed if two.rule == "best")
            always = max(
                (two for two in fixed if two.rule != "best"), key=lambda two: two.value
            )
            yield (
                "choosing the sampling by the best predictor, "
                f"{one.left_out} left out: nDCG@10 {one.value:.4f}, {one.gain:+.4f} "
                f"[{one.lower:+.4f}, {one.upper:+.4f}] over always random; always "
                f"{always.rule} {always.value:.4f}, the best of each task "
                f"{best.value:.4f}"
            )


def _arms(found: Ablation) -> Iterator[str]:
    """What other teachers and augmentations give."""
    known = {(one.collection, one.teacher): one for one in found.teachers}
    groups: dict[tuple[str, str, str], list[Arm]] = {}
    for one in found.arms:
        key = one.cell.collection, one.teacher, one.augmentation
        groups.setdefault(key, []).append(one)
    for (collection, teacher, augmentation), rows in groups.items():
        base, own = known[collection, BASE], known[collection, teacher]
        what = f"{augmentation} as augmentation"
        if augmentation == NONE:
            what = (
                f"the teacher {teacher} (nDCG@10 {own.ndcg:.4f} instead of "
                f"{base.ndcg:.4f}, entropy {own.entropy:.3f} instead of "
                f"{base.entropy:.3f} nats)"
            )
        better, worse = (
            sum(one.verdict == verdict for one in rows)
            for verdict in ("better", "worse")
        )
        mean = sum(one.gain for one in rows) / len(rows)
        yield (
            f"{collection}, {what}: nDCG@10 {mean:+.4f} on average over "
            f"{counted(len(rows), 'cell')}, of which {better} above the same cell of "
            f"the grid, {worse} below and {len(rows) - better - worse} open, at "
            "95 % for all at once"
        )


def _bought(found: Ablation) -> Iterator[str]:
    """What a student costs, and what that buys, in one line."""
    parts: dict[tuple[str, str], list[float]] = {}
    for one in found.bought:
        if (one.teacher, one.augmentation) == (BASE, NONE):
            parts.setdefault((one.collection, one.architecture), []).append(one.gain)
    if not parts:
        return
    first = found.bought[0]
    told = ", ".join(
        f"{sum(gains) / len(gains):+.4f} for {architecture} on {collection}"
        for (collection, architecture), gains in parts.items()
    )
    yield (
        f"{counted(first.steps, 'step')} and "
        f"{counted(first.pairs_scored, 'scored pair')} of each student buy, in nDCG@10 "
        f"over its start and on average over cells: {told}"
    )


def against_random(found: Ablation) -> Iterator[str]:
    """How many samplings are better and worse than random negatives, and by how much.

    One sentence for each architecture, in domain and out of it.
    """
    if not found.differences:
        return
    for architecture, domain in dict.fromkeys(
        (one.architecture, one.domain) for one in found.differences
    ):
        rows = [
            one
            for one in found.differences
            if (one.architecture, one.domain) == (architecture, domain)
        ]
        better, worse = (
            sum(one.verdict == verdict for one in rows)
            for verdict in ("better", "worse")
        )
        yield (
            f"{architecture}{'' if domain == IN_DOMAIN else ' out of domain'}: of "
            f"{counted(len(rows), 'difference')} in nDCG@10 to random negatives, "
            f"{better} above 0, {worse} below and "
            f"{len(rows) - better - worse} open, at 95 % for all at once; "
            f"largest {_said(rows, 1)}, smallest {_said(rows, -1)}"
        )


def _said(rows: list[Difference], sign: int) -> str:
    one = max(rows, key=lambda row: sign * row.value)
    several = len({(row.collection, row.trained_on) for row in rows}) > 1
    where = f"{one.collection}, " if several else ""
    return (
        f"{one.value:+.4f} [{one.lower:+.4f}, {one.upper:+.4f}] ({where}{one.loss} on "
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
