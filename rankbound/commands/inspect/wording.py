"""Command lines that `inspect` proposes, word by word."""

from __future__ import annotations

from rankbound.commands.inspect.roles import Cast
from rankbound.commands.measure.options import MeasureOptions

Words = list[str]


def measure_words(options: MeasureOptions, cast: Cast) -> Words:
    """The whole command line of `measure` but for its folder."""
    words = ["rankbound", "measure", *teacher_words(options)]
    if options.groups is not None:
        words += ["--groups", str(options.groups)]
    runs = [one for one in options.students if one.scores is not None]
    if runs:
        words += ["--student", *(f"{one.name}={one.scores}" for one in runs)]
    encoders = [one for one in options.students if one.queries is not None]
    for one in encoders:
        words += ["--bi-encoder", f"{one.name}={one.queries}"]
        words += ["--query-ids", str(one.query_ids)]
    fitted = [one.name for one in options.students if one.temperature == "fit"]
    if fitted:
        words += ["--student-temperature", *(f"{name}=fit" for name in fitted)]
    return [*words, *file_words(options), *format_words(cast)]


def teacher_words(options: MeasureOptions) -> Words:
    """The teacher and its temperature."""
    words = ["--teacher", str(options.teacher)]
    return [*words, "--temperature", "fit"] if options.temperature == "fit" else words


def file_words(options: MeasureOptions) -> Words:
    """Vectors, judgements and what is done about missing scores."""
    words: Words = []
    if options.embeddings is not None:
        words += ["--embeddings", str(options.embeddings), "--ids", str(options.ids)]
    if options.qrels is not None:
        words += ["--qrels", str(options.qrels)]
    if options.missing is not None:
        words += ["--missing", options.missing]
    return words


def format_words(cast: Cast) -> Words:
    """The formats that the user had to name."""
    used = (cast.teacher, *cast.students, *cast.groups, cast.qrels, cast.documents)
    named = [f"{one.path}={one.given.asked}" for one in used if one and one.given.asked]
    return ["--format", *dict.fromkeys(named)] if named else []
