from pathlib import Path

import pytest

from rankbound.commands.inspect.readiness import names_of, stem
from rankbound.commands.inspect.result import shown_names


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("bm25.run.gz", "bm25"),
        ("random.16.jsonl.gz", "random"),
        ("teacher.scores.json.gz", "teacher"),
        ("x.scores.parquet", "x"),
        ("run", "run"),
        (".run", ".run"),
        ("a=b.run", "a-b"),
        ("--x.run", "x"),
        ("v1.5.run", "v1"),
    ],
)
def test_stem_drops_what_only_says_the_format(name, short):
    assert stem(Path(name)) == short


def test_names_are_distinct_even_without_folders():
    paths = [Path("x.run"), Path("x.json"), Path("d/x.run"), Path("d/x.json")]
    names = names_of(paths)
    assert len(set(names)) == 4
    assert names == ["x", "x-2", "d-x", "d-x-2"]


def test_shown_names_are_as_short_as_can_be():
    paths = [Path("a/t/x"), Path("b/t/x"), Path("y")]
    assert list(shown_names(paths).values()) == ["a/t/x", "b/t/x", "y"]
