"""The command: files out or nothing, one line on a mistake."""

import subprocess
import sys
from pathlib import Path

import pytest

from rankbound.cli import main
from tests.rankbound.commands.compare.world import make


@pytest.fixture
def samplings(tmp_path):
    return make(tmp_path)


def test_files_out_and_exit_code(samplings, capsys):
    assert main(samplings.words()) == 0
    written = sorted(path.name for path in Path(samplings.path("out")).iterdir())
    assert written == ["comparison.json", "per_query.tsv"]
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("written: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--groups", "x=missing.jsonl"), "missing.jsonl: no such file"),
        (("--reference", "x"), "--reference 'x' is no sampling"),
        (("--quantity", "diameter"), "give --embeddings"),
        (("--quantity", "joy"), "--quantity is one of"),
        (("--margin", "-1"), "--margin must be a positive number"),
        (("--target", "missing.jsonl"), "missing.jsonl: no such file"),
        (("--temperature", "fit"), "give --qrels, or a number"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(samplings, capsys, words, message):
    assert main(samplings.words(*words)) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("rankbound: error: ")
    assert message in error
    assert not Path(samplings.path("out")).exists()


def test_one_sampling_is_no_comparison(samplings, capsys):
    assert main(samplings.words(names=("near",))) == 2
    assert "at least two samplings" in capsys.readouterr().err


def test_samplings_without_a_common_query_or_pair_are_named(samplings, capsys):
    near = samplings.groups["near"]
    samplings.write_groups("first", [g for g in near if g[0] < "q05"])
    samplings.write_groups("last", [g for g in near if g[0] > "q05"])
    assert main(samplings.words(names=("first", "last"))) == 2
    assert "'last' and 'first' have no query in common" in capsys.readouterr().err
    samplings.write_groups("pairs", [(q, docs[:2]) for q, docs in near])
    words = samplings.words("--pairs", "neg-neg", names=("near", "pairs"))
    assert main(words) == 2
    assert "nothing to compare" in capsys.readouterr().err


def test_help_names_the_verdicts_and_loads_nothing_heavy():
    check = (
        "import sys\nfrom rankbound.cli import main\n"
        "try:\n    main(['compare', '--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('scipy', 'statsmodels', 'numpy', 'rich') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )
    for word in ("different", "negligible", "equivalent", "inconclusive", "--controls"):
        assert word in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
