import json
import math

import numpy as np
import pytest

from rankbound.cli import main
from tests.rankbound.files import lookup, npy, packed, project, run_text, written

ALONE = ("--teacher", "t.json", "--groups", "g.jsonl")
RUN = (*ALONE, "--student", "s=s.run")
VECTORS = ("--embeddings", "v.npy", "--ids", "v.ids")
ENCODER = (*VECTORS, "--bi-encoder", "e=q.npy", "--query-ids", "q.ids")
SCALED = ("--student-temperature", "e=1")
FULL = (*RUN, *ENCODER, *SCALED, "--qrels", "judged.qrels")
COLUMNS = (
    "qid student n_docs n_pairs entropy_nats entropy_bits divergence_nats risk_nats "
    "diameter mean_distance teacher_range student_range"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project in the working folder, so that messages hold short paths."""
    project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def measure(folder, capsys):
    """Run the command on good input in the folder and give what it printed."""
    assert folder.joinpath("t.json").exists()

    def run(*words, out="out"):
        code = main(["measure", *words, "--out", out])
        shown, errors = capsys.readouterr()
        assert (code, errors) == (0, "")
        return shown

    return run


@pytest.fixture
def fails(folder, capsys):
    """Run the command on bad input and give its one line of explanation."""

    def run(*words, out="out"):
        before = contents(folder)
        code = main(["measure", *words, "--out", out])
        shown, errors = capsys.readouterr()
        assert (code, shown) == (2, "")
        assert errors.startswith("rankbound: error: ")
        assert errors.count("\n") == 1
        assert contents(folder) == before
        return errors.removeprefix("rankbound: error: ").rstrip("\n")

    return run


def contents(folder):
    """Every path below a folder with its bytes; None for folders."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


def change(folder, name, old, new, *, line=None):
    """Replace text in one line of a file, or once in all of it."""
    path = folder / name
    lines = path.read_text().splitlines(keepends=True)
    for number, text in enumerate(lines, start=1):
        if line in (None, number) and old in text:
            lines[number - 1] = text.replace(old, new, 1)
            break
    else:
        raise AssertionError(name)
    path.write_text("".join(lines))


def rows(folder, name="per_query.tsv"):
    """The cells of a result table, without and with its header."""
    header, *body = folder.joinpath("out", name).read_text().splitlines()
    assert header == COLUMNS.replace(" ", "\t")
    return [dict(zip(header.split("\t"), r.split("\t"), strict=True)) for r in body]


def ledger(folder):
    return json.loads(folder.joinpath("out", "ledger.json").read_text())


# Well-formed input


def test_run_writes_both_files_and_nothing_else(folder, measure):
    before = contents(folder)
    shown = measure(*FULL)
    after = contents(folder)
    new = {name: content for name, content in after.items() if name not in before}
    files = {"per_query.tsv", "ledger.json", "rankbound.manifest.json"}
    assert set(new) == {"out", *(f"out/{name}" for name in files)}
    assert before.items() <= after.items()
    assert "written: out/per_query.tsv, out/ledger.json" in shown
    assert b"\r" not in new["out/per_query.tsv"]


def test_run_sorts_rows_by_query_and_student(folder, measure):
    measure(*RUN, "--student", "b=s.run", "--student", "A=t.json")
    found = [(row["qid"], row["student"]) for row in rows(folder)]
    qids = [f"q{n}" for n in range(1, 13)]
    assert found == sorted((qid, name) for qid in qids for name in ("s", "b", "A"))


def test_run_leaves_cells_blank_without_student_and_vectors(folder, measure):
    measure(*ALONE)
    found = rows(folder)
    assert len(found) == 12
    for row in found:
        blank = {name for name, cell in row.items() if cell == ""}
        assert blank == {
            *("student", "divergence_nats", "risk_nats", "student_range"),
            *("diameter", "mean_distance"),
        }
        assert (row["n_docs"], row["n_pairs"]) == ("5", "10")


def test_run_fills_every_cell_with_numbers_that_fit_each_other(folder, measure):
    measure(*FULL)
    for row in rows(folder):
        values = {name: float(row[name]) for name in COLUMNS.split()[2:]}
        assert all(math.isfinite(value) and value >= 0 for value in values.values())
        parts = values["entropy_nats"] + values["divergence_nats"]
        np.testing.assert_allclose(values["risk_nats"], parts, rtol=1e-12)
        bits = values["entropy_nats"] / math.log(2)
        np.testing.assert_allclose(values["entropy_bits"], bits, rtol=1e-12)
        assert values["mean_distance"] <= values["diameter"]


def test_run_writes_a_ledger_with_its_keys(folder, measure):
    measure(*FULL)
    account = ledger(folder)
    assert set(account) == {
        *("schema", "unit", "n_queries", "delta", "trivial", "students", "teacher"),
        *("diameter", "calibration", "pairs", "groups", "definitions"),
        *("dropped", "repairs", "warnings", "assumptions"),
        *("statements", "inputs", "command", "versions", "ranking", "near_copies"),
        "answers",
    }
    assert account["schema"] == "rankbound.ledger/1"
    assert account["n_queries"] == 12
    assert set(account["students"]) == {"s", "e"}
    assert {"risk", "upper", "method", "vacuous", "verdict", "limits"} <= set(
        account["students"]["s"]
    )
    assert account["calibration"]["n_calibration"] == 0
    assert [one["path"] for one in account["inputs"]] == [
        *("t.json", "g.jsonl", "judged.qrels", "v.npy", "v.ids", "s.run"),
        *("q.npy", "q.ids"),
    ]
    assert account["command"].startswith("rankbound measure --teacher t.json --groups")


def test_run_agrees_with_its_own_table(folder, measure):
    measure(*RUN)
    risks = [float(row["risk_nats"]) for row in rows(folder)]
    found = ledger(folder)["students"]["s"]
    np.testing.assert_allclose(found["risk"], np.mean(risks), rtol=1e-12)
    assert found["upper"] >= found["risk"]


def test_run_gives_the_same_bytes_twice(folder, measure):
    words = (*FULL, "--student-temperature", "s=fit", "--seed", "3")
    shown = measure(*words)
    first = contents(folder)
    assert "out/calibration.tsv" in first
    assert measure(*words) == shown
    assert contents(folder) == first


def test_run_gives_the_same_table_for_packed_and_shuffled_input(folder, measure):
    measure(*RUN)
    first = contents(folder)["out/per_query.tsv"]
    lines = folder.joinpath("s.run").read_text().splitlines(keepends=True)
    written(folder, packed("".join(reversed(lines))), "s.run")
    teacher = json.loads(folder.joinpath("t.json").read_text())
    written(folder, run_text(teacher), "t.json")
    written(folder, packed(folder.joinpath("g.jsonl").read_text()), "g.jsonl")
    measure(*RUN)
    assert contents(folder)["out/per_query.tsv"] == first


def test_run_removes_the_calibration_of_an_earlier_run(folder, measure):
    written(folder, "mine", "notes")
    measure(*RUN, "--student-temperature", "fit")
    assert len(rows(folder)) + len(rows(folder, "calibration.tsv")) == 12
    folder.joinpath("out", "notes").write_text("mine")
    measure(*RUN)
    names = {path.name for path in folder.joinpath("out").iterdir()}
    ours = {"per_query.tsv", "ledger.json", "rankbound.manifest.json"}
    assert names == {*ours, "notes"}


def test_run_fits_the_teacher_on_judgements(folder, measure):
    measure(*ALONE, "--temperature", "fit", "--qrels", "judged.qrels")
    account = ledger(folder)
    assert account["teacher"]["temperature"] > 0
    assert account["calibration"]["n_calibration"] == 2
    assert account["n_queries"] == len(rows(folder)) == 10


@pytest.mark.parametrize("settings", [("2", "s=3"), ("s=3", "2")])
def test_run_prefers_what_is_said_of_one_student(folder, measure, settings):
    words = [f"--student-temperature={setting}" for setting in settings]
    measure(*RUN, "--student", "b=s.run", *words, "--student-kind", "b=dot")
    students = ledger(folder)["students"]
    assert (students["s"]["temperature"], students["b"]["temperature"]) == (3, 2)
    assert (students["s"]["kind"], students["b"]["kind"]) == ("logit", "dot")


@pytest.mark.parametrize("pairs", ["pos-neg", "neg-neg"])
def test_run_takes_positives_from_groups_or_judgements(folder, measure, pairs):
    wanted = {"pos-neg": "4", "neg-neg": "6"}[pairs]
    measure(*RUN, "--pairs", pairs)
    assert {row["n_pairs"] for row in rows(folder)} == {wanted}
    judged = ("--qrels", "judged.qrels", "--depth", "8")
    measure("--teacher", "t.json", *judged, "--pairs", pairs)
    wanted = {"pos-neg": "15", "neg-neg": "10"}[pairs]
    assert {row["n_pairs"] for row in rows(folder)} == {wanted}


def test_run_drops_and_counts_documents_without_a_score(folder, measure):
    change(folder, "g.jsonl", '"doc_id_b": ["', '"doc_id_b": ["unknown", "', line=3)
    measure(*ALONE, "--missing", "drop")
    assert ledger(folder)["dropped"] == {"documents_without_teacher_score": 1}
    assert {row["n_docs"] for row in rows(folder)} == {"5"}


def test_run_floors_a_students_gaps_unless_told_otherwise(folder, measure, fails):
    lines = folder.joinpath("s.run").read_text().splitlines(keepends=True)
    written(folder, "".join(lines[1:]), "s.run")
    measure(*RUN)
    student = ledger(folder)["students"]["s"]
    assert (student["dropped"], student["missing_share"]) == ({}, 1 / 60)
    measure(*RUN, "--unscored", "drop")
    dropped = ledger(folder)["students"]["s"]["dropped"]
    assert dropped == {"documents_without_student_score": 1}
    docno = lines[0].split()[2]
    message = fails(*RUN, "--unscored", "error", out="other")
    assert message.startswith(
        f"g.jsonl:1: student 's': document '{docno}' of query 'q1' has no score in "
    )
    assert "(1 of 60 group documents have none)" in message
    assert "--unscored floor" in message


def test_run_writes_into_folders_that_it_makes(folder, measure):
    measure(*ALONE, out="a/b/c")
    assert folder.joinpath("a", "b", "c", "ledger.json").exists()


# Malformed files: (file, content, start of the line)
BROKEN = [
    ("t.json", "", "t.json:1: the file is empty"),
    ("t.json", packed(""), "t.json:1: the file is empty"),
    ("t.json", packed("{}" * 99)[:-9], "t.json: the gzip data is truncated or dam"),
    ("t.json", '{"q1":\n{"d1": NaN}}', "t.json:2: the score of query 'q1', document"),
    ("t.json", '{"q1":\n{"d1": 1, "d1": 2}}', "t.json:2: key 'd1' occurs twice"),
    ("t.json", '{"q1": {"d1": 1},\n"q1": {}}', "t.json:2: key 'q1' occurs twice"),
    ("t.json", '{"q1": {"d1": 1},\n', "t.json:2: broken JSON: "),
    (
        "t.json",
        '{"q1": {"d1": 1' + "0" * 5000 + "}}",
        "t.json:1: a number of 5,001 digits",
    ),
    ("t.json", '{"q1": {"\\ud800": 1}}', "t.json:1: key '\\ud800' holds half"),
    ("t.json", '[{"q1": 1}]', "t.json:1: expected an object {qid: {docno: score}}"),
    ("s.run", "q1 Q0 d1 1 2 t\nq1 Q0 d2 1 2\n", "s.run:2: expected 6 columns (qid"),
    ("s.run", "q1 Q0 d1 1 nan t\n", "s.run:1: the score must be a finite number"),
    ("s.run", "q Q0 a 1 2 t\nq Q0 a 2 1 t\n", "s.run:2: document 'a' stands a second"),
    ("s.run", "q1 Q0 é 1 2 t\n".encode("latin-1"), "s.run:1: not UTF-8 text"),
    ("s.run", packed("q1 Q0 d1 1 2 t\n")[:-3], "s.run: the gzip data is truncated"),
    ("g.jsonl", "\n\n{\n", "g.jsonl:3: not a JSON object"),
    ("g.jsonl", '{"query_id": "q1"}', "g.jsonl:1: expected an object with query_id"),
    (
        "g.jsonl",
        '{"query_id": "q1", "doc_id_a": "d1", "doc_id_b": ["d1"]}',
        "g.jsonl:1: document 'd1' occurs twice in the group of query 'q1'",
    ),
    ("judged.qrels", "q1 0 d1 0.5\n", "judged.qrels:1: the grade must be a whole"),
    ("judged.qrels", "q1 d1\n", "judged.qrels:1: expected 4 columns"),
    ("v.npy", b"", "v.npy:1: the file is empty"),
    ("v.npy", npy(np.ones((30, 4)))[:-1], "v.npy: not a readable .npy array"),
    ("v.npy", npy(np.ones((30, 4), int)), "v.npy: expected a two-dimensional array"),
    ("v.npy", npy(np.ones(30)), "v.npy: expected a two-dimensional array"),
    ("v.npy", npy(np.ones((29, 4))), "v.ids:30: 30 ids for the 29 vectors of v.npy"),
    ("v.npy", b"PK\x03\x04", "v.npy:1: of no known format"),
    ("v.ids", "d1\nd1\n", "v.ids:2: id 'd1' occurs twice"),
    ("v.ids", "d1\n\n", "v.ids:2: a blank line"),
    ("q.ids", "q1\n", "q.ids:1: 1 ids for the 12 vectors of q.npy"),
    ("q.npy", npy(np.ones((12, 3))), "q.npy"),
]


@pytest.mark.parametrize(("name", "content", "start"), BROKEN)
def test_run_rejects_a_malformed_file_in_one_line(folder, fails, name, content, start):
    written(folder, content, name)
    message = fails(*FULL)
    assert message.startswith(start) or (start == "q.npy" and start in message)


@pytest.mark.parametrize("name", ["t.json", "s.run", "g.jsonl", "judged.qrels"])
@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_run_rejects_missing_files_and_folders(folder, fails, name, kind):
    folder.joinpath(name).unlink()
    if kind == "folder":
        folder.joinpath(name).mkdir()
    start = {"missing": "no such file", "folder": "is a directory"}[kind]
    assert fails(*FULL).startswith(f"{name}: {start}")


def test_run_keeps_an_earlier_result_when_it_fails(folder, measure, fails):
    measure(*RUN, "--student-temperature", "fit")
    change(folder, "s.run", " tag", "", line=50)
    assert fails(*RUN).startswith("s.run:50: expected 6 columns")
    assert fails(*ALONE, "--delta", "2")


# Ids that do not fit


def test_run_names_the_first_unscored_document_and_counts_all(folder, fails):
    for line in (3, 7):
        change(folder, "g.jsonl", '["d', '["x', line=line)
    message = fails(*RUN)
    first = json.loads(folder.joinpath("g.jsonl").read_text().splitlines()[2])
    docno = first["doc_id_b"][0]
    assert message == (
        f"g.jsonl:3: document '{docno}' of query 'q3' has no score in t.json (2 of 60 "
        "group documents have none); complete the file, or pass --missing drop to "
        "leave them out"
    )


def test_run_rejects_groups_whose_queries_are_all_unknown(folder, fails):
    text = folder.joinpath("g.jsonl").read_text().replace('"q', '"Q')
    written(folder, text.replace("Query_id", "query_id").replace("Q0", "q0"), "g.jsonl")
    message = fails(*RUN)
    assert message == (
        "g.jsonl:1: none of the queries of this file is in t.json; the ids look like "
        "'Q1' there and 'q1' here"
    )


def test_run_names_the_first_document_without_a_vector(folder, fails, measure):
    grouped = folder.joinpath("g.jsonl").read_text().splitlines()
    docno = json.loads(grouped[0])["doc_id_a"]
    count = sum(f'"{docno}"' in line for line in grouped)
    change(folder, "v.ids", f"{docno}\n", "other\n")
    message = fails(*RUN, *VECTORS)
    assert message.startswith(
        f"g.jsonl:1: document '{docno}' of query 'q1' has no vector in v.npy "
        f"(ids: v.ids) ({count} of 60 group documents have none)"
    )
    assert "--missing drop" in message
    measure(*RUN, *VECTORS, "--missing", "drop")
    assert ledger(folder)["dropped"]["documents_without_vector"] == count


def test_run_rejects_a_student_that_knows_no_document(folder, fails):
    text = folder.joinpath("s.run").read_text().replace(" d", " D")
    written(folder, text, "s.run")
    message = fails(*RUN)
    assert message.startswith("g.jsonl:1: student 's' scores no document of any group")
    assert "(60 of 60 group documents have none)" in message
    assert "do the ids agree?" in message


def test_run_rejects_a_bi_encoder_that_knows_no_query(folder, fails):
    text = folder.joinpath("q.ids").read_text().replace("q", "Q")
    written(folder, text, "q.ids")
    message = fails(*ALONE, *ENCODER, "--student-temperature", "1")
    assert message.startswith("g.jsonl:1: student 'e' scores no document of any group")


def test_run_drops_a_query_that_a_bi_encoder_does_not_know(folder, measure):
    change(folder, "q.ids", "q5\n", "Q5\n")
    measure(*ALONE, *ENCODER, *SCALED, "--unscored", "drop")
    dropped = ledger(folder)["students"]["e"]["dropped"]
    assert dropped["documents_without_student_score"] == 5
    assert dropped["queries_without_a_group"] == 1
    assert len(rows(folder)) == 11


def test_run_rejects_judgements_of_other_queries(folder, fails):
    text = folder.joinpath("judged.qrels").read_text().replace("q", "Q")
    written(folder, text, "judged.qrels")
    words = ("--teacher", "t.json", "--qrels", "judged.qrels")
    message = fails(*words, "--pairs", "pos-neg")
    assert message.startswith("judged.qrels: none of its queries is in t.json")
    message = fails(*words, "--temperature", "fit")
    assert message.startswith("--temperature fit: the 2 calibration queries have no")


def test_run_rejects_vectors_that_are_not_finite(folder, fails):
    first = json.loads(folder.joinpath("g.jsonl").read_text().splitlines()[0])
    row = int(first["doc_id_a"].removeprefix("d")) - 1
    vectors = np.ones((30, 4), np.float32)
    vectors[row, 1] = np.nan
    written(folder, npy(vectors), "v.npy")
    message = fails(*RUN, *VECTORS)
    start = (
        f"v.npy (ids: v.ids): the vector of 'd{row + 1}' (row {row}) holds a value that"
    )
    assert message.startswith(start)


# Options that make no sense


@pytest.mark.parametrize(
    ("words", "start", "remedy"),
    [
        ((*RUN, "--metric", "cosine"), "", "angular"),
        ((*RUN, "--metric", "manhattan"), "unknown metric 'manhattan'", "euclidean"),
        (("--teacher", "t.json", "--pairs", "pos-neg"), "--pairs pos-neg", "--qrels"),
        (("--teacher", "t.json", "--pairs", "neg-neg"), "--pairs neg-neg", "--groups"),
        ((*RUN, "--pairs", "some"), "--pairs is one of", "pos-neg"),
        ((*RUN, "--depth", "16"), "--groups and --depth exclude", "give one"),
        (
            ("--teacher", "t.json", "--temperature", "fit"),
            "--temperature fit chooses",
            "--qrels",
        ),
        ((*RUN, "--score-range", "0"), "--score-range must be a positive", "got 0.0"),
        ((*RUN, "--teacher-kind", "sigmoid"), "--teacher-kind must be one of", "logit"),
        ((*RUN, "--student-kind", "s=x"), "--student-kind must be one of", "got 'x'"),
        (
            (*RUN, "--student-kind", "r=dot"),
            "--student-kind r=dot: no student",
            "are s",
        ),
        ((*ALONE, "--student-kind", "dot"), "--student-kind is given, but no", ""),
        ((*RUN, "--student", "s=t.json"), "two students are called 's'", "rename"),
        (
            (*RUN, *VECTORS, "--bi-encoder", "s=q.npy", "--query-ids", "q.ids"),
            "two",
            "",
        ),
        ((*ALONE, "--student", "s.run"), "--student needs NAME=FILE", "'s.run'"),
        ((*ALONE, "--student", "=s.run"), "--student needs NAME=FILE", "'=s.run'"),
        ((*ALONE, "--student", "s="), "--student needs NAME=FILE", "'s='"),
        (
            (*ALONE, "--student", "a\tb=s.run"),
            "a student needs a name without",
            "a\\tb",
        ),
        ((*ALONE, "--bi-encoder", "q.npy"), "--bi-encoder needs NAME=FILE", ""),
        (
            (*ALONE, "--query-ids", "q.ids"),
            "--query-ids goes with --bi-encoder",
            "got 0 bi-encoders and 1 file",
        ),
        (
            (*ALONE, "--bi-encoder", "e=q.npy", "--query-ids", "q.ids"),
            "--bi-encoder scores by dot product",
            "give --embeddings",
        ),
        ((*ALONE, "--ids", "v.ids"), "--ids name the rows of --embeddings", ""),
        ((*ALONE, *ENCODER), "student 'e' holds dot scores", "--student-temperature"),
    ],
)
def test_run_rejects_options_with_a_reason(fails, words, start, remedy):
    message = fails(*words)
    assert message.startswith(start)
    assert remedy in message


@pytest.mark.parametrize("value", ["0", "warm", ""])
@pytest.mark.parametrize("option", ["--temperature", "--student-temperature"])
def test_run_rejects_temperatures_that_are_not_positive(fails, option, value):
    message = fails(*RUN, f"{option}={value}")
    assert message.startswith(f"{option} must be a positive number ")


def test_run_says_why_cosine_is_no_metric(fails):
    message = fails(*RUN, *VECTORS, "--metric", "cosine")
    assert "triangle" in message
    assert "angular" in message


def test_run_rejects_rank_only_scores_of_teacher_and_student(folder, fails):
    scores = json.loads(folder.joinpath("t.json").read_text())
    ranks = {
        qid: {docno: float(-place) for place, docno in enumerate(row)}
        for qid, row in scores.items()
    }
    written(folder, run_text(ranks), "ranks.run")
    message = fails(*ALONE, "--student", "r=ranks.run")
    assert message.startswith("ranks.run: rank-only scores are refused")
    words = ("--teacher", "ranks.run", "--groups", "g.jsonl")
    assert fails(*words).startswith("ranks.run: rank-only scores are refused")


def test_run_rejects_a_cosine_teacher_without_a_temperature(folder, fails, measure):
    scores = json.loads(folder.joinpath("t.json").read_text())
    cosines = {
        q: {d: math.tanh(s) for d, s in row.items()} for q, row in scores.items()
    }
    written(folder, lookup(cosines), "t.json")
    message = fails(*ALONE)
    assert message.startswith("t.json holds cosine scores")
    assert "give --temperature a number or 'fit'" in message
    measure(*ALONE, "--temperature", "0.05")
    assert ledger(folder)["teacher"]["kind"] == "cosine"


def test_run_rejects_probabilities_of_exactly_0_and_1(folder, fails):
    scores = json.loads(folder.joinpath("t.json").read_text())
    rounded = {
        q: {d: float(s > 0) for d, s in row.items()} for q, row in scores.items()
    }
    written(folder, lookup(rounded), "t.json")
    message = fails(*ALONE, "--teacher-kind", "probability")
    assert message.startswith(
        "t.json: 96 probabilities are not strictly between 0 and 1"
    )
    assert "query 'q1', document" in message
    assert "give the model's logits" in message


@pytest.mark.parametrize("out", ["t.json", "t.json/deeper"])
def test_run_rejects_a_file_as_its_folder(fails, out):
    assert fails(*RUN, out=out) == "t.json: is a file, and results need a folder"


def test_run_rejects_a_folder_without_permission(fails, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert fails(*RUN) == ".: no permission to write there"


def test_run_rejects_a_folder_in_the_place_of_a_result(folder, fails):
    folder.joinpath("out", "ledger.json").mkdir(parents=True)
    assert fails(*RUN).startswith("out/ledger.json: is a folder")


def test_run_leaves_nothing_of_a_run_that_is_interrupted(folder, monkeypatch, capsys):
    before = contents(folder)

    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("rankbound.commands.measure.run.ledger_of", interrupt)
    assert main(["measure", *RUN, "--out", "out"]) == 130
    assert capsys.readouterr().err.startswith("rankbound: interrupted")
    assert contents(folder) == before


def test_format_overrides_detection(folder, measure, fails):
    rows = "".join(f"q{q} d{d} {d}\n" for q in range(1, 13) for d in range(1, 9))
    written(folder, rows, "three")
    message = fails("--teacher", "three")
    assert "rank-only scores are refused" in message
    shown = measure(
        *("--teacher", "three", "--format", "scoreddocs", "--teacher-kind", "logit"),
        "--details",
    )
    assert "logit scores (as given)" in shown
    message = fails(*ALONE, "--format", "t.json=lookup", "g.jsonl=trec-run")
    assert message.startswith("g.jsonl:1: ")
    assert "no format is called 'x'" in fails(*ALONE, "--format", "x")
    assert "which is not an input file" in fails(*ALONE, "--format", "x=lookup")


def test_kinds_that_a_format_states_are_named_so(folder, fails):
    rows = "".join(f"q{q} d{d} {d}\n" for q in range(1, 13) for d in range(1, 9))
    written(folder, rows, "three")
    assert "three: rank-only scores are refused" in fails("--teacher", "three")


def test_the_ledger_counts_repairs_and_warns_of_notes(folder, measure):
    text = (folder / "s.run").read_text().replace("\n", "\r\n")
    written(folder, b"\xef\xbb\xbf\r\n" + text.encode(), "s.run")
    measure(*RUN)
    account = ledger(folder)
    lines = text.count("\n")
    assert account["repairs"] == {
        "s.run": {
            "byte order mark": 1,
            "CRLF line ends": lines + 1,
            "blank lines": 1,
        }
    }


def test_the_reference_numbers_stand_beside_ours(measure, folder):
    shown = measure(*FULL, "--compat", "reference", "--details")
    assert "the reference study's formulas" in shown
    lines = (folder / "out" / "compat.tsv").read_text().splitlines()
    assert lines[0] == "qid\tquantity\treference\tcorrected\tdifference\tunit\treason"
    quantities = [line.split("\t")[1] for line in lines if line.startswith("q1\t")]
    assert quantities == [
        "pairwise_entropy",
        "list_entropy",
        "list_entropy_nats",
        "list_divergence:s",
        "list_divergence:e",
        "diameter_95",
        "diameter_99",
        "cosine_diameter_95",
        "cosine_diameter_99",
        "kappa",
    ]
    ledger = json.loads((folder / "out" / "ledger.json").read_text())
    assert list(ledger["compat"]["quantities"]) == quantities
    row = ledger["compat"]["quantities"]["pairwise_entropy"]
    assert row["reference_mean"] == pytest.approx(row["corrected_mean"], abs=1e-9)
    measure(*FULL)  # an earlier run's table would no longer be true
    assert not (folder / "out" / "compat.tsv").exists()
    ledger = json.loads((folder / "out" / "ledger.json").read_text())
    assert "compat" not in ledger
