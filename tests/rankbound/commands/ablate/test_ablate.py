"""`ablate` on a small world: losses by loops, measures by trec_eval, resumed cells."""

import gzip
import hashlib
import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import ir_measures
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kendalltau
from threadpoolctl import threadpool_limits

import rankbound as rb
from rankbound import training
from rankbound.bounds.betting import betting
from rankbound.cli import main
from rankbound.commands.ablate import (
    augmenting,
    costs,
    measuring,
    run,
    students,
    teaching,
)
from rankbound.commands.ablate.by_torch import train_by_torch
from rankbound.commands.ablate.collections import TEST, read_collection
from rankbound.commands.ablate.measuring import Bench, kendall, ranked
from rankbound.commands.ablate.result import KEY
from rankbound.commands.ablate.students import Lessons, distillation_loss
from rankbound.commands.ablate.teaching import retaught
from rankbound.commands.demo.models import pair_features
from rankbound.commands.demo.retrieval import retrieve
from rankbound.commands.validate.ablated import validate_ablation
from rankbound.data.draws import drawn_order
from rankbound.errors import FormatError, UsageError
from tests.rankbound.ablating import contents, table
from tests.rankbound.beir import N_QUERIES, world
from tests.rankbound.files import without_manifest

jax = pytest.importorskip("jax")
pytest.importorskip("bm25s")

ROOT = Path(__file__).parents[4]
GRID = {
    "samplings": ("random", "ensemble"),
    "losses": ("ranknet",),
    "seeds": 2,
    "group_size": 6,
}


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def softmax(row):
    exps = [math.exp(x) for x in row]
    return [x / sum(exps) for x in exps]


def loss_by_loops(name, student, teacher, temperature, own):
    """Mean over groups; nothing of ours."""
    total = 0.0
    for f, g in zip(student, teacher, strict=True):
        f, g = [x / own for x in f], [x / temperature for x in g]
        k = len(f)
        if name == "ranknet":
            values = [
                -sigmoid(g[i] - g[j]) * math.log(sigmoid(f[i] - f[j]))
                - sigmoid(g[j] - g[i]) * math.log(sigmoid(f[j] - f[i]))
                for i in range(k)
                for j in range(i)
            ]
        elif name == "marginmse":
            values = [((f[0] - f[i]) - (g[0] - g[i])) ** 2 for i in range(1, k)]
        elif name == "kl":
            pairs = zip(softmax(g), softmax(f), strict=True)
            values = [sum(p * math.log(p / q) for p, q in pairs)]
        else:
            values = [-math.log(softmax(f)[0])]
        total += sum(values) / len(values)
    return total / len(student)


TORCH = {
    "ranknet": training.PairwiseDistillLoss,
    "marginmse": training.MarginMSELoss,
    "kl": training.ListwiseDistillLoss,
    "lce": training.LCELoss,
}


@pytest.mark.parametrize("name", students.LOSSES)
def test_a_loss_and_its_gradient_are_those_of_loops_and_of_torch(name):
    rng = np.random.default_rng(1)
    student, teacher = rng.normal(size=(2, 3, 5)) * 2
    asked = {"temperature": 2.0, "student_temperature": 0.5}
    with jax.enable_x64(True):
        found = jax.jit(
            jax.value_and_grad(lambda f: distillation_loss(name, f, teacher, **asked))
        )
        value, slope = found(student)
        value, slope = float(value), np.asarray(slope)
    assert_allclose(value, loss_by_loops(name, student, teacher, 2.0, 0.5), rtol=1e-12)
    for place in np.ndindex(student.shape):
        step = np.zeros_like(student)
        step[place] = 1e-5
        ends = [
            loss_by_loops(name, student + s, teacher, 2.0, 0.5) for s in (step, -step)
        ]
        assert_allclose(slope[place], (ends[0] - ends[1]) / 2e-5, rtol=1e-6, atol=1e-9)
    tensor = torch.tensor(student, requires_grad=True)
    loss = TORCH[name](**asked)(tensor, torch.tensor(teacher))
    loss.backward()
    assert_allclose(value, loss.item(), rtol=1e-12)
    assert_allclose(slope, tensor.grad.numpy(), rtol=1e-9, atol=1e-13)


def test_training_takes_the_steps_of_adam_as_torch_has_it(monkeypatch):
    monkeypatch.setattr(students, "CHECKPOINTS", 2)
    monkeypatch.setattr(students, "STEPS", 3)
    monkeypatch.setattr(students, "BATCH", 4)
    rng = np.random.default_rng(2)
    vectors = [rng.normal(size=(n, 5)).astype(np.float32) for n in (9, 20)]
    rows, asked = rng.integers(9, size=(2, 7)), rng.integers(20, size=(2, 7, 4))
    lessons = Lessons(*vectors, rows, asked, rng.normal(size=(2, 7, 4)) * 3)
    made = students.train("bi", "kl", lessons, match=True)
    for seed in range(2):
        start = students.untrained("bi", lessons, seed=seed, match=True)
        form = torch.eye(5, requires_grad=True)
        adam = torch.optim.Adam([form], lr=students.RATES["bi"])
        queries, documents = map(torch.tensor, vectors)
        for checkpoint, steps in enumerate(students.batches(7, seed)):
            for batch in steps:
                adam.zero_grad()
                projected = queries[rows[seed][batch]] @ form
                of_group = documents[asked[seed][batch]]
                scores = start.scale * torch.einsum("nkd,nd->nk", of_group, projected)
                teacher = torch.tensor(lessons.teacher[seed][batch].astype(np.float32))
                training.ListwiseDistillLoss()(scores, teacher).backward()
                adam.step()
            found = made[seed][checkpoint].parameters["form"]
            assert_allclose(found, form.detach().numpy(), atol=2e-6)


