import argparse

import pytest

from rankbound.cli import validate_arguments as arguments

ADDERS = [getattr(arguments, name) for name in vars(arguments) if
          name in ("add_rankings", "add_datasets", "add_documents", "add_question",
                   "add_settings")]  # fmt: skip


def test_together_they_make_one_parser_with_defaults():
    parser = argparse.ArgumentParser()
    for add in ADDERS:
        add(parser)
    found = parser.parse_args(["--out", "o"])
    assert (found.delta, found.band, found.margin) == (0.05, 0.1, 0.02)
    assert (found.resamples, found.permutations, found.splits) == (2000, 9999, 20)
    assert (found.missing_queries, found.correction, found.pairs) == (
        "zero",
        "holm",
        "all",
    )
    assert len(ADDERS) == 5


@pytest.mark.parametrize("add", ADDERS)
def test_every_option_is_explained(add):
    parser = argparse.ArgumentParser()
    add(parser)
    assert all(action.help for action in parser._actions)
