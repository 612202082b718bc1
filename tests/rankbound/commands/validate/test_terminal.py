import io

from rich.console import Console

from rankbound.commands.validate.account import account
from rankbound.terminal.validate import show


def shown(made):
    stream = io.StringIO()
    show(account(made), Console(file=stream, width=100, highlight=False))
    return stream.getvalue()


def test_the_text_says_what_was_found_and_what_could_be(validation):
    text = shown(validation)
    for part in (
        "toy, given: 30 judged queries",
        "mean effectiveness",
        "p (Holm)",
        "power: with",
        "too few configurations (2; 8 are needed",
        "control, shuffled entropies",
        "control, constant student",
        "0 of 4 rows can be tested",
        "locality and entropy (toy, given, strong)",
        "no kappa",
        "dropped:",
    ):
        assert part in text, part


def test_several_data_sets_are_told_apart(pooled):
    text = shown(pooled)
    assert "more, given: 24 judged queries" in text
    assert "(pooled)" in text
    assert "(average)" in text
