"""What results answer, in the first lines of a screen.

At most ten of them: sentences, what these rest on, and the command to run next. Which
answers fit is decided by their order and length alone.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from rankbound.bounds.wording import counted
from rankbound.catalogue import Level
from rankbound.results import Answer, grounds
from rankbound.terminal.console import WIDEST, WIDTH, fold, folded, width_of

MOST_LINES: Final = 10
MOST_OPENING: Final = 6  # lines of them above the short text of a result
STYLES: Final[dict[Level, str]] = {
    "good": "bold green",
    "caution": "bold yellow",
    "bad": "bold red",
    "told": "bold",
}
RESTS, NEXT = "rests on: ", "next: "


def show_answers(
    answers: Sequence[Answer],
    warnings: Sequence[str],
    console: Console,
    *,
    details: bool,
    where: str = "",
) -> None:
    """Print what is answered, and how many warnings there are.

    Parameters
    ----------
    answers : sequence of Answer
    warnings : sequence of str
    console : Console
    details : bool
        Whether the answers that do not fit, and all else, are printed below.
    where : str
        The file that holds everything; empty if none was written.
    """
    rest = print_answers(answers, console, details=details)
    if not details:
        tell_rest(warnings, rest, console, where=where)


def print_answers(
    answers: Sequence[Answer], console: Console, *, details: bool
) -> Sequence[Answer]:
    """Print the answers that fit, and with `details` the others below; gives these."""
    first = said_first(answers)
    rest = answers[len(first) :]
    show_sentences(first, console)
    show_foot(first, console)
    if details and rest:
        console.print()
        show_sentences(rest, console)
        show_foot(rest, console, above=first)
    return rest


def tell_rest(
    warnings: Sequence[str],
    rest: Sequence[Answer],
    console: Console,
    *,
    where: str = "",
) -> None:
    """Say in one line what is not printed, and where it is."""
    more = [
        *(["them" if len(warnings) > 1 else "it"] if warnings else []),
        *([counted(len(rest), "more answer")] if rest else []),
        "the tables",
    ]
    listed = f"{', '.join(more[:-1])} and {more[-1]}" if more[1:] else more[0]
    number = counted(len(warnings), "warning") if warnings else "no warnings"
    kept = f"; all of it is in {where}" if where else ""
    fold(console, f"{number}; --details prints {listed}{kept}")


def show_sentences(answers: Sequence[Answer], console: Console) -> None:
    """Print the sentences alone."""
    for answer in answers:
        for place, line in enumerate(_sentence(answer, width_of(console))):
            text = Text(line)
            if place == 0:
                text.stylize(STYLES[answer.level], 0, len(answer.wording))
            console.print(text, soft_wrap=True)


def show_foot(
    answers: Sequence[Answer], console: Console, *, above: Sequence[Answer] = ()
) -> None:
    """Print what answers rest on and what to run next, as far as it is not `above`."""
    for line in _foot(answers, width_of(console), above):
        console.print(Text(line), soft_wrap=True)


def opening(answers: Sequence[Answer]) -> list[str]:
    """The first answers as lines of a result's short text, for an interpreter."""
    found = [folded(_printable(answer), WIDTH) for answer in answers]
    number = len(found)
    while number > 1 and sum(map(len, found[:number])) > MOST_OPENING:
        number -= 1
    return [line for lines in found[:number] for line in lines[:MOST_OPENING]]


def _printable(answer: Answer) -> str:
    said = f"{answer.wording} {answer.sentence}"
    return "".join(c if c.isprintable() else " " for c in said)


def said_first(answers: Sequence[Answer]) -> Sequence[Answer]:
    """The answers of the first screen."""
    return answers[: _fitting(answers)]


def _fitting(answers: Sequence[Answer]) -> int:
    """How many answers fit into a file's first lines; one in any case."""
    for number in range(len(answers), 1, -1):
        shown = answers[:number]
        lines = sum(len(_sentence(one, WIDEST)) for one in shown)
        lines += len(_rests(shown, WIDEST, ()))
        if commands := _commands(shown):
            lines += len(_command(_shortest(commands), WIDEST))
        if lines <= MOST_LINES:
            return number
    return min(1, len(answers))


def _sentence(answer: Answer, width: int) -> list[str]:
    return folded(f"{answer.wording} {answer.sentence}", width)


def _foot(
    answers: Sequence[Answer], width: int, above: Sequence[Answer] = ()
) -> Iterator[str]:
    """What the answers rest on, with the proviso once, and what to run next."""
    yield from _rests(answers, width, above)
    commands = _commands(answers, above)
    if commands:
        taken = sum(len(_sentence(one, WIDEST)) for one in answers)
        room = MOST_LINES - taken - len(_rests(answers, WIDEST, above))
        fits = [one for one in commands if len(_command(one, WIDEST)) <= room]
        yield from _command(fits[0] if fits else _shortest(commands), width)


def _rests(answers: Sequence[Answer], width: int, above: Sequence[Answer]) -> list[str]:
    known = grounds(above)
    said = [part for part in grounds(answers) if part not in known]
    return folded(f"{RESTS}{'; '.join(said)}", width) if said else []


def _commands(answers: Sequence[Answer], above: Sequence[Answer] = ()) -> list[str]:
    run = {"", *(answer.next for answer in above)}
    return [one for one in dict.fromkeys(a.next for a in answers) if one not in run]


def _shortest(commands: Sequence[str]) -> str:
    """The command of the fewest lines, the first of several."""
    return min(commands, key=lambda one: len(_command(one, WIDEST)))


def _command(command: str, width: int) -> list[str]:
    """Lines that a shell joins again, broken between words alone."""
    lines = [NEXT.rstrip()]
    for word in map(shlex.quote, shlex.split(command)):
        if len(f"{lines[-1]} {word} \\") > width and lines != [NEXT.rstrip()]:
            lines.append(f"  {word}")
        else:
            lines[-1] += f" {word}"
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]
