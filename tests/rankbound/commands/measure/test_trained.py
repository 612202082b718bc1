"""Queries that students were trained on: left out, counted, and said where unknown."""

import json

import numpy as np
import pytest
from scipy.special import expit, xlogy
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

import rankbound as rb
from rankbound.cli.program import main
from rankbound.commands.measure.options import StudentSource
from rankbound.errors import FormatError, UsageError

N_TRAINED, N_FRESH, N_MANY, SIZE = 120, 150, 2_500, 8
STUDENTS = {
    "neighbour": KNeighborsRegressor(1),
    "tree": DecisionTreeRegressor(random_state=0),
    "trees": ExtraTreesRegressor(20, min_samples_leaf=2, random_state=0),
    "kernel": KernelRidge(alpha=1e-3, kernel="rbf", gamma=1.0),
}
NAMES = tuple(STUDENTS)
TRAINED = [f"t{n}" for n in range(N_TRAINED)]


def drawn(n, rng):
    """Documents of n queries as points, and what the teacher scores them."""
    points = rng.normal(size=(n, SIZE, 4))
    plain = 2 * points[..., 0] + points[..., 1] * points[..., 2]
    # Half of what the teacher sees is not in the points: it can only be learnt by heart
    return points, plain + 2 * rng.normal(size=plain.shape)


def learnt(name, points, scores):
    """A student that regresses the teacher's scores of its training queries."""
    flat = points.reshape(-1, points.shape[-1])
    model = STUDENTS[name].fit(flat, scores.ravel())

    def student(some):
        return model.predict(some.reshape(-1, some.shape[-1])).reshape(-1, SIZE)

    return student


def as_scores(values, names):
    return {
        qid: {f"{qid}-{k}": float(v) for k, v in enumerate(row)}
        for qid, row in zip(names, values, strict=True)
    }


def plain_risk(teacher, student, *, temperature, clip):
    """Mean pairwise cross-entropy of the clipped student, pair by pair."""
    total = 0.0
    scaled = student / temperature
    scaled = np.maximum(scaled, scaled.max(axis=1, keepdims=True) - clip)
    for left in range(SIZE):
        for right in range(left):
            p = expit(teacher[:, left] - teacher[:, right])
            m = scaled[:, left] - scaled[:, right]
            total += np.mean(p * np.log1p(np.exp(-m)) + (1 - p) * np.log1p(np.exp(m)))
    return total / (SIZE * (SIZE - 1) / 2)


@pytest.fixture(scope="module")
def world():
    """A teacher and four students on training, fresh and many more queries."""
    rng = np.random.default_rng(20)
    own, fresh, many = (drawn(n, rng) for n in (N_TRAINED, N_FRESH, N_MANY))
    students = {name: learnt(name, *own) for name in NAMES}
    shown = np.concatenate([own[0], fresh[0]])
    names = [*TRAINED, *(f"f{n}" for n in range(N_FRESH))]
    return {
        "teacher": as_scores(np.concatenate([own[1], fresh[1]]), names),
        "students": {
            name: as_scores(student(shown), names) for name, student in students.items()
        },
        "many": (many[1], {name: s(many[0]) for name, s in students.items()}),
    }


def only(scores, chosen):
    return {qid: scores[qid] for qid in scores if qid in chosen}


def sources(students, **more):
    return {
        name: StudentSource(name, scores=held, kind="logit", **more)
        for name, held in students.items()
    }


def true_risk(world, name, entry):
    teacher, students = world["many"]
    return plain_risk(
        teacher, students[name], temperature=entry.temperature, clip=entry.range.B
    )


def test_students_on_their_own_queries_have_limits_that_fail_and_a_proviso(world):
    own = set(TRAINED)
    found = rb.measure(
        only(world["teacher"], own),
        students=sources({n: only(s, own) for n, s in world["students"].items()}),
        teacher_kind="logit",
    )
    for name in NAMES:
        entry = found.students[name]
        assert entry.upper < true_risk(world, name, entry)
        assert entry.trained_on is None
        for line in (*entry.sentences[:3], entry.verdict, found.proviso):
            assert "provided that no student, teacher or miner was trained on" in line
            assert line.count("provided that") == 1