@pytest.mark.parametrize(
    ("architecture", "loss"),
    [("bi", "ranknet"), ("bi-two-layer", "marginmse"), ("cross", "kl")],
)
def test_torch_trains_the_students_that_jax_trains(architecture, loss, monkeypatch):
    monkeypatch.setattr(students, "CHECKPOINTS", 2)
    monkeypatch.setattr(students, "STEPS", 12)
    monkeypatch.setattr(students, "BATCH", 4)
    rng = np.random.default_rng(6)
    queries, documents = (
        rng.normal(size=(n, 5)).astype(np.float32) / 2 for n in (9, 20)
    )
    rows, asked = rng.integers(9, size=(2, 7)), rng.integers(20, size=(2, 7, 4))
    lessons = Lessons(queries, documents, rows, asked, rng.normal(size=(2, 7, 4)) * 3)
    by_jax = students.train(architecture, loss, lessons, match=True)
    by_torch = train_by_torch(architecture, loss, lessons, match=True)
    for mine, theirs in zip(by_jax, by_torch, strict=True):
        for one, other in zip(mine, theirs, strict=True):
            assert one.scale == other.scale
            assert {*one.parameters} == {*other.parameters}
            for name, array in one.parameters.items():
                assert_allclose(other.parameters[name], array, atol=2e-5)
    moved = by_torch[0][1].parameters
    start = students.untrained(architecture, lessons, seed=0, match=True)
    assert any(
        np.abs(array - start.parameters[name]).max() > 5e-4
        for name, array in moved.items()
    )


def test_a_matched_student_starts_from_the_spread_of_the_teachers_margins():
    rng = np.random.default_rng(3)
    vectors = [rng.normal(size=(n, 4)).astype(np.float32) for n in (5, 9)]
    teacher = rng.normal(size=(1, 6, 3)) * 7
    lessons = Lessons(
        *vectors, rng.integers(5, size=(1, 6)), rng.integers(9, size=(1, 6, 3)), teacher
    )
    for architecture in students.ARCHITECTURES:
        spreads = {}
        for match in (True, False):
            start = students.untrained(architecture, lessons, seed=0, match=match)
            scores = start.scores(*vectors, lessons.rows[0], lessons.asked[0])
            spreads[match] = math.sqrt(
                np.mean(
                    [
                        (g[i] - g[j]) ** 2
                        for g in scores
                        for i in range(3)
                        for j in range(i)
                    ]
                )
            )
        wanted = math.sqrt(
            np.mean(
                [
                    (g[i] - g[j]) ** 2
                    for g in teacher[0]
                    for i in range(3)
                    for j in range(i)
                ]
            )
        )
        assert_allclose(spreads[True], wanted, rtol=1e-5)
        assert abs(spreads[False] / wanted - 1) > 0.01


def test_kendall_is_tau_b():
    rng = np.random.default_rng(4)
    for _ in range(20):
        one, other = rng.integers(4, size=(2, 9)).astype(float)
        assert_allclose(
            kendall(one, other), kendalltau(one, other).statistic, atol=1e-6
        )
    assert kendall(np.ones(3), np.arange(3.0)) == 0


