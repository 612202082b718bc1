"""Synthetic worlds: what is drawn follows the law, and `ablate` says what is true."""

import gzip
import json
import math
import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

import rankbound as rb
from rankbound.catalogue import ABLATED
from rankbound.cli import main
from rankbound.commands.ablate.before import terms_of
from rankbound.commands.ablate.collections import (
    LAW,
    SPLITS,
    TEST,
    Rules,
    check_places,
    read_abroad,
    read_collection,
)
from rankbound.commands.ablate.measuring import Bench, KnownLaw
from rankbound.commands.ablate.synthetic import NOISE, OFFSET, SLOPE, World, seed_of
from rankbound.commands.ablate.teaching import retaught
from rankbound.data.columns import positions
from rankbound.errors import UsageError
from tests.optional import only_deep
from tests.rankbound.ablating import contents, table
from tests.rankbound.beir import world

pytest.importorskip("jax")
pytest.importorskip("bm25s")

GRID = {
    "samplings": ("random", "stratified-width"),
    "losses": ("kl",),
    "architectures": ("bi",),
    "seeds": 1,
    "group_size": 6,
}
SIGMAS = 5.5  # a false alarm in 25 million comparisons


@pytest.fixture(scope="module")
def collection():
    return read_collection("synthetic", seed=0)


def naive_groups(world, size, depth, count, rng):
    """Kinds and groups drawn in plain Python, from the `depth` best of the teacher."""
    for _ in range(count):
        [kind] = rng.choices(range(len(world.weights)), weights=world.weights)
        scores, sought = world.teacher[kind].tolist(), int(world.sought[kind])
        others = [one for one in range(len(scores)) if one != sought]
        others.sort(key=lambda one: -scores[one])
        yield kind, [sought, *rng.sample(others[:depth], size - 1)]


@pytest.mark.statistical
@pytest.mark.parametrize(("sampling", "depth"), [("random", None), ("top", 20)])
def test_the_law_is_what_plain_draws_average_to(sampling, depth):
    """Twelve comparisons in all at 5.5 standard errors: false alarms below 1e-6."""
    world = World.of(3)
    student = 4 * world.seen @ world.documents.T
    law = world.law(sampling, size=5, depth=depth)
    teacher, scores = (world.in_pools(law, one) for one in (world.teacher, student))
    vectors = world.vectors_in_pools(law)
    rng = random.Random(1)
    found = {name: [] for name in ("entropy", "risk", "clipped", "apart", "far")}
    largest = 0.0
    for kind, group in naive_groups(world, 5, depth or 159, 600, rng):
        values = {name: [] for name in found}
        best = max(student[kind, one] for one in group)
        for place, i in enumerate(group):
            for j in group[:place]:
                p = 1 / (1 + math.exp(world.teacher[kind, j] - world.teacher[kind, i]))
                values["entropy"].append(
                    -p * math.log(p) - (1 - p) * math.log1p(-p) if p < 1 else 0.0
                )
                f, g = student[kind, i], student[kind, j]
                for name, m in (
                    ("risk", f - g),
                    ("clipped", max(f, best - 1.5) - max(g, best - 1.5)),
                ):
                    values[name].append(math.log1p(math.exp(m)) - p * m)
                apart = math.dist(world.documents[i], world.documents[j])
                values["apart"].append(apart)
                values["far"].append(apart > 1.5)
                largest = max(largest, apart)
        for name, of in values.items():
            found[name].append(sum(of) / len(of))
    wanted = {
        "entropy": law.entropy(teacher),
        "risk": law.risk(teacher, scores),
        "clipped": law.risk(teacher, scores, clip_at=1.5),
        "apart": law.mean_distance(vectors),
        "far": law.exceeds(vectors, 1.5),
    }
    for name, values in found.items():
        error = np.std(values) / math.sqrt(len(values))
        assert abs(np.mean(values) - wanted[name]) < SIGMAS * error, name
    assert largest <= law.diameter(vectors) <= 2
    assert largest > 0.9 * law.diameter(vectors)


def test_a_world_is_bounded_and_its_own():
    one, again, other = World.of(1), World.of(1), World.of(2)
    assert_allclose(one.teacher, again.teacher, rtol=0, atol=0)
    assert not np.allclose(one.teacher, other.teacher)
    for vectors in (one.queries, one.documents, one.seen):
        assert_allclose(np.linalg.norm(vectors, axis=1), 1.0)
    noise = one.teacher - (SLOPE * one.queries @ one.documents.T - OFFSET)
    assert np.abs(noise).max() <= NOISE
    assert len({*one.sought.tolist()}) == len(one.weights)
    # The same rotation in all worlds takes what students see back
    turn = np.linalg.lstsq(one.seen, one.queries, rcond=None)[0]
    assert_allclose(other.seen @ turn, other.queries, atol=1e-9)


