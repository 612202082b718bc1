import json

import pandas as pd
import pytest

from rankbound.commands.validate.result import Validation
from rankbound.commands.validate.run import n_stages, validate_with
from rankbound.errors import FormatError
from rankbound.writing import json_text
from tests.rankbound.commands.validate.conftest import options_for
from tests.rankbound.files import written

KEYS = [
    *("schema", "family", "per_query", "configurations", "certificates"),
    *("configuration_values", "predictions", "dependence", "means", "equivalence"),
    *("controls", "datasets", "absent_terms", "dropped", "warnings", "definitions"),
    *("inputs", "command", "versions", "answers"),
]
# Rows of files that earlier versions wrote, by key
ROWS = {
    "configuration_values": [
        *("dataset", "sampling", "student", "n_terms", "n_held_out", "bound"),
        *("deviation", "locality", "entropy", "divergence", "negative_score"),
        *("group_size", "score_variance", "held-out risk", "nDCG@5", "AP"),
        "unscored_share",
    ],
    "means": ["dataset", "measure", "student", "loss", "n", "mean"],
    "equivalence": [
        *("dataset", "measure", "first", "second", "n", "difference", "lower", "upper"),
        *("effect_size", "p_holm", "margin", "smallest_margin", "n_for_margin"),
        *("verdict", "rule"),
    ],
}
CONTROLS = [
    [
        *("name", "n_tests", "n_families", "rate", "standard_error", "family_rate"),
        *("nominal", "passed", "lower", "upper", "family_lower", "family_upper"),
        "level",
    ],
    ["name", "n_rows", "n_tests", "associated", "passed"],
]


@pytest.fixture(scope="module")
def designed(toy, tmp_path_factory):
    """With a column of a user's own."""
    folder = tmp_path_factory.mktemp("designed")
    text = "student\tloss\nstrong\tkl\ngappy\tmse\nteacher\t-\n"
    return validate_with(options_for(toy, design=written(folder, text)))


def test_the_file_has_the_keys_that_it_had(validation, designed, pooled):
    for made in (validation, pooled, designed):
        read = json.loads(json_text(made.to_dict()))
        assert [*read] == KEYS
        assert read["schema"] == "rankbound.validation/1"
    for name, keys in ROWS.items():
        assert [*read[name][0]] == keys
    assert [[*row] for row in read["controls"][1:]] == CONTROLS


def test_what_is_saved_is_loaded(designed, pooled, tmp_path):
    for place, made in (("one", designed), ("two", pooled)):
        file = made.save(tmp_path / place)
        again = Validation.load(tmp_path / place)
        assert again == made
        assert again.to_files() == made.to_files()
        assert {path.name for path in file.parent.iterdir()} == {
            *("validation.json", "effectiveness.tsv", "tables.md", "tables.tex"),
            "rankbound.manifest.json",
        }
        assert [one.name for one in again.controls] == [*again.controls.names]
        assert again.controls["shuffled entropies"].n_families == 200
    assert again.means[0].factors == {}
    assert designed.means[1].factors == {"loss": "-"}


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        ("means", {"mean": "x"}, r"\$.means\[0\].mean: expected a number, got text"),
        (
            "means",
            {"loss": 1},
            r"\$.means\[0\]\['loss'\]: expected text, got a whole number",
        ),
        (
            "equivalence",
            {"verdict": "so so"},
            r"\$.equivalence\[0\].verdict: unknown value 'so so'",
        ),
        ("controls", {"n_tests": None}, r"\$.controls\[0\].n_tests: "),
        (
            "per_query",
            {"verdict": "so so"},
            r"\$.per_query\[0\]: a verdict must begin with .* got 'so so'",
        ),
        (
            "configurations",
            {"verdict": "so so"},
            r"\$.configurations\[0\]: a verdict must begin with .* got 'so so'",
        ),
    ],
)
def test_a_damaged_file_is_told_with_the_place(
    designed, tmp_path, key, change, message
):
    content = designed.to_dict()
    content[key] = [dict(content[key][0]) | change]
    path = written(tmp_path, json.dumps(content), "validation.json")
    with pytest.raises(FormatError, match=message):
        Validation.load(path)


def test_the_family_says_how_errors_are_controlled(validation):
    family = validation.family
    assert family.n_tests == 64
    assert (family.correction, family.named_after) == ("holm", "Holm")
    assert family.seed == 0
    assert family.configurations.needed == 8
    assert family.equivalence.n_tests == 6


def test_inputs_are_hashed_once_each(validation, toy):
    paths = [row.path for row in validation.inputs]
    assert len(paths) == len(set(paths)) == 7
    assert toy.path("qrels.txt") in paths
    assert all(len(row.sha256) == 64 for row in validation.inputs)


def test_what_is_missing_is_told(validation):
    dropped = validation.dropped
    assert dropped["toy, given: gappy: documents_without_student_score"] > 0
    assert set(validation.absent_terms) == {"kappa"}


@pytest.mark.parametrize(
    "name",
    [
        "per_query",
        "effectiveness",
        "configurations",
        "configuration_values",
        "predictions",
        "certificates",
        "dependence",
        "means",
        "equivalence",
        "controls",
    ],
)
def test_each_table_is_one_call(validation, name):
    frame = validation.to_frame(name)
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) > 0
    rows = validation.to_dict().get(name)
    if name not in ("effectiveness", "controls"):
        # A key that has its default is not in the file
        flat = [key for key, held in rows[0].items() if not isinstance(held, dict)]
        assert [c for c in frame.columns if c in rows[0]] == flat
    assert name == "effectiveness" or validation.to_latex(name)


def test_effectiveness_is_a_long_table(validation, found):
    text = validation.to_files()["effectiveness.tsv"]
    rows = [line.split("\t") for line in text.splitlines()]
    assert rows[0] == ["dataset", "student", "qid", "measure", "value"]
    assert len(rows) == 1 + 3 * 30 * 2
    values = [float(row[4]) for row in rows[1:]]
    assert values == validation.to_frame("effectiveness")["value"].tolist()
    systems = found.judged["toy"].systems.values()
    assert values == [v for one in systems for v in one.values.ravel().tolist()]


def test_the_same_options_give_the_same_bytes(validation, toy):
    stages = []
    options = options_for(toy)
    again = validate_with(options, progress=stages.append)
    assert again.to_files() == validation.to_files()
    assert len(stages) == n_stages(options.cases)


def test_another_seed_gives_other_draws_and_the_same_coefficients(validation, toy):
    other = validate_with(options_for(toy, seed=1))
    first, second = (v.to_frame() for v in (validation, other))
    assert first["spearman"].tolist() == second["spearman"].tolist()
    assert first["lower"].tolist() != second["lower"].tolist()


def test_a_score_file_that_stands_for_a_ranking_is_warned_of(validation):
    wanted = "give the ranking that it retrieved, named 'teacher', in {}"
    assert any(wanted.format("`rankings`") in text for text in validation.warnings)
    told = validation.in_options().warnings
    assert any(wanted.format("--ranking") in text for text in told)
