"""The ledger: its keys, that JSON can hold it, and that it hides nothing."""

import json
import math

import pytest

from rankbound.commands.measure.ledger import ledger
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure
from rankbound.writing import json_text

KEYS = {
    "schema", "unit", "n_queries", "delta", "trivial", "students", "teacher",
    "diameter", "dropped", "assumptions", "inputs", "command", "versions",
}  # fmt: skip
STUDENT = {
    "risk", "entropy", "divergence", "range", "limits", "upper", "vacuous",
    "dominating", "n_needed",
}  # fmt: skip
LIMITS = {"hoeffding", "kl", "empirical_bernstein", "betting", "split"}


def made(world, *names, temperature=1.0, **settings):
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"), groups=world.path("groups.jsonl"),
        students=tuple(
            StudentSource(name, world.path(f"{name}.run"), temperature=temperature)
            for name in names
        ),
        command="rankbound measure ...", **settings,
    )  # fmt: skip
    return measure(options)


def test_ledger_has_the_keys_of_its_schema(world):
    found = json.loads(json_text(ledger(made(world, "strong", "gappy"))))
    assert found.keys() >= KEYS
    assert (found["schema"], found["unit"]) == ("rankbound.ledger/1", "nats")
    assert found["trivial"] == math.log(2)
    assert found["teacher"].keys() >= {
        "entropy", "entropy_lower", "entropy_upper", "temperature", "kind",
    }  # fmt: skip
    assert found["diameter"].keys() >= {"max", "quantile_99", "mean_distance"}
    for student in found["students"].values():
        assert student.keys() >= STUDENT
        assert student["limits"].keys() == LIMITS
        assert student["range"].keys() >= {"B", "width", "source"}
        assert student["upper"] == student["limits"]["betting"]


def test_ledger_without_students_or_vectors_holds_null(world):
    found = json.loads(json_text(ledger(made(world))))
    assert found["students"] == {}
    assert found["diameter"] == {
        "max": None,
        "quantile_99": None,
        "mean_distance": None,
    }
    teacher = found["teacher"]
    assert teacher["entropy_lower"] < teacher["entropy"] < teacher["entropy_upper"]
    assert teacher["entropy_floor"] <= teacher["entropy"]


def test_ledger_paths_may_be_relative_to_a_folder(world):
    paths = [row["path"] for row in ledger(made(world), root=world.folder)["inputs"]]
    assert paths == ["teacher.json.gz", "groups.jsonl"]


def test_ledger_counts_what_was_dropped_for_whom(world):
    result = made(world, "gappy")
    dropped = ledger(result)["dropped"]
    assert dropped["groups_with_fewer_than_two_documents"] > 0
    assert dropped["gappy: documents_without_student_score"] > 0
    verdict = ledger(result)["students"]["gappy"]["verdict"]
    share = result.students[0].student.missing_share
    assert f"{1 - share:.1%} of the documents that it scores" in verdict


def test_ledger_says_how_many_queries_each_part_had(world):
    found = ledger(made(world, "strong", temperature="fit", seed=3))["calibration"]
    assert found["n_calibration"] > 0
    assert found["share"] == 0.2
    assert found["seed"] == 3
    assert ledger(made(world, "strong"))["calibration"]["n_calibration"] == 0


def test_ledger_marks_what_is_descriptive_and_what_is_reconstructed(world):
    result = made(
        world, "strong", embeddings=world.path("docs.npy"), ids=world.path("docs.txt")
    )
    found = ledger(result)
    assert found["diameter"]["status"].startswith("descriptive")
    assert found["students"]["strong"]["locality"]["status"].startswith("descriptive")
    assert found["statements"]["paper"].startswith("reconstructed")
    assert any(line.startswith("A1' (enforced)") for line in found["assumptions"])


def test_ledger_is_the_same_twice(world):
    first, second = (
        json_text(ledger(made(world, "strong", temperature="fit"))) for _ in range(2)
    )
    assert first == second


def test_json_text_rejects_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"risk": math.nan})