def test_words_say_what_vectors_do(collection):
    bench = Bench(collection)
    by_words, by_teacher = (bench.baseline(one).mean() for one in ("bm25", "teacher"))
    assert 0.3 < by_words < 1
    assert by_words < by_teacher
    # Students have something to learn
    assert bench.baseline("dense").mean() < by_teacher - 0.1


def test_queries_that_stand_for_kinds_train_choose_and_test_nothing(collection):
    stand = {*collection.qids[collection.splits[LAW]].tolist()}
    assert stand == {*collection.kinds} == {*World.of(0).kinds.tolist()}
    used = np.concatenate([collection.splits[name] for name in SPLITS])
    assert not stand & {*collection.qids[used].tolist()}
    assert len({*used.tolist()}) == len(used) == 480
    assert_allclose(sum(collection.kinds.values()), 1.0)


@pytest.mark.statistical
@pytest.mark.parametrize("sampling", ["bm25", "stratified-count"])
def test_what_a_collection_draws_follows_its_law(collection, sampling):
    """Documents of the commonest kind: a false alarm in 1e5 for all together."""
    law = collection.law(sampling, size=6)
    commonest = law.pools.group_qids()[int(np.argmax(law.weights))]
    mine = law.pools.group_qids() == commonest
    pool, rows = law.pools.keep_groups(mine), mine[law.pools.row_group()]
    strata = dict(zip(pool.docnos[pool.codes], law.strata[rows].tolist(), strict=True))
    chances = dict(zip(strata, pool.inclusion.tolist(), strict=True))
    place = np.flatnonzero(collection.qids == commonest)[0]
    alike = collection.qids[collection.queries == collection.queries[place]]
    counts, n = dict.fromkeys(strata, 0), 0
    for seed in range(2):
        groups = collection.draw(sampling, size=6, seed=seed)
        groups = groups.keep_groups(positions(alike, groups.group_qids()) >= 0)
        n += groups.n_groups
        for documents in np.split(groups.codes, groups.offsets[1:-1]):
            drawn = groups.docnos[documents].tolist()
            for docno in drawn:
                counts[docno] += 1
            # From each stratum just as many as the law says
            taken = Counter(strata[one] for one in drawn)
            for stratum, count in taken.items():
                of = [chances[one] for one in strata if strata[one] == stratum]
                assert count == pytest.approx(sum(of))
    assert n > 50
    for docno, chance in chances.items():
        error = math.sqrt(chance * (1 - chance) / n)
        assert abs(counts[docno] / n - chance) <= SIGMAS * error + 1e-9


@pytest.mark.parametrize("architecture", ["bi", "cross"])
def test_the_risk_of_a_student_is_that_of_groups_drawn_for_its_kinds(
    collection, architecture
):
    bench = Bench(collection)
    drawn = bench.drawn("random", size=4, seed=0)
    student = bench.start(architecture, seed=0)
    measured = bench.measured(student, drawn, key="any")
    risks = measured.columns["risk"]
    error = risks.std() / math.sqrt(len(risks))
    assert abs(risks.mean() - measured.law_risk) < SIGMAS * error
    assert measured.covered == (measured.upper >= measured.law_risk)
    # And by the vectors and the range that were chosen, without the bench
    if architecture == "bi":
        world, law = World.of(0), drawn.law.law
        scores = student.scale * world.seen @ world.documents.T
        b = bench._limit(
            drawn, {one: bench.scores(student, one)[0] for one in ("validation", TEST)}
        ).score_range
        wanted = law.risk(
            world.in_pools(law, world.teacher),
            world.in_pools(law, scores),
            clip_at=b,
        )
        assert_allclose(measured.law_risk, wanted, rtol=1e-5)