def test_without_their_training_queries_limits_are_those_of_fresh_queries(world):
    fresh = set(world["teacher"]) - set(TRAINED)
    students = sources(world["students"])
    found = rb.measure(
        world["teacher"], students=students, teacher_kind="logit", trained_on=TRAINED
    )
    alone = rb.measure(
        only(world["teacher"], fresh),
        students=sources({n: only(s, fresh) for n, s in world["students"].items()}),
        teacher_kind="logit",
    )
    for name in NAMES:
        entry = found.students[name]
        assert entry.upper == alone.students[name].upper
        assert entry.share == alone.students[name].share
        # Seeded; four limits hold at once with probability 97.5 %
        assert entry.upper > true_risk(world, name, entry)
        assert entry.trained_on.left_out == N_TRAINED
        assert entry.trained_on.of == N_TRAINED + N_FRESH
        assert not any("trained on these" in line for line in entry.sentences)
        assert any(
            f"{N_TRAINED} of {N_TRAINED + N_FRESH} queries were" in s
            for s in entry.sentences
        )
    rows = (*found.beside["per_query"], *found.beside["calibration"])
    assert not set(TRAINED) & {row["qid"] for row in rows}
    assert found.dropped["tree: queries_trained_on"] == N_TRAINED


TEACHER = as_scores(
    np.random.default_rng(3).normal(size=(60, 5)) * 2, [f"q{n}" for n in range(60)]
)
NOISE = np.random.default_rng(4).normal(size=(60, 5))
STUDENT = {
    qid: {d: s + e for (d, s), e in zip(row.items(), noise, strict=True)}
    for (qid, row), noise in zip(TEACHER.items(), NOISE.tolist(), strict=True)
}


def made(students=("a", "b"), scores=STUDENT, **settings):
    settings = {"teacher_kind": "logit", "score_range": 2.0, **settings}
    held = {name: StudentSource(name, scores=scores, kind="logit") for name in students}
    return rb.measure(TEACHER, students=held, **settings)


def test_each_student_leaves_its_own_queries_out():
    found = made(trained_on={"a": [f"q{n}" for n in range(20)]})
    first, second = found.students["a"], found.students["b"]
    assert (first.trained_on.left_out, second.trained_on) == (20, None)
    own = {r["qid"] for r in found.beside["per_query"] if r["student"] == "a"}
    assert not own & {f"q{n}" for n in range(20)}
    assert first.n_queries == len(own)
    assert second.n_queries > first.n_queries
    assert "trained on these" in second.verdict
    assert "trained on these" not in first.verdict
    assert "trained on these" in found.proviso  # of all students


def test_the_limit_of_one_student_is_the_hand_computed_one_of_its_fresh_queries():
    found = made(trained_on={"a": [f"q{n}" for n in range(20)]}, pilot=0)
    fresh = [f"q{n}" for n in range(20, 60)]
    risks = [one_risk(TEACHER[qid], STUDENT[qid]) for qid in fresh]
    assert found.students["a"].risk == pytest.approx(np.mean(risks), abs=1e-12)
    below = int(np.sum(np.array(risks) <= np.log(2) - 1e-9))
    share = found.students["a"].share
    assert (share.below, share.of) == (below, 40)


def one_risk(teacher, student):
    floor = max(student.values()) - 2.0
    total = number = 0
    names = list(teacher)
    for i, left in enumerate(names):
        for right in names[:i]:
            p = float(expit(teacher[left] - teacher[right]))
            m = max(student[left], floor) - max(student[right], floor)
            q = float(expit(m))
            total -= float(xlogy(p, q) + xlogy(1 - p, 1 - q))
            number += 1
    return total / number


def test_no_overlap_is_counted_and_changes_no_limit():
    found = made(trained_on=["x1", "x2", "x3"])
    assert any(
        "0 of 60 queries were trained on" in s for s in found.students["a"].sentences
    )
    assert found.students["a"].upper == made().students["a"].upper
    assert not [key for key in found.dropped if "trained" in key]


def test_nothing_is_certified_if_all_queries_were_trained_on():
    with pytest.raises(UsageError, match="trained on all 60 queries"):
        made(trained_on=list(TEACHER))
    with pytest.raises(UsageError, match="no student 'c'; there are a, b"):
        made(trained_on={"c": ["q1"]})
    with pytest.raises(UsageError, match="no student"):
        rb.measure(TEACHER, trained_on=["q1"])
    aside = {row["qid"] for row in made().beside["calibration"]}
    with pytest.raises(UsageError, match="set aside"):
        made(trained_on={"a": sorted(set(TEACHER) - aside)})


def test_few_fresh_queries_are_said():
    found = made(("a",), trained_on=[f"q{n}" for n in range(53)])
    assert found.students["a"].n_queries == 7
    assert any("7 queries are left" in warning for warning in found.warnings)


