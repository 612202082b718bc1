"""The command to run after another one, on the files that this one was given.

It is made from the command line that a result records, can be copied into a shell, and
writes to another folder. Words in capitals stand for what nobody has given.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Final

Given = tuple[str, tuple[str, ...]]  # an option and its values, as they stand
_SCORES: Final = (
    *("--teacher", "--temperature", "--format", "--missing-value", "--run-tag"),
    "--seed",
)
_MODELS: Final = (
    *(*_SCORES, "--teacher-kind", "--student", "--student-kind"),
    *("--student-temperature", "--bi-encoder", "--query-ids", "--mixed-scales"),
    *("--embeddings", "--ids", "--metric", "--qrels", "--clusters", "--trained-on"),
    *("--groups", "--depth", "--pairs", "--score-range", "--missing", "--delta"),
    *("--pilot", "--stake", "--unscored"),
)
# What each command takes over; tests hold the names to its options
TAKEN: Final[Mapping[str, tuple[str, ...]]] = {
    "measure": (*_MODELS, "--target-groups", "--unjudged", "--lipschitz"),
    "validate": _MODELS,
    "sample": _SCORES,
}
NEEDED: Final[Mapping[str, tuple[Given, ...]]] = {
    "measure": (("--teacher", ("FILE",)),),
    "validate": (("--teacher", ("FILE",)), ("--qrels", ("FILE",))),
    "sample": (("--teacher", ("FILE",)),),
}
# Values that only the command itself knows
OWN: Final = (("--pairs", ("each",)),)
# Their values may begin with the name of a file or student, as in FILE=trec-run
BY_NAME: Final = ("--format", "--missing-value", "--run-tag")
OUT: Final = "--out"
# Options of some command that begin one of the others
OTHERS: Final = ("--run", "--target")
AGAIN: Final = "--force"  # is for the folder that was given
NO_FOLDER: Final = "DIR"


def following(line: str, command: str, suffix: str, *settings: Given) -> str:
    """Another command on the files and settings of a command line.

    Parameters
    ----------
    line : str
        As results record it; empty for a call from Python.
    command : {"measure", "validate", "sample"}
    suffix : str
        Ends the name of the folder for its results; see `beside`.
    *settings : (str, tuple of str)
        Options in place of those of the line, each with its values. A setting of
        `OUT` is a file or folder in place of the one with the suffix.

    Returns
    -------
    str
        Quoted for a shell.

    Examples
    --------
    >>> line = "rankbound compare --teacher 't 1.run' --groups a=a.tsv b=b.tsv --out o"
    >>> following(line, "measure", "measured", ("--groups", ("b.tsv",)))
    "rankbound measure --teacher 't 1.run' --groups b.tsv --out o-measured"
    >>> following("", "validate", "validated")
    'rankbound validate --teacher FILE --qrels FILE --out DIR'
    """
    said = [option for option, _ in settings]
    held = [
        given
        for given in _given(line)
        if given[0] in TAKEN[command] and given[0] not in said and given not in OWN
    ]
    known = {option for option, _ in held} | {*said}
    held = [one for one in NEEDED[command] if one[0] not in known] + held
    held += [one for one in settings if one[0] != OUT]
    out = dict(settings).get(OUT) or (beside(folder_of(line), suffix),)
    return _joined(command, [*_named(held), (OUT, out)])


def again(line: str, suffix: str, *settings: Given) -> str:
    """The same command with other settings, into another folder.

    Parameters are those of `following`.

    Examples
    --------
    >>> again("rankbound measure --teacher t.run --out .", "fit", ("--temperature",
    ...     ("fit",)))
    'rankbound measure --teacher t.run --temperature fit --out fit'
    """
    said = (OUT, AGAIN, *(option for option, _ in settings))
    held = [one for one in _given(line) if one[0] not in said]
    out = (OUT, (beside(folder_of(line), suffix),))
    return _joined(_words(line)[1], [*held, *settings, out])


def power_of(folder: str, margin: str) -> str:
    """How many queries a margin needs, by the results in a folder.

    Examples
    --------
    >>> power_of("my results", "0.02")
    "rankbound power --from 'my results' --margin 0.02"
    """
    return shlex.join(["rankbound", "power", "--from", folder, "--margin", margin])


def given(line: str, option: str) -> tuple[str, ...]:
    """The values of an option; empty where the line does not have it.

    Examples
    --------
    >>> given("rankbound measure --teacher t.run", "--teacher")
    ('t.run',)
    """
    return tuple(
        one for name, values in _given(line) if name == option for one in values
    )


def folder_of(line: str) -> str:
    """The folder of the results of a command line; `NO_FOLDER` if it names none.

    Examples
    --------
    >>> folder_of("rankbound measure --teacher t.run --out 'my results'")
    'my results'
    """
    return (given(line, OUT) or (NO_FOLDER,))[-1]


def beside(folder: str, suffix: str) -> str:
    """A folder beside another one, or inside it where it has no name of its own.

    Examples
    --------
    >>> beside("out/results/", "fit"), beside("..", "fit"), beside(NO_FOLDER, "fit")
    ('out/results-fit', '../fit', 'DIR')
    """
    path = PurePath(folder)
    if folder == NO_FOLDER:
        return folder
    if path.name in ("", ".."):
        return str(path / suffix)
    return str(path.with_name(f"{path.name}-{suffix}"))


def _words(line: str) -> list[str]:
    return shlex.split(line)


def _given(line: str) -> Iterator[Given]:
    """The options of a line in order; one that is repeated comes several times."""
    name, values = "", []
    for word in _words(line)[2:]:
        if not word.startswith("--"):
            values.append(word)
            continue
        if name:
            yield name, tuple(values)
        option, sign, value = word.partition("=")
        name, values = _whole(option), [value] if sign else []
    if name:
        yield name, tuple(values)


def _whole(option: str) -> str:
    """An option of which the first letters were given, as the program allows."""
    known = {OUT, AGAIN, *OTHERS, *(one for taken in TAKEN.values() for one in taken)}
    longer = [one for one in known if one.startswith(option)]
    return longer[0] if len(longer) == 1 and option not in known else option


def _named(held: Sequence[Given]) -> Iterator[Given]:
    """Without what is said of files and students that the command is not given."""
    others = [one for option, values in held if option not in BY_NAME for one in values]
    names = {"teacher"}
    for word in others:
        name, _, file = word.partition("=")
        names |= {name, file, *(str(Path(one)) for one in (word, file) if one)}
    for option, values in held:
        kept = values
        if option in BY_NAME:
            kept = tuple(
                one for one in values if "=" not in one or {*_keys(one)} & names
            )
        if kept or not values:
            yield option, kept


def _keys(value: str) -> tuple[str, str]:
    name = value.rpartition("=")[0]
    return name, str(Path(name))


def _joined(command: str, held: Sequence[Given]) -> str:
    words = [word for option, values in held for word in (option, *values)]
    return shlex.join(["rankbound", command, *words])
