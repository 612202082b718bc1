import argparse
from pathlib import Path

import pytest

from rankbound.errors import UsageError
from rankbound.read.choosing import (
    add_format_option,
    check_files,
    chosen_formats,
    format_of,
)


def test_chosen_formats_hold_a_name_for_each_file():
    chosen = chosen_formats(["lookup", "a=b.txt=qrels", "./c=groups"])
    assert chosen == {"": "lookup", "a=b.txt": "qrels", "c": "groups"}
    assert chosen_formats([]) == {}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["x"], "no format is called 'x'; there are"),
        (["file=x"], "no format is called 'x'"),
        (["=qrels"], r"--format needs \[FILE=\]NAME, got '=qrels'"),
        (["qrels", "lookup"], "--format is given twice for the main file"),
        (["a=qrels", "./a=lookup"], "--format is given twice for a; give one"),
    ],
)
def test_chosen_formats_reject_other_texts(texts, message):
    with pytest.raises(UsageError, match=message):
        chosen_formats(texts)


def test_format_of_holds_the_files_own_before_the_main_ones():
    chosen = {"": "lookup", "a": "qrels"}
    main, other = Path("m"), Path("b")
    assert format_of(chosen, Path("a"), main=main) == "qrels"
    assert format_of(chosen, main, main=main) == "lookup"
    assert format_of(chosen, other, main=main) is None
    assert format_of({"": "lookup", "m": "qrels"}, main, main=main) == "qrels"
    assert format_of({}, main) is None


def test_check_files_reject_a_file_that_is_no_input():
    check_files({"": "lookup", "a": "qrels"}, [Path("a")])
    with pytest.raises(UsageError, match=r"b=qrels: no input file is called so; .* a"):
        check_files({"b": "qrels"}, [Path("a")])


def test_add_format_option_takes_several_in_one_or_more():
    parser = argparse.ArgumentParser()
    add_format_option(parser, main="FILE")
    assert parser.parse_args([]).format == []
    words = ["--format", "lookup", "a=qrels", "--format", "b=groups"]
    assert parser.parse_args(words).format == ["lookup", "a=qrels", "b=groups"]
    assert "the format of FILE" in " ".join(parser.format_help().split())