def test_a_teacher_of_many_opinions_has_no_known_law(collection):
    assert retaught(collection, "noisy").law("random", size=4) is None
    surer = retaught(collection, "overconfident")
    law, known = (one.law("random", size=4) for one in (surer, collection))
    entropies = [
        of.entropy(of.pools.scores_of(one.pool.teacher)[0])
        for of, one in ((law, surer), (known, collection))
    ]
    assert entropies[0] < entropies[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    return folder, rb.ablate(["synthetic"], folder / "out", **GRID)


def test_ablate_says_what_the_law_does_beside_what_it_estimates(made):
    folder, found = made
    rows = table(folder / "out")
    assert len(rows) == 2
    for row in rows:
        assert abs(float(row["risk"]) - float(row["law_risk"])) < 0.05
    for cell in found.cells:
        mine = [row for row in rows if row["sampling"] == cell.sampling]
        risks = [float(row["law_risk"]) for row in mine]
        assert_allclose(cell.law_risk, np.mean(risks))
        covered = [float(row["upper_bound"]) >= float(row["law_risk"]) for row in mine]
        assert (cell.n_known, cell.n_covered) == (1, sum(covered))
    of_random, stratified = found.laws
    assert (of_random.kappa, of_random.kappa_over_random) == (1.0, 1.0)
    assert 1 < stratified.kappa < stratified.kappa_over_random
    for law in found.laws:
        assert law.entropy_lower < law.entropy_estimate < law.entropy_upper
        assert abs(law.entropy - law.entropy_estimate) < 0.05
        assert law.mean_distance < law.diameter_estimate <= law.diameter <= 2
    covered = sum(one.n_covered for one in found.cells)
    [said] = [one for one in found.sentences if "the law is known" in one]
    assert f"{covered} of 2 students" in said
    held = sum(one.holds for one in found.laws)
    assert said.endswith(f"for {held} of 2 samplings")
    assert "ablation-laws" in {one.name for one in found.written_tables()}
    kept = json.loads((folder / "out/ablation.json").read_text())
    assert [one["sampling"] for one in kept["laws"]] == ["random", "stratified-width"]
    assert rb.Ablation.load(folder / "out") == found
    # A second run trains nothing, and says the same
    before = contents(folder / "out")
    rb.ablate(["synthetic"], folder / "out", **GRID)
    assert contents(folder / "out") == before


def test_other_worlds_test_the_same_students(collection):
    abroad = read_abroad("synthetic:4", collection, seed=0)
    assert abroad.name == "synthetic-4"
    assert Bench(abroad, Bench(collection)).law("random", size=4) is not None


def test_places_are_told_apart(tmp_path, capsys):
    assert [*map(seed_of, ("synthetic", "synthetic:12", "./synthetic"))] == [
        0,
        12,
        None,
    ]
    check_places(["synthetic", "synthetic:1"], ["synthetic:2"])
    for place in ("synthetic:", "synthetic:-1", "synthetic:x", "synthetic:1.5"):
        with pytest.raises(UsageError, match="a seed must be a whole number"):
            check_places([place], [])
    line = ["ablate", "--collection", "synthetic:x", "--out", str(tmp_path / "out")]
    assert main(line) == 2
    assert "give such as 'synthetic:7'" in capsys.readouterr().err
    twice = ["synthetic", "synthetic:0"]
    with pytest.raises(UsageError, match="two collections are called 'synthetic'"):
        rb.ablate(twice, tmp_path / "out", **GRID)
    assert not (tmp_path / "out").exists()


# Rules and samplings that worlds make cheap to look at


def negatives_of(groups):
    """Documents of every group after the first, with its query."""
    for qid, codes in zip(
        groups.group_qids(), np.split(groups.codes, groups.offsets[1:-1]), strict=True
    ):
        yield qid, groups.docnos[codes].tolist()


@pytest.mark.parametrize("size", [2, 16])
def test_groups_have_the_size_asked_for_with_and_without_a_positive(collection, size):
    bare = replace(collection, rules=Rules(positives="remove"))
    for one in (collection, bare):
        law = one.law("random", size=size)
        groups = one.draw("random", size=size, seed=1)
        assert law.size == size
        assert {*groups.sizes.tolist()} == {size}
        sought = one.pool.relevant.to_ranx_dict()
        for qid, names in negatives_of(groups):
            assert (names[0] in sought[qid]) == (one is collection)
            assert not {*names[1:]} & {*sought[qid]}


def test_bands_of_entropy_are_those_of_pairs_with_the_positive(collection):
    bands = {
        "entropy-low": (0, 0.5),
        "entropy-middle": (0.25, 0.75),
        "entropy": (0.5, 1),
    }
    scores = collection.pool.teacher.to_ranx_dict()
    for name, (low, high) in bands.items():
        groups = collection.draw(name, size=6, seed=0)
        for qid, names in [*negatives_of(groups)][:20]:
            row, first = scores[qid], scores[qid][names[0]]
            others = [one for one in row if one != names[0]]
            others.sort(key=lambda one, r=row, f=first: -abs(r[one] - f))
            for one in names[1:]:
                assert low - 0.01 <= others.index(one) / len(others) <= high + 0.01


@pytest.mark.parametrize("margin", [0.0, 1.5])
def test_suspected_negatives_are_dropped_from_draws_and_laws(collection, margin):
    ruled = replace(collection, rules=Rules(drop_suspected=margin))
    scores = collection.pool.teacher.to_ranx_dict()
    n = 0
    for qid, names in negatives_of(ruled.draw("crossencoder", size=4, seed=0)):
        row = scores[qid]
        assert all(row[names[0]] - row[one] >= margin for one in names[1:])
        n += 1
    assert n > 100
    groups = collection.draw("crossencoder", size=4, seed=0)
    assert any(
        scores[qid][one] > scores[qid][names[0]]
        for qid, names in negatives_of(groups)
        for one in names[1:]
    )
    law = ruled.law("random", size=4)
    known = KnownLaw.of(law, ruled)
    first = known.teacher[law.pools.offsets[:-1]][law.pools.row_group()]
    assert (first - known.teacher >= np.where(law.strata > 0, margin, 0)).all()


def test_groups_of_a_folder_obey_the_rules(collection):
    groups = collection.draw("random", size=8, seed=3)
    given = replace(collection, drawn={"random": groups})
    scores = collection.pool.teacher.to_ranx_dict()
    firsts = {qid: names[0] for qid, names in negatives_of(groups)}
    for rules in (Rules(positives="remove"), Rules(drop_suspected=0.0)):
        found = replace(given, rules=rules).draw("random", size=4, seed=0)
        assert {*found.sizes.tolist()} == {4}
        for qid, names in negatives_of(found):
            held = rules.positives == "keep"
            assert (firsts[qid] in names) == held
            if held:
                best = scores[qid][firsts[qid]]
                assert all(scores[qid][one] <= best for one in names)


def test_losses_that_ask_for_a_positive_are_refused_without_one(tmp_path, capsys):
    line = f"ablate --collection synthetic --positives remove --out {tmp_path / 'out'}"
    assert main(line.split()) == 2
    said = capsys.readouterr().err
    assert "marginmse and lce compare a positive with the others" in said
    assert "give of ranknet, kl" in said
    with pytest.raises(UsageError, match="`positives` must be 'keep' or 'remove'"):
        rb.ablate(["synthetic"], tmp_path / "out", positives="no", losses=["kl"])


@only_deep
def test_students_learn_without_positives(collection):
    bench = Bench(replace(collection, rules=Rules(positives="remove")))
    drawn = bench.drawn("random", size=4, seed=0)
    known = {
        n
        for one in terms_of(bench, ["bi"], "random", [drawn], match=True)
        for n in one.terms
    }
    assert {"entropy", "diameter", "start_bound"} < known
    assert not known & {"suspected", "entropy_pos_neg", "relevant", "eci"}
    student = bench.start("bi", seed=0)
    measured = bench.measured(student, drawn, key="any")
    risks = measured.columns["risk"]
    error = risks.std() / math.sqrt(len(risks))
    assert abs(risks.mean() - measured.law_risk) < SIGMAS * error


def test_the_ensemble_fuses_the_systems_of_a_file_of_hard_negatives(tmp_path):
    place = world(tmp_path / "world")
    with gzip.open(place / "teacher/teacher.scores.json.gz", "rt") as stream:
        scores = json.load(stream)
    rng = np.random.default_rng(0)
    best = {}
    with gzip.open(place / "msmarco-hard-negatives.jsonl.gz", "wt") as stream:
        for qid, row in scores.items():
            names = sorted(row)
            systems = {f"s{n}": rng.permutation(names)[:12].tolist() for n in range(12)}
            line = {"qid": qid, "pos": [], "neg": systems}
            stream.write(json.dumps(line) + "\n")
            gains = Counter()
            for run in systems.values():
                gains.update({one: 1 / (61 + rank) for rank, one in enumerate(run)})
            best[qid] = gains
    found = read_collection(place, seed=0)
    assert found.systems == tuple(f"system s{n}" for n in range(12))
    assert any("12 systems" in note for note in found.notes)
    assert place / "msmarco-hard-negatives.jsonl.gz" in found.files
    relevant = found.pool.relevant.to_ranx_dict()
    # As many documents as the sampling takes from, so that nothing is left to chance
    monkeyed = replace(ABLATED["ensemble"], depth=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ABLATED, "ensemble", monkeyed)
        groups = found.draw("ensemble", size=6, seed=0)
    assert groups.n_groups > 20
    for qid, names in negatives_of(groups):
        of = {one: gain for one, gain in best[qid].items() if one not in relevant[qid]}
        fused = sorted(of, key=lambda one, of=of: (-of[one], one))
        least = of[fused[4]]
        assert all(of[one] >= least - 1e-12 for one in names[1:])
