"""Every oddity that the real data's own README lists is found, with its counts."""

import json
import shlex

import pytest

from rankbound.cli import main
from rankbound.commands.inspect.result import Sizes
from rankbound.commands.inspect.run import inspect
from tests.rankbound.realdata import COLLECTIONS, DATA, SAMPLINGS, needs_data

pytestmark = [pytest.mark.realdata, needs_data]
RUNS = ("bm25", "lsa", "minilm", "random", "rrf", "teacher")
EQUAL_NEIGHBOURS = {
    "dl19": {"bm25": 0, "bm25_rm3": 0, "tasb": 6, "ada2": 0, "repllama": 40001}
    | {"splade_ed": 17},
    "vaswani": dict(zip(RUNS, (689, 24, 14, 0, 1095, 0), strict=True)),
    "cranfield-titles": dict(zip(RUNS, (1057, 47, 53, 12, 4762, 4), strict=True)),
}
JUDGED_AT_10 = {"bm25": 1.0, "bm25_rm3": 0.9884, "tasb": 0.9023, "ada2": 0.9140}
JUDGED_AT_10 |= {"splade_ed": 0.9256}
RAW_BITS = {"ada2": 1.0, "repllama": 1.0, "bm25_rm3": 0.974, "bm25": 0.820}
RAW_BITS |= {"tasb": 0.729, "splade_ed": 0.0}


def files(name):
    folder = DATA / name
    every = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path for path in every if "metrics" not in path.name]


@pytest.fixture(scope="module")
def inspections():
    """Each collection inspected once, with all its files."""
    return {name: inspect(*files(name)) for name in EQUAL_NEIGHBOURS}


@pytest.fixture(scope="module")
def facts(inspections):
    """Facts of a file by collection and the beginning of its name."""

    def found(name, start):
        rows = inspections[name].files
        return next(
            row for row in rows if row.path.removeprefix(f"{DATA / name}/") == start
        )

    return found


def finding(row, code):
    found = [one for one in row.findings if one.code == code]
    assert len(found) == 1, [one.code for one in row.findings]
    return found[0]


def joint(inspection, code):
    return [one for one in inspection.across.findings if one.code == code]


def test_every_file_is_read(inspections):
    for inspection in inspections.values():
        for row in inspection.files:
            assert row.format is not None, row
            assert row.parts, row.path


@pytest.mark.parametrize("name", EQUAL_NEIGHBOURS)
def test_equal_neighbours_are_those_of_the_readme(facts, name):
    for run, count in EQUAL_NEIGHBOURS[name].items():
        gz = ".gz" if name != "dl19" or run == "repllama" else ""
        row = facts(name, f"runs/{run}.run{gz}")
        assert row.scores.equal_neighbours == count, run


def test_ties_of_repllama(facts):
    row = facts("dl19", "runs/repllama.run.gz")
    found = finding(row, "ties")
    assert found.count == 40001
    assert found.severity == "warning"
    assert row.scores.neighbours == 42957
    assert row.scores.largest_tie == 348
    assert row.scores.decimals == 3


@pytest.mark.parametrize(("run", "count"), [("bm25", 574), ("bm25_rm3", 188)])
def test_pseudo_ties_of_the_engine(facts, run, count):
    row = facts("dl19", f"runs/{run}.run")
    assert row.scores.neighbours == 4257
    assert finding(row, "pseudo-ties").count == count


def test_scales_that_differ_by_five_orders(inspections):
    (found,) = joint(inspections["dl19"], "scales-differ")
    assert "5.1 orders of magnitude" in found.message
    assert found.files[1].endswith("splade_ed.run")


def test_entropies_of_raw_scores(facts):
    for run, bits in RAW_BITS.items():
        row = facts("dl19", f"runs/{run}.run{'.gz' if run == 'repllama' else ''}")
        assert row.scores.top_entropy_bits == pytest.approx(bits, abs=5e-4)


def test_depth_and_order_of_queries_of_repllama(inspections):
    (depths,) = joint(inspections["dl19"], "depths-differ")
    assert "100 in one file and at 1,000" in depths.message
    assert depths.files[1].endswith("repllama.run.gz")
    (order,) = joint(inspections["dl19"], "query-order-differs")
    assert [path.rsplit("/", 1)[1] for path in order.files] == ["repllama.run.gz"]


def test_second_column_and_tag(facts):
    assert "'Q0'" in finding(facts("dl19", "qrels.trec"), "iteration-column").message
    for run in ("ada2", "tasb"):
        row = facts("dl19", f"runs/{run}.run")
        assert "'rank'" in finding(row, "tag").message


