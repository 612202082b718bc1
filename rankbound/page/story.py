"""What a page tells: questions with their answers and pictures, and notes, said once.

Pages of a folder of results and of a study are made of the same blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from rankbound.catalogue import QUESTIONS, Level
from rankbound.drawing.catalogue import STUDY
from rankbound.page.accounts import Account, Verdict
from rankbound.page.rendering import Picture
from rankbound.results import Answer, Result

# From the best news to the worst, which a box of several answers has
NEWS: Final[tuple[Level, ...]] = ("good", "told", "caution", "bad")
# The questions that each kind of figure shows something of, by kind of result, the
# first of them that is answered
SHOWN: Final[dict[str, dict[str, str | tuple[str, ...]]]] = {
    "ledger": {
        "scatter": ("student", "vacuous"),
        "limit": "queries",
        "reliability": "temperature",
        "parts": "vacuous",
        "plane": "dominating",
        "ridges": "dominating",
        "ecdf": "dominating",
        "diameter": "dominating",
    },
    "comparison": {
        "differences": "hard-negatives",
        "verdicts": "differences",
        "sweep": "temperature",
        "power": "queries",
        "plane": "hard-negatives",
        "ridges": "hard-negatives",
        "ecdf": "hard-negatives",
        "diameter": "hard-negatives",
    },
    "validation": {
        "correlations": "terms",
        "differences": "student",
        "verdicts": "student",
        "scatter": "held",
        "power": "queries",
    },
    "power": {"power": "queries"},
}
# Kinds whose verdicts say more than their answers: an inspection's errors and warnings
SAYING_MORE: Final = frozenset({"inspection"})
FITTED, UNFITTED = "temperature", "given"
ELSE: Final = "else"
ELSE_WORDS: Final = "What else do the results hold?"


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a box, and the results that say it, empty where all do."""

    names: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Block:
    """A question with its answers, in one box, and the figures that show them.

    Attributes
    ----------
    key : str
        Of `QUESTIONS`, or another one for results without answers.
    wording : str
    level : {"good", "told", "caution", "bad"}
        That of the worst news.
    word : str
        The outcome, empty where results differ.
    lines, rests : tuple of Line
        What is said, and what it rests on.
    next : tuple of str
        Commands to run next.
    picture : Picture or None
        The most important figure.
    figures : tuple of Picture
        The others.
    """

    key: str
    wording: str
    level: Level
    word: str
    lines: tuple[Line, ...]
    rests: tuple[Line, ...] = ()
    next: tuple[str, ...] = ()
    picture: Picture | None = None
    figures: tuple[Picture, ...] = ()


Given = Sequence[tuple[str, Result, Account]]
Beside = Mapping[str, Sequence[Answer]]
NOTHING: Final[Beside] = MappingProxyType({})


def blocks(
    results: Given, figures: Sequence[Picture], beside: Beside = NOTHING
) -> list[Block]:
    """The questions that results answer, in their order, each with its figures.

    Parameters
    ----------
    results : sequence of (str, Result, Account)
        With the names that tell them apart, empty for a single one.
    figures : sequence of Picture
        The most important ones first.
    beside : mapping of str to sequence of Answer
        Answers of other results, by the names of these.
    """
    said = _said(results, beside)
    shown: dict[str, list[Picture]] = {}
    alone = [
        one for one in results if one[1].KIND in SAYING_MORE or not _answers(one[1])
    ]
    own = {result.KIND for _, result, _ in alone} - {*SHOWN}
    for figure in figures:
        if figure.result in own:
            shown.setdefault(figure.result, []).append(figure)
            continue
        wanted = SHOWN.get(figure.result, {}).get(figure.kind, ())
        several = (wanted,) if isinstance(wanted, str) else wanted
        mine = next((one for one in several if one in said), ELSE)
        shown.setdefault(mine, []).append(figure)
    told = _Once()
    found = []
    for key, question in QUESTIONS.items():
        if key in said:
            found.append(
                _block(key, question.wording, said[key], told, shown.get(key, []))
            )
    others = [_unanswered(*one, shown.pop(one[1].KIND, [])) for one in alone]
    # What all data sets say together comes before what each of them says
    found = [
        *(one for one in others if one.key.startswith(STUDY)),
        *found,
        *(one for one in others if not one.key.startswith(STUDY)),
    ]
    rest = shown.get(ELSE, [])
    if rest:
        first, *more = rest
        bare = not any(block.picture for block in found)
        found.append(
            Block(
                ELSE,
                ELSE_WORDS,
                "told",
                "",
                (),
                picture=first if bare else None,
                figures=tuple(more if bare else rest),
            )
        )
    return found


