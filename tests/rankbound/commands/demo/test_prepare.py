import gzip
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from threadpoolctl import threadpool_info

from rankbound.catalogue import SAMPLINGS
from rankbound.commands.demo.prepare import prepare
from tests.rankbound.commands.demo.conftest import FRESH

SCRIPT = """
import sys
from pathlib import Path
from rankbound.commands.demo.experiment import Sizes
from rankbound.commands.demo.prepare import prepare
sys.path.insert(0, sys.argv[1])
sizes = Sizes(documents=150, teacher_queries=40, student_queries=60,
              heldout_queries=30, dimensions=12)
prepare(Path(sys.argv[2]), seed=int(sys.argv[3]), progress=len,
        packages=("invented_package",), fresh=("invented_fresh",), sizes=sizes)
"""


@pytest.fixture(scope="module")
def demo(package_folder, sizes, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(package_folder)
        return prepare(
            tmp_path_factory.mktemp("demo") / "out",
            seed=3,
            progress=len,
            packages=("invented_package", "no_such_package"),
            fresh=("invented_fresh", "no_such_package"),
            sizes=sizes,
        )


def read_json_lines(path):
    text = path.read_bytes()
    if path.suffix == ".gz":
        text = gzip.decompress(text)
    return [json.loads(line) for line in text.decode().splitlines()]


def read_run(path):
    run = {}
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        qid, _, docno, rank, score, _ = line.split(" ")
        run.setdefault(qid, []).append((int(rank), float(score), docno))
    return run


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_prepare_names_every_file_it_writes(demo):
    named = {
        demo.corpus,
        demo.query_texts,
        demo.qrels,
        demo.teacher,
        demo.corpus_vectors,
        demo.corpus_ids,
        demo.query_ids,
    }
    for paths in (demo.runs, demo.query_vectors):
        named |= set(paths.values())
    assert named == set(contents(demo.root))
    assert len(named) == 20
    # These are left to `sample`
    assert demo.groups == {s: f"groups/{s}.16.jsonl.gz" for s in SAMPLINGS}
    assert not list((demo.root / "groups").iterdir())


def test_prepare_counts_what_it_wrote(demo):
    assert demo.packages == ("invented_package",)
    assert (demo.fresh, demo.n_fresh) == (("invented_fresh",), 45)
    assert demo.n_documents == len(read_json_lines(demo.root / demo.corpus)) == 150
    assert demo.n_queries == {"teacher": 40, "student": 60, "heldout": 30}
    lookup = json.loads(gzip.decompress((demo.root / demo.teacher).read_bytes()))
    assert demo.n_teacher_scores == sum(map(len, lookup.values()))


def test_prepare_keeps_the_splits_apart(demo):
    queries = read_json_lines(demo.root / demo.query_texts)
    split = {row["_id"]: row["metadata"]["split"] for row in queries}
    assert len(split) == len({row["text"] for row in queries}) == 130
    heldout = {qid for qid, name in split.items() if name == "heldout"}
    assert set((demo.root / demo.query_ids).read_text().split()) == heldout
    judged = (demo.root / demo.qrels).read_text().splitlines()
    assert {line.split()[0] for line in judged} == heldout
    lookup = json.loads(gzip.decompress((demo.root / demo.teacher).read_bytes()))
    assert set(lookup) == heldout
    for path in demo.runs.values():
        assert set(read_run(demo.root / path)) <= heldout


def test_prepare_seeks_the_document_that_the_query_was_cut_from(demo):
    texts = {
        row["_id"]: row["text"] for row in read_json_lines(demo.root / demo.corpus)
    }
    queries = {
        row["_id"]: row["text"] for row in read_json_lines(demo.root / demo.query_texts)
    }
    shared = []
    for line in (demo.root / demo.qrels).read_text().splitlines():
        qid, zero, docno, grade = line.split(" ")
        assert (zero, grade) == ("0", "1")
        assert queries[qid] not in texts[docno]
        # Four of the five words of a summary are its body's topic.
        words = queries[qid].rstrip(".").split()
        shared.append(sum(word in texts[docno].split() for word in words))
    assert np.mean(shared) > 3


def test_prepare_writes_the_whole_pool_of_every_query(demo):
    lookup = json.loads(gzip.decompress((demo.root / demo.teacher).read_bytes()))
    runs = {name: read_run(demo.root / path) for name, path in demo.runs.items()}
    for line in (demo.root / demo.qrels).read_text().splitlines():
        qid, _, sought, _ = line.split(" ")
        found = {
            name: {docno for *_, docno in runs[name].get(qid, ())}
            for name in ("uniform", "bm25", "lsa", "teacher")
        }
        assert len(found["uniform"] - {sought}) == 15
        wanted = found["bm25"] | found["lsa"]
        assert set(lookup[qid]) == wanted | found["uniform"] | {sought}
        # The teacher's own ranking has nothing that was added for it
        assert found["teacher"] == wanted
        for _, score, docno in runs["teacher"][qid]:
            assert score == lookup[qid][docno]


def test_prepare_runs_are_ranked_and_start_at_one(demo):
    for name, path in demo.runs.items():
        for rows in read_run(demo.root / path).values():
            ranks, scores, docnos = zip(*rows, strict=True)
            assert ranks == tuple(range(1, len(rows) + 1))
            assert list(scores) == sorted(scores, reverse=True)
            assert len(set(docnos)) == len(docnos)
            assert len(docnos) <= 100 or name == "teacher"
            assert min(scores) > 0 or name not in ("bm25", "lsa", "rrf", "uniform")


def test_prepare_ranks_all_documents_by_each_student(demo):
    corpus = np.load(demo.root / demo.corpus_vectors).astype(float)
    names = (demo.root / demo.corpus_ids).read_text().split()
    qids = (demo.root / demo.query_ids).read_text().split()
    for sampling, name in demo.students.items():
        vectors = np.load(demo.root / demo.query_vectors[sampling]).astype(float)
        run = read_run(demo.root / demo.runs[name])
        for qid, vector in zip(qids, vectors, strict=True):
            scores = dict(zip(names, (corpus @ vector).tolist(), strict=True))
            best = sorted(scores.values(), reverse=True)[:100]
            assert_allclose([score for _, score, _ in run[qid]], best, atol=1e-9)
            for _, score, docno in run[qid]:
                assert score == pytest.approx(scores[docno], abs=1e-9)


def test_prepare_vectors_give_the_students_scores(demo, experiment):
    corpus = np.load(demo.root / demo.corpus_vectors)
    assert_allclose(np.linalg.norm(corpus, axis=1), 1, atol=1e-6)
    names = (demo.root / demo.corpus_ids).read_text().split()
    assert names == [document.docno for document in experiment.documents]
    heldout = experiment.plan.splits["heldout"]
    qids = (demo.root / demo.query_ids).read_text().split()
    assert qids == [experiment.plan.qids[query] for query in heldout]
    queries = experiment.retrieved.query_vectors[heldout].astype(float)
    for sampling, path in demo.query_vectors.items():
        vectors = np.load(demo.root / path)
        assert len(vectors) == len(qids)
        scores = queries @ experiment.students[sampling].weights @ corpus.T
        assert_allclose(vectors @ corpus.T, scores, atol=1e-4 * np.abs(scores).max())


def test_prepare_writes_the_same_bytes_in_another_process(
    demo, package_folder, tmp_path
):
    # Another order of sets and another number of threads must leave no trace.
    environment = {**os.environ, "PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SCRIPT, str(package_folder), str(tmp_path), "3"]
    subprocess.run(command, check=True, env=environment)
    ours, theirs = contents(demo.root), contents(tmp_path)
    assert list(ours) == list(theirs)
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_prepare_works_on_one_thread_and_gives_the_others_back(
    package, sizes, tmp_path
):
    def threads():
        return [pool["num_threads"] for pool in threadpool_info()]

    before, within = threads(), []
    prepare(
        tmp_path,
        seed=0,
        progress=lambda _stage: within.extend(threads()),
        packages=(package,),
        fresh=(FRESH,),
        sizes=sizes,
    )
    assert within
    assert set(within) == {1}
    assert threads() == before


def test_prepare_overwrites_an_earlier_run_and_follows_the_seed(
    demo, package, sizes, tmp_path
):
    given = {"packages": (package,), "fresh": (FRESH,), "sizes": sizes}
    prepare(tmp_path, seed=4, progress=len, **given)
    other = contents(tmp_path)
    ours = contents(demo.root)
    assert all(other[name] != ours[name] for name in ours)
    prepare(tmp_path, seed=3, progress=len, **given)
    assert contents(tmp_path) == ours