def test_a_ranking_is_ordered_as_trec_eval_does_after_rounding():
    scores = np.array([[0.1234567, 5.0, 0.1234569, -np.inf, 1e-9, -123456.7]])
    found = ranked(scores, depth=5)
    assert found.codes.tolist() == [[1, 2, 0, 4, 5]]
    assert found.scores.tolist() == [[5.0, 0.123457, 0.123457, 1e-9, -123457.0]]
    assert ranked(np.full((1, 3), -np.inf)).codes.tolist() == [[-1, -1, -1]]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A world, and its ablation."""
    folder = tmp_path_factory.mktemp("ablate")
    place = world(folder / "world")
    patch = pytest.MonkeyPatch()
    # So few dimensions need larger steps
    patch.setattr(students, "RATES", {"bi": 1e-2, "cross": 1e-2})
    patch.setattr(run, "RATES", students.RATES)
    students._trainer.cache_clear()
    other = world(folder / "other", seed=6)
    found = rb.ablate([place], folder / "out", out_of_domain=[other], **GRID)
    yield folder, found
    patch.undo()
    students._trainer.cache_clear()


def shuffled_rows(place, rng):
    """Give the rows of every file of a collection another order."""
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        head, *lines = place.joinpath(name).read_text().splitlines()
        if name != "qrels/test.tsv":
            head, lines = None, [head, *lines]
        rng.shuffle(lines)
        text = "\n".join([*([] if head is None else [head]), *lines])
        place.joinpath(name).write_text(f"{text}\n")
    path = place / "teacher/teacher.scores.json.gz"
    with gzip.open(path, "rt") as stream:
        rows = [*json.load(stream).items()]
    rng.shuffle(rows)
    with gzip.open(path, "wt") as stream:
        json.dump({q: dict(reversed(row.items())) for q, row in rows}, stream)
    for name in ("corpus", "queries"):
        path = place / f"embeddings/own.{name}.npy"
        ids = path.with_suffix(".ids.txt")
        order = rng.permutation(len(ids.read_text().split()))
        np.save(path, np.load(path)[order])
        ids.write_text("\n".join(np.array(ids.read_text().split())[order]) + "\n")


def test_the_order_of_rows_changes_no_table_and_no_run(made):
    """Cells and the JSON file differ in seconds and in what depends on hashes."""
    folder, _ = made
    for name in ("world", "other"):
        shutil.copytree(folder / name, folder / "shuffled" / name)
        shuffled_rows(folder / "shuffled" / name, np.random.default_rng(1))
    place, other = folder / "shuffled/world", folder / "shuffled/other"
    rb.ablate([place], folder / "shuffled/out", out_of_domain=[other], **GRID)
    before, after = contents(folder / "out"), contents(folder / "shuffled/out")
    assert before.keys() == after.keys()
    tables = [name for name in before if not name.endswith(".json")]
    assert len(tables) > 8
    assert [name for name in tables if before[name] != after[name]] == []


def test_the_table_has_a_row_for_each_student_and_its_run_gives_its_measures(made):
    folder, found = made
    rows = table(folder / "out")
    assert len(rows) == 2 * (2 * 2 * 2)
    assert len({tuple(row[name] for name in KEY) for row in rows}) == len(rows)
    for domain, name in (("in", "world"), ("out", "other")):
        assert {r["collection"] for r in rows if r["domain"] == domain} == {name}
    judged = {
        name: list(ir_measures.read_trec_qrels(qrels(folder / name, found)))
        for name in ("world", "other")
    }
    measures = {"ndcg@10": "nDCG@10", "ap": "AP", "rr@10": "RR@10"}
    parsed = {name: ir_measures.parse_measure(m) for name, m in measures.items()}
    for row in rows:
        stem = ".".join(
            ["world", *(row[n] for n in ("architecture", "loss", "sampling", "seed"))]
        )
        stem += ".on.other" * (row["domain"] == "out")
        with gzip.open(folder / f"out/runs/{stem}.run.gz", "rt") as stream:
            ranking = [*ir_measures.read_trec_run(stream)]
        of = judged[row["collection"]]
        values = ir_measures.calc_aggregate(parsed.values(), of, ranking)
        for name, measure in parsed.items():
            assert_allclose(float(row[name]), values[measure], rtol=1e-9, err_msg=stem)
        parts = [float(row[name]) for name in ("entropy", "divergence", "risk")]
        assert_allclose(parts[0] + parts[1], parts[2], rtol=1e-9)
        assert float(row["upper_bound"]) > parts[2]
        assert row["vacuous"] == str(int(float(row["upper_bound"]) >= math.log(2)))
        assert 1 <= int(row["checkpoint"]) <= students.CHECKPOINTS


TAUGHT = {
    "samplings": ("random",),
    "architectures": ("bi",),
    "teachers": ("overconfident", "underconfident", "noisy", "stronger", "ensemble"),
    "augmentations": ("temperature",),
}


OUT_THERE = "out", "ranknet on random"


@pytest.fixture(scope="module")
def taught(made):
    """The ablation of the world, with other teachers, two of which lie in files."""
    folder, _ = made
    place = folder / "taught/world"
    shutil.copytree(folder / "world", place)
    (place / "teacher/members").mkdir()
    with gzip.open(place / "teacher/teacher.scores.json.gz", "rt") as stream:
        scores = json.load(stream)
    for number, (name, factor) in enumerate((("one", 0.5), ("two", -1.0))):
        member = {
            q: {d: factor * s + number for d, s in row.items()}
            for q, row in scores.items()
        }
        path = place / f"teacher/members/{name}.scores.json"
        path.write_text(json.dumps(member))
    found = rb.ablate(
        [place],
        folder / "taught/out",
        out_of_domain=[folder / "other"],
        **(GRID | TAUGHT),
    )
    return scores, place, found


def test_teachers_are_graded_and_the_grid_stays_as_it_is(made, taught):
    folder, found = made
    _, _, other = taught
    grid = [one for one in found.cells_of("world", "bi") if one.sampling == "random"]
    kept = [
        other.cells_of("world", "bi")[0].means[name] for name in ("ndcg@10", "risk")
    ]
    assert kept == [grid[0].means[name] for name in ("ndcg@10", "risk")]
    known = {one.teacher: one for one in other.teachers}
    assert [*known] == ["base", *TAUGHT["teachers"]]
    over, base, under = (
        known[name] for name in ("overconfident", "base", "underconfident")
    )
    assert over.ndcg == base.ndcg == under.ndcg
    assert over.entropy < base.entropy - 0.05 < under.entropy - 0.1
    assert known["noisy"].ndcg < base.ndcg - 0.05
    assert known["stronger"].ndcg >= base.ndcg
    rows = table(folder / "taught/out")
    # Out of domain there are the students of the grid alone
    assert len(rows) == 2 * (1 + 1 + 5 + 1)
    assert {
        (row["teacher"], row["augmentation"], row["collection"])
        for row in rows
        if row["domain"] == "out"
    } == {("base", "none", "other")}
    abroad = [
        [one.means for one in of.cells if (one.domain, one.label) == OUT_THERE]
        for of in (found, other)
    ]
    assert abroad[0][:1] == abroad[1]
    values = {}
    for row in rows:
        if row["domain"] == "in":
            key = row["teacher"], row["augmentation"]
            values.setdefault(key, []).append(float(row["ndcg@10"]))
    for arm in other.arms:
        assert arm.cell.domain == "in"
        of_arm = values[arm.teacher, arm.augmentation]
        gain = np.mean(of_arm) - np.mean(values["base", "none"])
        assert_allclose(arm.gain, gain, atol=1e-12)
        assert arm.lower < arm.gain < arm.upper
        assert arm.cell.means["entropy"].value == pytest.approx(
            known[arm.teacher].entropy, abs=1e-12
        )
        (name,) = {arm.teacher, arm.augmentation} - {"base", "none"}
        run = f"world.bi.ranknet.random.{name}.0.run.gz"
        assert (folder / "taught/out/runs" / run).is_file()
    claim = other.claims["moderate-teacher-entropy"]
    assert claim.evidence.startswith("2 differences: base less overconfident")
    # What reads the table asks about the grid alone
    checked = validate_ablation(folder / "taught/out", resamples=200, permutations=99)
    assert {one.student for one in checked.configuration_values} == {
        f"bi {one.label}" for one in other.cells
    }


def test_teachers_are_those_of_loops(taught):
    scores, place, _ = taught
    collection = read_collection(place, seed=0)

    def rows(name):
        return retaught(collection, name).pool.teacher.to_ranx_dict()

    kept = collection.pool.teacher.to_ranx_dict()
    values = [
        s - sum(row.values()) / len(row) for row in kept.values() for s in row.values()
    ]
    spread = math.sqrt(sum(v * v for v in values) / len(values))
    assert_allclose(teaching.spread(collection), spread, rtol=1e-12)
    judged = collection.pool.relevant.to_ranx_dict()
    made = {
        name: rows(name) for name in ("ensemble", "stronger", "overconfident", "noisy")
    }
    noise = []
    for qid, row in kept.items():
        for docno, value in row.items():
            assert value == scores[qid][docno]
            mean = (value + 0.5 * value + 1 - value) / 3
            assert_allclose(made["ensemble"][qid][docno], mean, atol=1e-12)
            bonus = 2 * spread * (judged.get(qid, {}).get(docno, 0) >= 1)
            assert_allclose(made["stronger"][qid][docno], value + bonus, atol=1e-12)
            assert made["overconfident"][qid][docno] == 4 * value
            noise.append((made["noisy"][qid][docno] - value) / spread)
    # 2,880 normal numbers: outside of five standard errors once in a million seeds
    assert abs(np.mean(noise)) < 5 / math.sqrt(len(noise))
    assert abs(np.std(noise) - 1) < 5 / math.sqrt(2 * len(noise))
    path = place / "teacher/members/one.scores.json"
    path.write_text(json.dumps({qid: scores[qid] for qid in [*scores][1:]}))
    with pytest.raises(UsageError, match="which the teacher scores"):
        retaught(read_collection(place, seed=0), "ensemble")


def test_a_weaker_teacher_learns_from_training_queries_alone(made):
    """Judgements of the other queries may say anything."""
    collection = read_collection(made[0] / "world", seed=0)
    train = {*collection.qids[collection.splits["train"]]}
    judged = {
        qid: row if qid in train else {"d000": 1.0}
        for qid, row in collection.pool.relevant.to_ranx_dict().items()
    }
    pool = replace(collection.pool, relevant=rb.Scores.from_dict(judged))
    others = collection, replace(collection, pool=pool)
    with threadpool_limits(limits=1):  # which wait for each other on a busy machine
        found = [retaught(one, "weaker").pool.teacher.values for one in others]
    assert_array_equal(found[0], found[1])
    assert np.ptp(found[0]) > 1


AUGMENTED = {
    "samplings": ("random",),
    "seeds": 1,
    "architectures": ("bi",),
    "augmentations": ("term-dropout", "temperature", "label-noise"),
}


def test_augmentations_are_foretold_before_any_training(tmp_path, monkeypatch):
    monkeypatch.setattr(students, "STEPS", 6)
    place = world(tmp_path / "world")
    with pytest.raises(UsageError, match="has vectors of its own"):
        rb.ablate([place], tmp_path / "out", **(GRID | AUGMENTED))
    shutil.rmtree(place / "embeddings")
    trained, files = run.train, []

    def watched(*of, **settings):
        (path,) = tmp_path.glob("out/cells/world.break-even.json")
        files.append(path.read_bytes())
        return trained(*of, **settings)

    monkeypatch.setattr(run, "train", watched)
    found = rb.ablate([place], tmp_path / "out", **(GRID | AUGMENTED))
    assert found.foretold_sha256 == (hashlib.sha256(files[0]).hexdigest(),)
    rows = table(tmp_path / "out")
    assert {row["augmentation"] for row in rows} == {
        "none",
        *AUGMENTED["augmentations"],
    }
    for one in found.foretold:
        after = one.entropy_after, one.divergence_after, one.locality_after
        k = students.CHECKPOINTS * 4
        rate = math.sqrt(math.log(k / 0.05) / (2 * one.n_queries))
        bound = after[0] + after[1] + after[2] * rate
        assert_allclose(one.bound_after, bound, rtol=1e-9)
        assert one.improves == (one.bound_after < one.bound_before)
        assert one.vacuous == (min(one.bound_after, one.bound_before) >= math.log(2))
        assert one.same_teacher == (one.augmentation == "term-dropout")
        if one.same_teacher:
            assert_allclose(one.entropy_after, one.entropy_before, rtol=1e-9)
        if one.augmentation == "temperature":
            assert one.entropy_after > one.entropy_before
    for one in found.checked:
        mine, base = (
            [
                float(row["risk"])
                for row in rows
                if (row["architecture"], row["augmentation"])
                == (one.architecture, name)
            ]
            for name in (one.augmentation, "none")
        )
        assert_allclose(one.risk_change, np.mean(mine) - np.mean(base), atol=1e-9)
        assert one.risk_lower < one.risk_change < one.risk_upper
    assert found.claims["break-even"].evidence.startswith("of 3 foretold")

    # What trains students changes nothing of what is foretold: none is trained here
    class TooEarlyError(Exception):
        pass

    def refused(*_, match):
        raise TooEarlyError(match)

    monkeypatch.setattr(run, "train", refused)
    monkeypatch.setattr(students, "RATES", {"bi": 0.1})
    with pytest.raises(TooEarlyError):
        rb.ablate([place], tmp_path / "early", **(GRID | AUGMENTED))
    early = json.loads((tmp_path / "early/cells/world.break-even.json").read_bytes())
    assert early["foretold"] == json.loads(files[0])["foretold"]


def test_augmented_queries_are_read_as_their_texts_are(tmp_path):
    """Rows of an augmented query have the vectors and features of its text."""
    place = world(tmp_path / "world")
    shutil.rmtree(place / "embeddings")
    collection = read_collection(place, seed=0)
    bench = Bench(collection)
    drawn = [bench.drawn("random", size=5, seed=0)]
    texts = augmenting.queries_of(collection, "term-dropout")
    assert all(
        {*new.split()} <= {*old.split()} and new
        for new, old in zip(texts, collection.queries, strict=True)
    )
    lengths = [
        sum(len(one.split()) for one in of) for of in (texts, collection.queries)
    ]
    assert 0.5 < lengths[0] / lengths[1] < 0.85
    retrieved = retrieve(
        collection.documents.tolist(), texts.tolist(), dimensions=512, seed=0
    )
    n = len(bench.lessons("bi", drawn).rows[0])
    for architecture in ("bi", "cross"):
        plain = bench.lessons(architecture, drawn)
        made = augmenting.augmented(bench, architecture, drawn, "term-dropout")
        assert made.rows.shape == (1, 2 * n)
        assert_array_equal(made.teacher[:, n:], plain.teacher)
        for group in range(3):
            query = int(bench.lessons("bi", drawn).rows[0, group])
            codes = bench.lessons("bi", drawn).asked[0, group]
            if architecture == "bi":
                vector = made.queries[made.rows[0, n + group]]
                assert_allclose(vector, retrieved.query_vectors[query], atol=1e-5)
                assert_array_equal(made.asked[0, n + group], codes)
                continue
            wanted = pair_features(retrieved, query, codes)
            wanted = (wanted - bench.features.mean) / bench.features.spread
            found = made.documents[made.asked[0, n + group]]
            assert_allclose(found, wanted, atol=1e-3)
    titles = augmenting.queries_of(collection, "title")
    first = [codes[0] for codes in teaching.relevant_of(collection)]
    wanted = [" ".join(collection.documents[code].split()[:8]) for code in first]
    assert titles.tolist() == wanted


def test_torch_gives_the_same_table(made, tmp_path):
    folder, _ = made
    asked = {"samplings": ("random",), "backend": "torch"}
    found = rb.ablate([folder / "world"], tmp_path, **(GRID | asked))
    assert found.backend == "torch"
    wanted = [
        row
        for row in table(folder / "out")
        if (row["sampling"], row["domain"]) == ("random", "in")
    ]
    rows = table(tmp_path)
    assert [*map(key_of, rows)] == [*map(key_of, wanted)]
    for one, other in zip(rows, wanted, strict=True):
        for name in ("risk", "divergence", "entropy", "upper_bound"):
            assert_allclose(float(one[name]), float(other[name]), rtol=1e-3)
        # Rounding may exchange two documents
        for name in ("ndcg@10", "kendall_teacher"):
            assert_allclose(float(one[name]), float(other[name]), atol=5e-3)
        assert one["checkpoint"] == other["checkpoint"]


def key_of(row):
    return [row[name] for name in KEY]


def qrels(place, found):
    """Judgements of the test queries alone."""
    collection = read_collection(place, seed=0)
    test = {*collection.qids[collection.splits[TEST]]}
    assert len(test) == found.collections[place.name].n_test
    rows = [
        line.split("\t") for line in (place / "qrels/test.tsv").read_text().split("\n")
    ]
    return "".join(f"{q} 0 {d} {g}\n" for q, d, g in rows[1:-1] if q in test)


def test_means_and_intervals_are_those_of_the_table_and_the_runs(made):
    folder, found = made
    rows = table(folder / "out")
    for cell in found.cells:
        mine = [
            row
            for row in rows
            if all(
                row[n] == getattr(cell, n)
                for n in ("domain", "architecture", "loss", "sampling")
            )
        ]
        values = [float(row["ndcg@10"]) for row in mine]
        assert_allclose(cell.ndcg.value, np.mean(values), rtol=1e-12)
        reach = 12.706204736 * np.std(values, ddof=1) / math.sqrt(2)
        assert_allclose(cell.ndcg.seeds_upper, np.mean(values) + reach, rtol=1e-9)
        assert cell.ndcg.queries_lower < cell.ndcg.value < cell.ndcg.queries_upper
        assert cell.n_vacuous == sum(row["vacuous"] == "1" for row in mine)
        assert cell.n_checked == 2
        halves = [float(row["half_risk"]) <= float(row["half_limit"]) for row in mine]
        assert cell.n_inside == sum(halves)
    means = {
        (c.domain, c.architecture, c.loss, c.sampling): c.ndcg.value
        for c in found.cells
    }
    for one in found.differences:
        pair = [
            means[one.domain, one.architecture, one.loss, s]
            for s in (one.sampling, "random")
        ]
        assert_allclose(one.value, pair[0] - pair[1], atol=1e-12)
        assert one.lower < one.value < one.upper
    assert rb.Ablation.load(folder / "out") == found


def test_cells_are_configurations_of_a_validation(made, tmp_path):
    folder, found = made
    validation = validate_ablation(folder / "out", resamples=50, permutations=99)
    assert len(validation.configuration_values) == len(found.cells)
    rows = table(folder / "out")
    for one, cell in zip(validation.configuration_values, found.cells, strict=True):
        assert one.student == f"{cell.architecture} {cell.label}"
        mine, risks = (
            [
                row
                for row in held
                if (row["domain"], row["architecture"], row["sampling"])
                == (cell.domain, cell.architecture, cell.sampling)
            ]
            for held in (rows, found.beside["queries"])
        )
        low, high, stake = (
            np.mean([float(row[name]) for row in mine])
            for name in ("range_low", "range_high", "stake")
        )
        order = drawn_order(
            np.array([row["qid"] for row in risks], dtype=object),
            seed=0,
            purpose=f"halves of {one.dataset}",
        )
        values = np.array([float(row["risk"]) for row in risks])[order]
        first, others = np.split(values, [len(values) // 2])
        limit = betting(first, low=low, high=high, delta=0.05, stakes=[stake])
        assert_allclose(one.bound, limit, rtol=1e-12)
        assert_allclose(one.outcomes["held-out risk"], others.mean(), rtol=1e-12)
        assert one.n_terms + one.n_held_out == cell.n_queries
    line = f"validate --datasets {folder / 'out'} --out {tmp_path / 'v'}".split()
    assert main([*line, "--measures", "AP"]) == 2
    few = ("--resamples", "50", "--permutations", "99")
    assert main([*line, *few, "--fresh", "--quiet"]) == 0
    told = rb.Validation.load(tmp_path / "v")
    assert told.configurations == validation.configurations
    assert not [*(tmp_path / "v").glob(".*")]
    validation.save(tmp_path / "validation")
    assert rb.Validation.load(tmp_path / "validation") == validation
    (folder / "out/ablation.json").rename(folder / "moved.json")
    with pytest.raises(FormatError):
        validate_ablation(folder / "out")
    (folder / "moved.json").rename(folder / "out/ablation.json")


def test_means_of_queries_are_those_of_the_runs(made):
    _, found = made
    queries = found.beside["queries"]
    for cell in found.cells:
        mine = [
            row
            for row in queries
            if (row["domain"], row["architecture"], row["sampling"])
            == (cell.domain, cell.architecture, cell.sampling)
        ]
        assert len(mine) == cell.n_queries
        values = [float(row["ndcg@10"]) for row in mine]
        assert_allclose(np.mean(values), cell.ndcg.value, rtol=1e-12)
        assert {row["trained_on"] for row in mine} == {"world"}


def test_students_learn_from_the_teacher_and_not_from_a_shuffled_one(made):
    _, found = made
    row = found.collections["world"]
    best = {a: found.best("world", a).ndcg.value for a in ("bi", "cross")}
    assert best["bi"] > row.untrained["bi"] + 0.03
    assert best["cross"] > row.untrained["cross"] + 0.03
    for one in found.controls:
        assert one.trained == best[one.architecture]
        assert one.shuffled < one.trained - 0.03
        assert not one.shuffled_learns
    assert [one.architecture for one in found.controls] == ["bi", "cross"]


def test_a_run_that_was_ended_goes_on_and_ends_with_the_same_bytes(
    made, tmp_path, monkeypatch
):
    folder, _ = made
    out = tmp_path / "out"
    shutil.copytree(folder / "out", out)
    without_manifest(out)
    for name in (*rb.Ablation.outputs(), "cells/world.bi.ranknet.random.json"):
        (out / name).unlink()
    (out / "runs/world.cross.ranknet.ensemble.1.run.gz").unlink()
    trained = []
    before = run.train

    def counted(*of, **settings):
        trained.append(of[:2])
        return before(*of, **settings)

    monkeypatch.setattr(run, "train", counted)
    rb.ablate([folder / "world"], out, out_of_domain=[folder / "other"], **GRID)
    assert trained == [("bi", "ranknet"), ("cross", "ranknet")]
    assert contents(out) == contents(folder / "out")
    # Nothing is left to do, and so seconds are the same, too
    kept = contents(out, but_seconds=False)
    rb.ablate([folder / "world"], out, out_of_domain=[folder / "other"], **GRID)
    assert len(trained) == 2
    assert contents(out, but_seconds=False) == kept
    # Another setting is another cell
    changes = {"match_scale": False, "architectures": ("cross",)}
    rb.ablate([folder / "world"], out, **(GRID | changes))
    # And its control
    assert len(trained) == 2 + 3


def test_a_killed_run_goes_on_by_itself_and_ends_with_the_same_bytes(tmp_path):
    # `make kills` does it ten times
    made = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-m", "tests.rankbound.ablating"),
            *(str(tmp_path), "2", "1"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    found = json.loads(made.stdout)
    assert found["kills"] == 2
    assert found["differ"] == []


def test_files_of_others_stay(made, tmp_path):
    folder, _ = made
    theirs = tmp_path / "runs/world.bi.ranknet.random.0.run.gz"
    theirs.parent.mkdir()
    theirs.write_bytes(gzip.compress(b"q1 Q0 d1 1 1.0 theirs\n"))
    with pytest.raises(UsageError, match="exists"):
        rb.ablate([folder / "world"], tmp_path, **GRID)
    assert gzip.decompress(theirs.read_bytes()).endswith(b"theirs\n")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"samplings": ("bm52",)}, "`samplings` must be of random, bm25"),
        ({"losses": ("kl", "kl")}, "each at most once"),
        ({"architectures": ()}, "got nothing"),
        ({"backend": "numpy"}, "`backend` must be of jax, torch"),
        ({"teachers": ("best",)}, "`teachers` must be of weaker, stronger"),
        ({"seeds": 0}, "`seeds` must be a whole number from 1"),
        ({"group_size": 1}, "`group_size` must be"),
        ({"group_size": 60, "samplings": ("random",)}, "give a smaller `group_size`"),
    ],
)
def test_a_wrong_setting_is_named(made, tmp_path, changes, said):
    folder, _ = made
    with pytest.raises(ValueError, match=said):
        rb.ablate([folder / "world"], tmp_path / "out", **(GRID | changes))
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_collection_says_what_is_missing(made, tmp_path):
    folder, _ = made
    with pytest.raises(UsageError, match="is no folder"):
        rb.ablate([tmp_path / "nowhere"], tmp_path / "out")
    with pytest.raises(UsageError, match="has no documents"):
        rb.ablate([tmp_path], tmp_path / "out")
    place = tmp_path / "cosines"
    shutil.copytree(folder / "world", place)
    with gzip.open(place / "teacher/teacher.scores.json.gz", "wt") as stream:
        json.dump({"q00": {"d000": 0.5, "d001": -0.25}}, stream)
    with pytest.raises(UsageError, match="students learn from log-odds"):
        rb.ablate([place], tmp_path / "out", **GRID)


def test_without_a_teachers_file_one_is_trained_on_queries_of_its_own(made, tmp_path):
    folder, _ = made
    place = tmp_path / "plain"
    shutil.copytree(folder / "world", place)
    shutil.rmtree(place / "teacher")
    shutil.rmtree(place / "embeddings")
    collection = read_collection(place, seed=0)
    used = np.concatenate([*collection.splits.values()])
    assert len({*used}) == len(used) == N_QUERIES - N_QUERIES // 4
    bench = Bench(collection)
    assert bench.baseline("teacher").mean() > bench.baseline("bm25").mean() - 0.1
    groups = collection.draw("random", size=6, seed=0)
    assert set(groups.sizes.tolist()) == {6}
    assert groups.positive[groups.offsets[:-1]].all()
    assert measuring.DEPTH == 100


def test_without_jax_one_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "jax", None)
    with pytest.raises(UsageError, match=r"rankbound\[jax\]"):
        rb.ablate(["docstrings"], tmp_path / "out")


def test_costs_are_those_of_a_count_and_stand_beside_what_they_bought(made):
    folder, found = made
    rows = table(folder / "out")
    steps, group, seeds, cells = 8 * 30, 32, 2, 2
    assert {(row["steps"], row["pairs_scored"]) for row in rows} == {
        (str(steps), str(steps * group * 6))
    }
    homes = [read_collection(folder / name, seed=0) for name in ("world", "other")]
    scores = sum(len(one.pool.teacher.values) for one in homes)
    costs = {(one.stage, one.architecture): one for one in found.costs}
    assert len(costs) == len(found.costs) == 2 + 3 * 2
    assert costs["teacher", ""].teacher_pairs == scores
    assert all(one.seconds > 0 for one in found.costs)
    trained = costs["training", "bi"]
    assert trained.steps == seeds * cells * steps
    assert trained.student_pairs == seeds * cells * steps * group * 6
    (home, _) = homes
    sizes = {name: len(queries) for name, queries in home.splits.items()}
    # Groups that all losses and architectures share are drawn once
    drawn = [
        (one, one.draw(name, size=6, seed=seed))
        for one in homes
        for name in GRID["samplings"]
        for seed in range(seeds)
    ]
    documents = sum(len(groups.codes) for _, groups in drawn)
    assert costs["sampling", ""].teacher_pairs == documents
    parts = (one.of_split(groups, "train") for one, groups in drawn if one is home)
    assert trained.teacher_pairs == sum(len(part.codes) for part in parts)
    chosen = sizes["validation"] * len(home.docnos)
    assert costs["choosing", "bi"].student_pairs == seeds * cells * 8 * chosen
    asked = sum(
        (sizes[split] if one is home else len(one.splits[split])) * len(one.docnos)
        for one in homes
        for split in ("validation", "test")
    )
    assert costs["measuring", "bi"].student_pairs == seeds * cells * asked
    starts = found.collections["world"].untrained
    values = {
        (one.architecture, one.loss, one.sampling): one.ndcg.value
        for one in found.cells
        if one.domain == "in"
    }
    assert len(found.bought) == 2 * cells
    for one in found.bought:
        value = values[one.architecture, one.loss, one.sampling]
        assert_allclose(one.gain, value - starts[one.architecture])
        assert (one.steps, one.pairs_scored) == (steps, steps * group * 6)
        of_training = costs["training", one.architecture]
        of_choosing = costs["choosing", one.architecture]
        assert 0 < one.seconds * seeds < of_training.seconds + of_choosing.seconds
    assert sum("scored pairs" in line for line in found.sentences) == 1


class Tracker:
    """Of codecarbon, with 1 kWh of each task."""

    tasks = 0
    fails_at = 1_000_000

    def __init__(self, **_):
        pass

    def start_task(self, _):
        Tracker.tasks += 1
        if Tracker.tasks >= Tracker.fails_at:
            raise OSError("no counter\nis there")

    def stop_task(self):
        return SimpleNamespace(energy_consumed=1.0)

    def stop(self):
        Tracker.tasks = -1


def test_a_stage_within_another_counts_for_itself_alone(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(costs.time, "monotonic", lambda: now[0])
    module = SimpleNamespace(OfflineEmissionsTracker=Tracker)
    monkeypatch.setitem(sys.modules, "codecarbon", module)
    monkeypatch.setattr(Tracker, "tasks", 0)

    def later(seconds):
        now[0] += seconds
        return seconds

    meter = costs.Meter()
    later(100)  # of no stage
    with meter.stage("choosing"):
        later(1)
        for item in meter.each("training", map(later, (10, 20))):
            later(item / 5)
    spent = meter.taken()
    assert {name: one.seconds for name, one in spent.items()} == {
        "choosing": 1 + 2 + 4,
        "training": 30,
    }
    # One reading for each stretch of a stage
    assert spent["training"].energy_kwh == 3  # with the one that finds the end
    assert spent["choosing"].energy_kwh == 4
    assert not meter.taken()
    assert meter.missing_because == ""
    meter.close()
    assert Tracker.tasks == -1


@pytest.mark.parametrize("fails_at", [1, 4])
def test_energy_that_cannot_be_measured_is_none_with_a_reason(monkeypatch, fails_at):
    module = SimpleNamespace(OfflineEmissionsTracker=Tracker)
    monkeypatch.setitem(sys.modules, "codecarbon", module)
    monkeypatch.setattr(Tracker, "tasks", 0)
    monkeypatch.setattr(Tracker, "fails_at", fails_at)
    meter = costs.Meter()
    for _ in range(5):
        with meter.stage("training"):
            pass
    (one,) = meter.taken().values()
    assert one.energy_kwh is None
    assert "no counter" in meter.missing_because
    assert "\n" not in meter.missing_because
    monkeypatch.setitem(sys.modules, "codecarbon", None)
    assert "rankbound[energy]" in costs.Meter().missing_because


def test_what_is_wrong_with_a_later_collection_is_said_before_any_training(tmp_path):
    world(tmp_path / "one")
    for copied in ("other/one", "two", "other/two"):
        shutil.copytree(tmp_path / "one", tmp_path / copied)
    (tmp_path / "empty").mkdir()
    for second, abroad, said in (
        ("other/one", (), "two collections are called 'one'"),
        ("empty", (), "has no documents"),
        ("nowhere", (), "is no folder"),
        (None, ("nowhere",), "is no folder"),
        # Out of domain of the second it would be another collection of its name
        ("two", ("other/two",), "two collections are called 'two'"),
        (None, ("other/one",), "two collections are called 'one'"),
        (None, ("two", "two"), "two collections are called 'two'"),
    ):
        places = [tmp_path / one for one in ("one", second) if one is not None]
        told = []
        with pytest.raises(UsageError, match=said):
            rb.ablate(
                places,
                tmp_path / "out",
                out_of_domain=[tmp_path / one for one in abroad],
                progress=told.append,
            )
        assert not told
        assert not (tmp_path / "out").exists()
