import json
from pathlib import Path

import pytest

from rankbound.cli import main
from rankbound.cli.measure import options_of
from rankbound.drawing.results import find_results
from rankbound.errors import UsageError
from rankbound.page.queries import documents_of
from rankbound.page.report import write_report
from rankbound.page.sources import Sources
from tests.rankbound.files import project

WORDS = (
    "measure --teacher t.json --teacher-kind logit --groups g.jsonl --student s=s.run "
    "--student-kind logit --embeddings v.npy --ids v.ids --out out"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    project(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(WORDS.split()) == 0
    return tmp_path


def details(qids, **options):
    (result,) = find_results(Path("out"))
    return documents_of(result, Path("out"), qids, options_of=options_of, **options)


def teacher(qid):
    """The group of a query, its positive first and the others by id, with scores."""
    row = json.loads(Path("t.json").read_text())[qid]
    first, *others = [*row][:5]
    docs = [first, *sorted(others)]
    return docs, [row[docno] for docno in docs]


@pytest.mark.usefixtures("folder")
def test_a_query_has_its_documents_and_the_scores_of_the_files():
    found = details(["q3", "q1"])
    assert [*found.queries] == ["q3", "q1"]
    assert found.total == 12
    (group,) = found.queries["q3"]
    docs, values = teacher("q3")
    assert [*group.docs] == docs
    assert group.positive == (True, False, False, False, False)
    (result,) = find_results(Path("out"))
    scale = result.content.teacher.temperature
    assert group.teacher == pytest.approx([value / scale for value in values])


@pytest.mark.usefixtures("folder")
def test_student_scores_are_in_temperatures_and_within_the_range():
    (group,) = details(["q1"]).queries["q1"]
    lines = [line.split() for line in Path("s.run").read_text().splitlines()]
    scores = {words[2]: float(words[4]) for words in lines if words[0] == "q1"}
    (result,) = find_results(Path("out"))
    entry = result.content.students["s"]
    scaled = [scores[docno] / entry.temperature for docno in group.docs]
    least = max(scaled) - entry.range.B
    expected = [max(value, least) for value in scaled]
    assert group.students["s"] == pytest.approx(expected)


@pytest.mark.usefixtures("folder")
def test_distances_are_of_the_pairs_and_their_largest_is_the_diameter():
    (group,) = details(["q2"]).queries["q2"]
    assert len(group.distances) == 5 * 4 // 2
    (result,) = find_results(Path("out"))
    row = next(row for row in result.table if row["qid"] == "q2")
    assert max(group.distances) == pytest.approx(float(row["diameter"]), rel=1e-4)


@pytest.mark.usefixtures("folder")
def test_a_small_budget_keeps_the_first_queries():
    one = len(json.dumps([group.to_dict() for group in details(["q1"]).queries["q1"]]))
    assert [*details(["q1", "q2"], budget=one).queries] == ["q1"]
    assert details(["q1", "q2"], budget=one - 1).queries == {}


def test_inputs_are_found_from_the_folder_above_the_report(folder, monkeypatch):
    (result,) = find_results(Path("out"))
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    found = documents_of(result, folder / "out", ["q1"], options_of=options_of)
    assert "q1" in found.queries


@pytest.mark.usefixtures("folder")
def test_without_a_reader_of_commands_the_reason_says_so():
    (result,) = find_results(Path("out"))
    found = documents_of(result, Path("out"), ["q1"], options_of=None)
    assert found.queries is None
    assert "`rankbound report`" in found.missing


def test_a_changed_input_gives_the_reason_instead(folder):
    path = folder / "t.json"
    path.write_text(path.read_text() + "\n")
    found = details(["q1"])
    assert found.queries is None
    assert found.missing == "the input t.json has changed since the measurement"


def test_an_absent_input_gives_the_reason_instead(folder):
    (folder / "s.run").unlink()
    found = details(["q1"])
    assert found.queries is None
    assert found.missing.startswith("the input s.run no longer exists")


def texts(folder, **options):
    """What a report finds of texts, for the groups of its ledger."""
    material = write_report(
        folder / "out",
        folder / "page.html",
        force=True,
        options_of=options_of,
        sources=Sources(folder / "out", **options),
    )
    return material.texts


def corpus(path, ids, separator=None):
    """A file of texts in BEIR's form, or with tabs."""
    lines = [
        json.dumps({"_id": name, "title": "", "text": f"words of {name}"})
        if separator is None
        else f"{name}{separator}words of {name}"
        for name in ids
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_texts_beside_the_data_are_found_and_others_left_out(folder):
    docs, _ = teacher("q1")
    assert texts(folder).missing.startswith("no texts")
    corpus(folder / "corpus.jsonl", [*docs, "elsewhere"])
    corpus(folder / "queries.tsv", ["q1", "q99"], separator="\t")
    found = texts(folder)
    assert found.queries == {"q1": "words of q1"}
    assert set(docs) <= {*found.documents}
    assert "elsewhere" not in found.documents
    assert found.files == ("queries.tsv", "corpus.jsonl")
    assert "words of q1" in (folder / "page.html").read_text()


def test_texts_that_are_given_come_first_and_must_be_texts(folder):
    docs, _ = teacher("q1")
    corpus(folder / "corpus.jsonl", docs)
    other = folder / "other" / "passages.tsv"
    corpus(other, [f"{docs[0]}"], separator="\t")
    assert {*texts(folder, corpus=other).documents} == {docs[0]}
    with pytest.raises(UsageError, match="holds no texts"):
        texts(folder, corpus=folder / "t.json")
    with pytest.raises(UsageError, match="no such file"):
        texts(folder, queries=folder / "gone.tsv")


def test_inputs_that_moved_are_found_by_their_hashes(folder):
    away = folder / "elsewhere" / "deeper"
    away.mkdir(parents=True)
    for name in ("t.json", "g.jsonl", "s.run", "v.npy", "v.ids"):
        (folder / name).rename(away / name)
    (away / "s.run").rename(away / "renamed.run")
    (result,) = find_results(folder / "out")
    lost = documents_of(result, folder / "out", ["q1"], options_of=options_of)
    assert lost.missing.endswith(
        "no longer exists; --inputs names folders to look for it in"
    )
    where = Sources(folder / "out", inputs=(folder / "elsewhere",))
    found = documents_of(result, where, ["q1"], options_of=options_of)
    assert "q1" in found.queries
    (away / "renamed.run").write_text("q1 Q0 d1 1 1.0 x\n")
    again = Sources(folder / "out", inputs=(folder / "elsewhere",))
    assert documents_of(result, again, ["q1"], options_of=options_of).queries is None