def _said(results: Given, beside: Beside) -> dict[str, list[tuple[str, Answer]]]:
    """The answers to each question, with the names of the results."""
    said: dict[str, list[tuple[str, Answer]]] = {}
    for name, result, _ in results:
        for answer in _answers(result):
            said.setdefault(answer.question, []).append((name, answer))
    for name, answers in beside.items():
        for answer in answers:
            said.setdefault(answer.question, []).append((name, answer))
    fitted = [one for one in said.get(FITTED, ()) if one[1].outcome != UNFITTED]
    # A result that fits the temperature says how far off that of the others is
    return {**said, FITTED: fitted} if fitted else said


class _Once:
    """What was said, so that it is not said again."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def new(self, text: str) -> bool:
        fresh = bool(text) and text not in self._said
        self._said.add(text)
        return fresh


def _answers(result: Result) -> tuple[Answer, ...]:
    """The answers of a result; none of kinds that have none, and of earlier ones."""
    found: tuple[Answer, ...] = getattr(result, "answers", ())
    return found


def _block(
    key: str,
    wording: str,
    said: Sequence[tuple[str, Answer]],
    told: _Once,
    figures: Sequence[Picture],
) -> Block:
    outcomes = {answer.outcome for _, answer in said}
    rests = _lines([(name, answer.rests_on) for name, answer in said])
    return Block(
        key=key,
        wording=wording,
        level=max((answer.level for _, answer in said), key=NEWS.index),
        word=outcomes.pop() if len(outcomes) == 1 else "",
        lines=_lines([(name, answer.sentence) for name, answer in said]),
        rests=tuple(line for line in rests if told.new(line.sentence)),
        next=tuple(answer.next for _, answer in said if told.new(answer.next)),
        picture=figures[0] if figures else None,
        figures=tuple(figures[1:]),
    )


def _lines(said: Sequence[tuple[str, str]]) -> tuple[Line, ...]:
    """Each sentence once, with the results that say it unless all do."""
    every = {name for name, _ in said}
    names: dict[str, list[str]] = {}
    for name, sentence in said:
        names.setdefault(sentence, []).append(name)
    return tuple(
        Line(() if {*mine} == every else tuple(dict.fromkeys(mine)), sentence)
        for sentence, mine in names.items()
    )


def _unanswered(
    name: str, result: Result, account: Account, figures: Sequence[Picture]
) -> Block:
    """The verdicts of a result in one box, but for warnings, which notes hold."""
    noted = {line for _, lines in account.notes for line in lines}
    verdicts = [
        verdict for verdict in account.verdicts if verdict.sentence not in noted
    ]
    news: list[Level] = ["good", *(verdict.level for verdict in verdicts)]
    level = max(news, key=NEWS.index) if verdicts else "told"
    key = "-".join(filter(None, (result.KIND, name)))
    return Block(
        key,
        account.title,
        level,
        verdicts[0].word if len(verdicts) == 1 else "",
        tuple(Line((), _worded(verdict, verdicts)) for verdict in verdicts),
        next=tuple(verdict.command for verdict in verdicts if verdict.command),
        picture=figures[0] if figures else None,
        figures=tuple(figures[1:]),
    )


def _worded(verdict: Verdict, verdicts: Sequence[Verdict]) -> str:
    alone = len(verdicts) == 1
    if alone and verdict.sentence:
        return verdict.sentence
    mark = " " if verdict.word.endswith("?") else ": "
    return mark.join(filter(None, (verdict.word, verdict.sentence)))


Notes = Mapping[str, Sequence[tuple[str, tuple[str, ...]]]]


def pooled(accounts: Iterable[tuple[str, Account]]) -> Notes:
    """Notes of all results by heading, each line once, with the results it is of.

    Parameters
    ----------
    accounts : iterable of (str, Account)
        With the names that tell results apart.

    Returns
    -------
    mapping of str to sequence of (str, tuple of str)
        A line with its results, which are left out where all say it.
    """
    every = [*accounts]
    found: dict[str, dict[str, list[str]]] = {}
    holders: dict[str, set[int]] = {}
    for place, (name, account) in enumerate(every):
        for heading, lines in account.notes:
            holders.setdefault(heading, set()).add(place)
            for line in lines:
                names = found.setdefault(heading, {}).setdefault(line, [])
                if name not in names:
                    names.append(name)
    return {
        heading: [
            (
                line,
                () if len(mine) == len(holders[heading]) else tuple(filter(None, mine)),
            )
            for line, mine in lines.items()
        ]
        for heading, lines in found.items()
    }