def test_near_copies_of_training_queries_are_counted():
    twin = {**TEACHER, "twin": {d: s + 0.5 for d, s in TEACHER["q0"].items()}}
    student = StudentSource(
        "a", scores={**STUDENT, "twin": STUDENT["q0"]}, kind="logit"
    )
    found = rb.measure(
        twin, students=[student], teacher_kind="logit", trained_on=["q0", "q1"]
    )
    assert any("1 query is a near-copy of queries" in w for w in found.warnings)
    assert found.near_copies.copies == 0  # among those left


def test_near_copies_among_queries_are_counted_and_shrink_n():
    copied = {
        f"{qid}-{k}": {d: s + 0.01 * k for d, s in row.items()}
        for qid, row in list(TEACHER.items())[:12]
        for k in range(3)
    }
    found = rb.measure(copied, teacher_kind="logit")
    near = found.near_copies
    assert (near.queries, near.copies, near.sets, near.distinct) == (36, 36, 12, 12)
    assert any("clusters" in warning for warning in found.warnings)
    assert made().near_copies.copies == 0


@pytest.fixture
def files(tmp_path):
    (tmp_path / "teacher.json").write_text(json.dumps(TEACHER))
    (tmp_path / "a.json").write_text(json.dumps(STUDENT))
    (tmp_path / "train.txt").write_text("q3\nq1\n\nq3\nother\n")
    return tmp_path


def command(files, *more):
    return [
        *("measure", "--teacher", f"{files}/teacher.json", "--teacher-kind", "logit"),
        *("--student", f"a={files}/a.json", "--student-kind", "logit"),
        *("--out", f"{files}/out", *more),
    ]


def test_the_command_line_takes_a_file_for_all_or_for_one(files, capsys):
    for value in (f"{files}/train.txt", f"a={files}/train.txt"):
        assert not main(command(files, "--trained-on", value, "--details"))
        ledger = json.loads((files / "out" / "ledger.json").read_text())
        assert ledger["students"]["a"]["trained_on"] == {
            "ids": 3,
            "left_out": 2,
            "of": 60,
        }
        assert any("train.txt" in one.get("path", "") for one in ledger["inputs"])
        text = capsys.readouterr().out
        assert "2 of 60 queries were trained on" in text
        assert "trained on these" not in text
    assert not main(command(files))
    assert "trained on these" in capsys.readouterr().out


def test_a_broken_file_is_named_with_its_line(files, capsys):
    (files / "broken.jsonl").write_text('{"qid": "q1"}\n{"docno": "d1"}\n')
    assert main(command(files, "--trained-on", f"{files}/broken.jsonl")) == 2
    assert "broken.jsonl:2: expected an object with an id of a query" in (
        capsys.readouterr().err
    )
    assert not (files / "out").exists()
    with pytest.raises(FormatError, match=r"broken\.jsonl:2"):
        made(trained_on=files / "broken.jsonl")
    assert main(command(files, "--trained-on", f"b={files}/train.txt")) == 2
    assert "--trained-on b=" in capsys.readouterr().err


def test_compare_and_validate_leave_them_out_as_well():
    groups = {
        name: [
            {
                "query_id": q,
                "doc_id_a": next(iter(row)),
                "doc_id_b": [*row][1 + k : 4 + k],
            }
            for q, row in TEACHER.items()
        ]
        for k, name in enumerate(("random", "hard"))
    }
    own = [f"q{n}" for n in range(25)]
    student = {"a": StudentSource("a", scores=STUDENT, kind="logit")}
    found = rb.compare(
        TEACHER,
        groups=groups,
        quantities=("entropy", "risk"),
        pairs="all",
        students=student,
        teacher_kind="logit",
        resamples=0,
        trained_on=own,
    )
    n = {row.quantity: row.n for row in found.rows}
    assert n == {"entropy": 60, "risk": 35}
    assert "trained on these" not in found.proviso
    assert found.teacher.students["a"].trained_on.left_out == 25
    judged = {q: {d: int(s > 0) for d, s in row.items()} for q, row in TEACHER.items()}
    validated = rb.validate(
        TEACHER,
        students=student,
        qrels=judged,
        teacher_kind="logit",
        temperature=1.0,
        measures="nDCG@3",
        resamples=200,
        permutations=99,
        splits=2,
        score_range=2.0,
        trained_on={"a": own},
    )
    scale = validated.datasets[0].students["a"]
    assert (scale.trained_on.left_out, scale.trained_on.of) == (25, 60)
    assert validated.certificates[0].n <= 35
    assert "trained on these" not in validated.proviso