def test_judged_share_of_the_best_ten(inspections):
    rows = inspections["dl19"].across.rows
    found = {
        row.left.rsplit("/", 1)[1].split(".")[0]: row.share
        for row in rows
        if row.code == "judged-at-10"
    }
    # Which of repllama's tied documents are among the ten depends on breaking ties
    assert found.pop("repllama") == pytest.approx(0.9233, abs=0.01)
    assert found == pytest.approx(JUDGED_AT_10, abs=5e-5)


def test_grades_of_judgements(facts):
    grades = facts("dl19", "qrels.trec").qrels.grades
    assert grades == {"0": 5158, "1": 1601, "2": 1804, "3": 697}


def test_duplicate_documents_of_vaswani(facts):
    texts = facts("vaswani", "corpus.jsonl")
    assert finding(texts, "duplicate-texts").count == 30
    assert texts.texts.equal_sets == 14
    vectors = facts("vaswani", "embeddings/minilm.corpus.npy")
    # Two of the thirty differ in the sixth decimal: near, and not equal
    assert finding(vectors, "equal-vectors").count == 28
    near = finding(vectors, "near-duplicate-vectors")
    assert near.count == 1
    assert near.example == "'1846' and '6344'"


def test_texts_of_vaswani(facts):
    corpus = facts("vaswani", "corpus.jsonl")
    finding(corpus, "no-titles")
    assert corpus.texts.shortest_words == 2
    assert finding(facts("vaswani", "queries.jsonl"), "upper-case").count == 93


def test_queries_with_one_relevant_document(facts):
    assert finding(facts("vaswani", "qrels.trec"), "one-relevant").count == 3
    all_of_them = facts("cranfield-titles", "qrels.trec")
    assert finding(all_of_them, "one-relevant").count == 1350


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_repeated_query_ids_in_groups(facts, sampling):
    row = facts("vaswani", f"train/{sampling}.16.jsonl.gz")
    assert (row.rows, row.queries) == (2083, 93)
    assert finding(row, "repeated-query-ids").count == 90  # three have one group
    single = facts("cranfield-titles", f"train/{sampling}.16.jsonl.gz")
    assert single.findings == ()


def test_empty_documents_of_cranfield(facts):
    texts = facts("cranfield-titles", "corpus.jsonl")
    assert finding(texts, "empty-texts").example == "'471', '995'"
    vectors = facts("cranfield-titles", "embeddings/minilm.corpus.npy")
    assert finding(vectors, "equal-vectors").example == "'471', '995'"


def test_short_rankings_of_cranfield(facts):
    row = facts("cranfield-titles", "runs/bm25.run.gz")
    assert row.rows == 134484
    found = finding(row, "short-rankings")
    assert found.count == 11
    assert row.group_sizes == Sizes(3, 100.0, 100)


def test_vectors_have_unit_length(facts):
    for name in COLLECTIONS:
        row = facts(name, "embeddings/minilm.corpus.npy")
        assert row.vectors.unit_share == 1
        assert row.vectors.dtype == "float16"
        assert max(abs(end - 1) for end in row.vectors.norms) < 1e-4


def test_relevant_documents_are_never_negatives(inspections):
    for name in COLLECTIONS:
        assert joint(inspections[name], "positives-among-negatives") == []
        rows = inspections[name].across.rows
        counts = [row.count for row in rows if row.code == "relevant-negatives"]
        assert counts == [0] * len(SAMPLINGS)


def test_the_teacher_s_run_is_recognised_as_its_copy(inspections):
    for name in COLLECTIONS:
        (found,) = joint(inspections[name], "same-scores")
        assert found.files[0].endswith("runs/teacher.run.gz")


@pytest.mark.parametrize("name", EQUAL_NEIGHBOURS)
def test_the_command_for_measure_runs(inspections, name, tmp_path, monkeypatch, capsys):
    verdict = inspections[name].ready.measure
    assert (verdict.ok, verdict.missing) == (True, ())
    words = shlex.split(verdict.command)
    assert words[:2] == ["rankbound", "measure"]
    monkeypatch.chdir(tmp_path)
    assert main(words[1:]) == 0
    assert capsys.readouterr().err == ""
    assert json.loads((tmp_path / "measured" / "ledger.json").read_text())["students"]


def test_the_command_for_compare_runs(inspections, tmp_path, monkeypatch, capsys):
    verdict = inspections["vaswani"].ready.compare
    assert verdict.ok
    words = shlex.split(verdict.command)
    monkeypatch.chdir(tmp_path)
    # The bootstrap only describes, and takes most of the time
    assert main([*words[1:], "--resamples", "0"]) == 0
    assert capsys.readouterr().err == ""
    assert (tmp_path / "compared" / "comparison.json").is_file()


def test_what_compare_would_need(inspections):
    assert inspections["cranfield-titles"].ready.compare.ok
    without = inspections["dl19"].ready.compare
    assert not without.ok
    assert "two samplings" in without.missing[0]
