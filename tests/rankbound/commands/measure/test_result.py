"""The ledger: its keys, that JSON can hold it, and that it hides nothing."""

import copy
import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

import rankbound as rb
from rankbound.catalogue import COLUMNS
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.result import Ledger
from rankbound.commands.measure.run import measure_with
from rankbound.errors import FormatError
from rankbound.provenance import versions
from rankbound.rows import number_text
from rankbound.writing import json_text
from tests.rankbound.commands.measure.naive import write_groups

KEYS = {
    "schema", "unit", "n_queries", "delta", "trivial", "students", "teacher",
    "diameter", "dropped", "assumptions", "inputs", "command", "versions",
}  # fmt: skip
STUDENT = {
    "risk", "entropy", "divergence", "range", "limits", "upper", "vacuous",
    "dominating", "n_needed",
}  # fmt: skip
LIMITS = {"hoeffding", "kl", "empirical_bernstein", "betting", "split"}


def options(world, *names, temperature=1.0, **settings):
    return MeasureOptions(
        teacher=world.path("teacher.json.gz"), groups=world.path("groups.jsonl"),
        students=tuple(
            StudentSource(name, world.path(f"{name}.run"), temperature=temperature)
            for name in names
        ),
        command="rankbound measure ...", **settings,
    )  # fmt: skip


def made(world, *names, **settings):
    return measure_with(options(world, *names, **settings))


def test_ledger_has_the_keys_of_its_schema(world):
    found = json.loads(json_text(made(world, "strong", "gappy").to_dict()))
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
    found = json.loads(json_text(made(world).to_dict()))
    assert found["students"] == {}
    assert found["diameter"] == {
        "max": None,
        "quantile_99": None,
        "mean_distance": None,
    }
    teacher = found["teacher"]
    assert teacher["entropy_lower"] < teacher["entropy"] < teacher["entropy_upper"]
    assert teacher["entropy_floor"] <= teacher["entropy"]


def test_ledger_counts_what_was_dropped_for_whom(world):
    result = made(world, "gappy", unscored="drop")
    dropped = result.dropped
    assert dropped["groups_with_fewer_than_two_documents"] > 0
    assert dropped["gappy: documents_without_student_score"] > 0
    verdict = result.students["gappy"].verdict
    share = result.students["gappy"].missing_share
    assert f"{1 - share:.1%} of the documents that it scores" in verdict


def test_ledger_says_how_many_queries_each_part_had(world):
    found = made(world, "strong", temperature="fit", seed=3).calibration
    assert found.n_calibration > 0
    assert found.share == 0.2
    assert found.seed == 3
    assert made(world, "strong").calibration.n_calibration == 0


def test_ledger_marks_what_is_descriptive_and_what_is_reconstructed(world):
    result = made(
        world, "strong", embeddings=world.path("docs.npy"), ids=world.path("docs.txt")
    )
    assert result.diameter.status.startswith("descriptive")
    assert result.students["strong"].locality.status.startswith("descriptive")
    assert result.statements["paper"].startswith("reconstructed")
    assert any(line.startswith("A1' (enforced)") for line in result.assumptions)


def test_ledger_is_the_same_twice(world):
    first, second = (
        made(world, "strong", temperature="fit").to_files() for _ in range(2)
    )
    assert first == second


def test_json_text_rejects_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"risk": math.nan})


def test_ledger_hashes_every_input_once(world):
    found = {one.path: one.sha256 for one in made(world, "strong", "gappy").inputs}
    names = ("teacher.json.gz", "groups.jsonl", "strong.run", "gappy.run")
    assert found == {
        world.path(name): hashlib.sha256(
            Path(world.path(name)).read_bytes()
        ).hexdigest()
        for name in names
    }


def test_versions_name_the_packages_that_decide_the_digits():
    assert {"python", "rankbound", "numpy", "scipy"} <= versions().keys()


TABLED = ("strong", "gappy")


def rows(table):
    return [row for row in table if row["student"] == "gappy"]


def test_numbers_round_trip_in_full_precision(world):
    found = rows(made(world, *TABLED).beside["per_query"])
    terms = measured(options(world, *TABLED)).students[1].terms
    assert [float(row["risk_nats"]) for row in found] == terms.risk_nats.tolist()
    assert [float(row["n_docs"]) for row in found] == terms.n_docs.tolist()


