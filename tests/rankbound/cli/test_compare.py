"""The command: arguments to options, files out or nothing, one line on a mistake."""

import subprocess
import sys
from pathlib import Path

import pytest

from rankbound.cli import main
from rankbound.cli.compare import options_from
from rankbound.cli.program import build_parser
from rankbound.errors import UsageError
from tests.rankbound.commands.compare.world import make


@pytest.fixture
def samplings(tmp_path):
    return make(tmp_path)


def test_files_out_and_exit_code(samplings, capsys):
    assert main(samplings.words()) == 0
    written = sorted(path.name for path in Path(samplings.path("out")).iterdir())
    assert written[:2] == ["comparison.json", "comparison.per_query.tsv"]
    assert written[2:] == ["rankbound.manifest.json"]
    told = capsys.readouterr().out.splitlines()
    [at] = [n for n, line in enumerate(told) if line.startswith("written: ")]
    assert all(line.startswith("  ") for line in told[at + 1 :])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--groups", "x=missing.jsonl"), "missing.jsonl: no such file"),
        (
            ("--reference", "x"),
            "--reference must name a sampling (near, far, odd), got 'x'",
        ),
        (("--quantity", "diameter"), "give --embeddings"),
        (("--quantity", "joy"), "--quantity must be among"),
        (("--margin", "-1"), "--margin must be a positive number"),
        (("--target", "missing.jsonl"), "missing.jsonl: no such file"),
        (("--temperature", "fit"), "give --temperature a number"),
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


START = (
    "compare",
    "--teacher",
    "t",
    "--out",
    "o",
    "--groups",
    "a=x.jsonl",
    "b=y.jsonl",
)


def options(*words):
    return options_from(build_parser().parse_args([*START, *words]), "rankbound ...")


def test_defaults():
    made = options()
    assert made.groups == (("a", Path("x.jsonl")), ("b", Path("y.jsonl")))
    assert made.quantities == ("entropy",)
    assert made.pairs == "each"
    assert made.margins == {}
    assert made.delta == 0.05
    assert made.command == "rankbound ..."


def test_everything_arrives():
    made = options(
        "--groups", "c=z=1", "--reference", "b", "--quantity", "ties", "margin",
        "--pairs", "pos-neg", "--margin", "ties=0.1", "margin=2", "--delta", "0.1",
        "--target", "T", "--controls", "--missing", "drop", "--seed", "7",
        "--temperature", "2", "--qrels", "Q", "--resamples", "100",
        "--embeddings", "E", "--ids", "I", "--metric", "angular", "--score-range", "4",
    )  # fmt: skip
    assert made.groups[2] == ("c", Path("z=1"))
    assert made.baseline == "b"
    assert made.margins == {"ties": 0.1, "margin": 2.0}
    assert (made.target, made.qrels) == (Path("T"), Path("Q"))
    assert (made.controls, made.missing, made.seed) == (True, "drop", 7)
    assert (made.temperature, made.resamples, made.score_range) == (2.0, 100, 4.0)
    assert (made.embeddings, made.ids, made.metric) == (
        Path("E"), Path("I"), "angular",
    )  # fmt: skip
    assert (made.delta, made.pairs) == (0.1, "pos-neg")


def test_a_plain_margin_is_that_of_the_only_quantity():
    assert options("--margin", "0.1").margins == {"entropy": 0.1}
    assert options("--quantity", "ties", "--margin", "0.1").margins == {"ties": 0.1}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--groups", "c"), "--groups needs NAME=FILE, got 'c'"),
        (
            ("--quantity", "ties", "margin", "--margin", "0.1"),
            "--margin 0.1: there are 2 quantities of different units; say which, as "
            "in --margin ties=0.1",
        ),
        (("--margin", "0.1", "entropy=0.2"), "--margin is given twice for 'entropy'"),
        (("--margin", "wide"), "--margin must be a positive number, got 'wide'"),
        (
            ("--margin", "ties=0.1"),
            "`margins` has an entry for 'ties'",
        ),
        (("--temperature", "warm"), "--temperature must be a positive number"),
        (("--student-kind", "dot"), "--student-kind is given, but no student"),
    ],
)
def test_mistakes_name_their_option(words, message):
    with pytest.raises(UsageError) as caught:
        options(*words)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