def test_rows_are_sorted_by_qid_then_student(world):
    table = made(world, *TABLED).beside["per_query"]
    keys = [(row["qid"], row["student"]) for row in table]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_calibration_queries_are_in_a_table_of_their_own(world):
    assert "calibration" not in made(world, *TABLED).beside
    result = measure_with(
        replace(options(world, *TABLED, temperature="fit"), groups=None, depth=5)
    )
    table = result.beside["calibration"]
    assert table.names == ("qid", "student", *COLUMNS)
    aside, used = {*table.column("qid")}, {*result.beside["per_query"].column("qid")}
    assert len(aside) == result.calibration.n_calibration
    assert aside.isdisjoint(used)
    assert aside | used == set(world.teacher)


def test_number_text_is_repr():
    assert [number_text(x) for x in (16.0, 1 / 3, 1e300, -0.5)] == [
        "16", repr(1 / 3), "1e+300", "-0.5",
    ]  # fmt: skip


@pytest.fixture
def whole(world):
    """A ledger with every block that there is."""
    laws = {
        qid: dict.fromkeys(list(row)[:4], 0.25) for qid, row in world.teacher.items()
    }
    target = write_groups(world.folder / "target.jsonl", laws)
    return made(
        world, "strong", "gappy", temperature="fit", qrels=world.path("qrels.txt"),
        embeddings=world.path("docs.npy"), ids=world.path("docs.txt"),
        target_groups=target, compat="reference", missing="drop",
    )  # fmt: skip


def test_a_ledger_comes_back_from_its_folder_as_it_was(whole, tmp_path):
    path = whole.save(tmp_path / "out")
    again = Ledger.load(tmp_path / "out")
    assert again == whole == Ledger.load(path)
    assert {*again.beside} == {"per_query", "calibration", "compat"}
    assert again.to_files() == whole.to_files()
    assert again.students["gappy"].shift.missing_because
    assert again.students["strong"].shift.ratio is None  # infinite somewhere
    assert json.loads(path.read_text())["students"]["strong"]["shift"]["kappa"] is None


def test_saving_removes_tables_of_an_earlier_run(whole, world, tmp_path):
    whole.save(tmp_path / "out")
    made(world, "strong").save(tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"ledger.json", "per_query.tsv", "rankbound.manifest.json"}


def test_a_table_of_another_command_is_not_the_ledgers(whole, tmp_path):
    whole.save(tmp_path)
    (tmp_path / "per_query.tsv").write_text("qid\tsampling\tvalue\nq\ts\t1\n")
    assert "per_query" not in Ledger.load(tmp_path).beside
    (tmp_path / "per_query.tsv").write_text("qid\tstudent\tentropy_nats\nq\ts\tx\n")
    with pytest.raises(FormatError, match=r"per_query\.tsv:2: .*holds numbers"):
        Ledger.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["students"]["gappy"].pop("risk"), "students['gappy']"),
        (lambda c: c["teacher"].update(entropy="x"), "$.teacher.entropy"),
        (lambda c: c.update(schema="rankbound.ledger/9"), "'rankbound.ledger/9'"),
        (lambda c: c.update(students=[]), "$.students"),
    ],
)
def test_damage_is_told_with_its_place(whole, tmp_path, change, message):
    path = whole.save(tmp_path)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(FormatError) as caught:
        Ledger.load(path)
    assert message in str(caught.value)


def test_frames_and_latex(whole):
    frame = whole.to_frame()
    assert frame["student"].tolist() == ["strong", "gappy"]
    assert frame["risk"].tolist() == [s.risk for s in whole.students.values()]
    assert len(whole.to_frame("limits")) == 2 * len(LIMITS)
    assert whole.to_frame("per_query")["risk_nats"].dtype == float
    assert "gappy" in whole.to_latex()
    assert whole.to_latex("inputs").count("teacher") > 0


def test_an_unknown_student_is_an_error_that_names_the_students():
    queries = {f"q{n}": {"a": 2.0 + n / 9, "b": -1.0} for n in range(9)}
    ledger = rb.measure(queries, students={"same": queries})
    with pytest.raises(KeyError, match="'zz'; there are 'same'"):
        ledger.students["zz"]
    assert copy.copy(ledger).students.get("zz") is None


def test_a_ledger_without_inputs_is_shown(whole, tmp_path):
    path = whole.save(tmp_path / "ledger of before.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"inputs": []}))
    found = Ledger.load(path)
    assert "\nMeasurement: " in repr(found)
    assert "strong" in found._repr_html_()
    assert found.to_frame("inputs").empty
