"""Groups drawn from files: who may be a negative, what is counted, what is written."""

import gzip
import json
import os

import numpy as np
import pytest

import rankbound as rb
from rankbound.bounds.errors import DomainError
from rankbound.cli import main
from rankbound.commands.sample.run import SampleOptions
from rankbound.errors import FormatError, UsageError
from rankbound.writing import settle
from tests.rankbound import kills
from tests.rankbound.files import lookup, run_text, written

RNG = np.random.default_rng(11)
TEACHER = {
    f"q{query}": {f"d{doc:02d}": float(RNG.normal()) for doc in range(30)}
    for query in range(8)
}
QRELS = {qid: {"d03": 1, "d04": 2, "d05": 0, "far": 1} for qid in TEACHER}
GROUPS = [{"query_id": qid, "doc_id_a": "d07", "doc_id_b": ["d08"]} for qid in TEACHER]
RUN = {qid: {f"d{doc:02d}": -float(doc) for doc in range(20)} for qid in TEACHER}


def lines_of(made):
    """Groups as (qid, positive, negatives)."""
    groups = made.groups
    for qid, start, stop in zip(
        groups.group_qids(), groups.offsets[:-1], groups.offsets[1:], strict=False
    ):
        names = groups.docnos[groups.codes[start:stop]].tolist()
        assert groups.positive[start:stop].tolist() == [True] + [False] * len(names[1:])
        yield qid, names[0], names[1:]


def test_each_relevant_document_makes_a_group_and_none_is_a_negative():
    made = rb.sample(TEACHER, sampling="random", size=9, qrels=QRELS)
    assert made.n_groups == 24
    assert made.n_queries == 8
    for qid, positive, negatives in lines_of(made):
        assert positive in {"d03", "d04", "far"}
        assert len({*negatives}) == 8
        assert {*negatives} <= TEACHER[qid].keys() - {"d03", "d04", "far"}
    graded = rb.sample(TEACHER, sampling="random", size=9, qrels=QRELS, relevant=2)
    assert {positive for _, positive, _ in lines_of(graded)} == {"d04"}


def test_the_best_of_a_run_are_drawn_among_the_scored_documents():
    run = {qid: {"unscored": 1.0, **row} for qid, row in RUN.items()}
    qrels = {qid: {"d00": 1} for qid in TEACHER}
    made = rb.sample(TEACHER, sampling="bm25", size=5, runs={"bm25": run}, qrels=qrels)
    for _, _, negatives in lines_of(made):
        assert {*negatives} == {"d01", "d02", "d03", "d04"}


def test_a_file_that_changes_while_groups_are_drawn_is_refused(monkeypatch, tmp_path):
    teacher = written(tmp_path, run_text(TEACHER), "teacher.run")
    os.utime(teacher, (1, 1))
    draw = SampleOptions.draw

    def changing(self, progress):
        found = draw(self, progress)
        teacher.touch()
        return found

    given = {"sampling": "random", "size": 9, "qrels": QRELS}
    rb.sample(teacher, **given)
    monkeypatch.setattr(SampleOptions, "draw", changing)
    with pytest.raises(FormatError, match="changed since it was read"):
        rb.sample(teacher, **given)


def test_neither_the_order_of_rows_nor_other_queries_change_a_group():
    made = rb.sample(TEACHER, sampling="stratified", size=9, qrels=QRELS)
    turned = {
        qid: dict(reversed(row.items())) for qid, row in reversed(TEACHER.items())
    }
    again = rb.sample(turned, sampling="stratified", size=9, qrels=QRELS)
    assert [*lines_of(made)] == [*lines_of(again)]
    fewer = {qid: TEACHER[qid] for qid in ("q1", "q5")}
    part = rb.sample(fewer, sampling="stratified", size=9, qrels=QRELS)
    assert {*map(str, lines_of(part))} < {*map(str, lines_of(made))}
    other = rb.sample(TEACHER, sampling="stratified", size=9, qrels=QRELS, seed=1)
    assert [*lines_of(made)] != [*lines_of(other)]


@pytest.mark.parametrize("law", ["random", "bm25", "fusion"])
def test_how_much_is_looked_at_together_changes_nothing(monkeypatch, law):
    """A query has 30 candidates, so blocks are of one query, of two, and of all."""
    rng, found = np.random.default_rng(5), []
    run = {qid: {doc: float(rng.normal()) for doc in row} for qid, row in RUN.items()}
    for block in (1, 70, 1 << 21):
        monkeypatch.setattr("rankbound.commands.sample.run.BLOCK", block)
        made = rb.sample(TEACHER, sampling=law, size=9, qrels=QRELS, runs={"bm25": run})
        found.append([*lines_of(made)])
    assert found[0] == found[1] == found[2]


def test_a_lone_run_is_fused_with_the_teachers_whole_ranking():
    rng = np.random.default_rng(5)
    run = {qid: {doc: float(rng.normal()) for doc in row} for qid, row in RUN.items()}
    # A place is one among all documents, of which those judged relevant are not drawn
    qrels = {qid: dict.fromkeys([*row][::2], 1) for qid, row in TEACHER.items()}
    given = {"sampling": "fusion", "size": 5, "qrels": qrels}
    alone, both = (
        rb.sample(TEACHER, runs=runs, **given)
        for runs in ({"bm25": run}, {"bm25": run, "teacher": TEACHER})
    )
    assert [*lines_of(alone)] == [*lines_of(both)]


def test_positives_of_groups_are_kept_and_their_negatives_drawn_anew():
    made = rb.sample(TEACHER, sampling="top", size=4, groups=GROUPS)
    for qid, positive, negatives in lines_of(made):
        assert positive == "d07"
        rest = TEACHER[qid].keys() - {"d07"}
        assert {*negatives} == {*sorted(rest, key=TEACHER[qid].get)[-3:]}


def test_groups_that_share_a_positive_are_drawn_independently():
    made = rb.sample(TEACHER, sampling="random", size=9, groups=[*GROUPS, *GROUPS])
    drawn = {(qid, *sorted(negatives)) for qid, _, negatives in lines_of(made)}
    assert len(drawn) == made.n_groups == 2 * len(GROUPS)


def test_without_judgements_the_best_document_stands_in_and_that_is_said():
    made = rb.sample(TEACHER, sampling="random", size=4)
    assert made.positives == "the teacher's best"
    assert made.notes
    for qid, positive, _ in lines_of(made):
        assert TEACHER[qid][positive] == max(TEACHER[qid].values())


def test_suspected_negatives_are_left_out_and_counted():
    made = rb.sample(
        TEACHER, sampling="random", size=25, qrels=QRELS, drop_suspected=0.5
    )
    drawn = {(qid, positive): {*names} for qid, positive, names in lines_of(made)}
    n_suspected = 0
    for qid, row in TEACHER.items():
        others = row.keys() - {"d03", "d04"}
        for positive in ("d03", "d04"):
            limit = row[positive] - 0.5
            open_ = {doc for doc in others if row[doc] <= limit}
            n_suspected += len(others) - len(open_)
            found = drawn.get((qid, positive), set())
            assert found <= open_
            assert len(found) == min(24, len(open_))
    assert made.suspected == n_suspected
    # "far" has no score, so that nothing can be said of its group
    assert made.dropped["groups whose positive has no score"] == 8


def test_too_few_candidates_make_a_shorter_group_that_is_counted():
    scores = {"q": {"a": 3.0, "b": 2.0, "c": 1.0}, "r": {"a": 1.0, "b": 0.0}}
    qrels = {"q": {"a": 1}, "r": {"a": 1, "b": 1}, "s": {"a": 1}}
    made = rb.sample(scores, sampling="random", size=4, qrels=qrels)
    assert (made.n_groups, made.n_short) == (1, 1)
    assert made.dropped == {
        "groups without a candidate": 2,
        "positives of queries without scores": 1,
    }


def test_the_file_holds_the_groups_and_their_probabilities(tmp_path):
    path = tmp_path / "groups.jsonl.gz"
    made = rb.sample(TEACHER, sampling="stratified", size=9, qrels=QRELS, out=path)
    text = gzip.decompress(path.read_bytes()).decode()
    found = [json.loads(line) for line in text.splitlines()]
    expected = [*lines_of(made)]
    assert [
        (one["query_id"], one["doc_id_a"], one["doc_id_b"]) for one in found
    ] == expected
    for one in found:
        first, *others = one["sampling_probabilities"]
        assert first == 1
        assert len(others) == 8
        assert sum(others) <= 8
        assert min(others) > 0
    back = rb.read_groups(path)
    assert back.inclusion.tolist() == [
        number for one in found for number in one["sampling_probabilities"]
    ]
    assert back.probabilities is None
    copy = tmp_path / "groups.groups.parquet"
    assert not rb.convert(path, copy).lost
    np.testing.assert_array_equal(rb.read_groups(copy).inclusion, back.inclusion)


@pytest.mark.parametrize(
    "wrong",
    [
        "[1.0, 0.5, 0.5]",  # not one for each document
        "[1.0, 0.0]",  # what was drawn is not impossible
        "[1.0, 1.5]",
        "[1.0, true]",
        "null",
    ],
)
def test_sampling_probabilities_that_are_none_are_refused(tmp_path, wrong):
    good = '{"query_id": "q%d", "doc_id_a": "a", "doc_id_b": ["b"], %s}\n'
    key = '"sampling_probabilities": '
    text = good % (1, f"{key}[1.0, 0.5]") + good % (2, f"{key}{wrong}")
    with pytest.raises(rb.FormatError, match=r"g\.jsonl:2"):
        rb.read_groups(written(tmp_path, text, "g.jsonl"))


def test_the_json_takes_the_place_of_the_screen(tmp_path, capsys, monkeypatch):
    """As in every command: `-` is no file."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path, lookup(TEACHER), "t.json")
    line = "sample --teacher t.json --sampling random --size 3 --out g.jsonl --json -"
    assert main(line.split()) == 0
    assert json.loads(capsys.readouterr().out)["file"]["path"] == "g.jsonl"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.jsonl", "t.json"]


def test_it_writes_what_measure_reads(tmp_path):
    written(tmp_path, lookup(TEACHER), "t.json")
    written(tmp_path, run_text(RUN), "bm25.run")
    written(
        tmp_path,
        "".join(f"{q} 0 {d} {g}\n" for q, row in QRELS.items() for d, g in row.items()),
        "t.qrels",
    )
    out = tmp_path / "made.jsonl"
    line = (
        f"sample --teacher {tmp_path}/t.json --qrels {tmp_path}/t.qrels --run "
        f"bm25={tmp_path}/bm25.run --sampling bm25+random --depth 12 --size 6 "
        f"--relevant 2 --out {out} --json {tmp_path}/made.json"
    )
    assert main(line.split()) == 0
    said = json.loads((tmp_path / "made.json").read_text())
    assert said["schema"] == "rankbound.sample/1"
    assert said["n_groups"] == 8
    measured = rb.measure(f"{tmp_path}/t.json", groups=out, teacher_kind="logit")
    assert len(measured.beside["per_query"]) == 8


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"sampling": "bm25"}, DomainError),
        ({"sampling": "top", "size": 1}, DomainError),
        ({"sampling": "top", "qrels": QRELS, "groups": GROUPS}, UsageError),
        ({"sampling": "top", "seed": -1}, DomainError),
        ({"sampling": "top", "runs": {"top": RUN}}, UsageError),
        ({"sampling": "top", "runs": {"a+b": RUN}}, UsageError),
        ({"sampling": "b", "runs": {"b": {"x": {"d": 1.0}}}}, UsageError),
        ({"sampling": "top", "qrels": {"x": {"d": 1}}}, UsageError),
        ({"sampling": "top", "qrels": QRELS, "relevant": 3}, UsageError),
        ({"sampling": "top", "size": "4"}, UsageError),
    ],
)
def test_contradictions_are_refused(settings, error):
    with pytest.raises(error):
        rb.sample(TEACHER, **settings)


@pytest.mark.parametrize(
    ("sampling", "settings"),
    [
        ("random", {"depth": 9}),
        ("stratified+entropy", {"depth": 9}),
        ("top", {"strata": 3}),
        ("stratified", {"band": (0.25, 1.0)}),
        ("random", {"relevant": 2, "qrels": None}),
    ],
)
def test_a_setting_without_effect_is_refused(sampling, settings):
    given = {"size": 4, "qrels": QRELS} | settings
    name = next(iter(settings))
    with pytest.raises(UsageError, match=f"`{name}` is a setting of .*leave it out"):
        rb.sample(TEACHER, sampling=sampling, **given)


@pytest.mark.parametrize(
    ("sampling", "settings"),
    [
        ("bm25+random", {"depth": 9, "runs": {"bm25": RUN}}),
        ("stratified-count", {"strata": 3}),
        ("entropy", {"band": (0.25, 1.0)}),
        ("random", {"relevant": 2}),
    ],
)
def test_a_setting_that_is_used_is_taken(sampling, settings):
    given = {"size": 4, "qrels": QRELS} | settings
    assert rb.sample(TEACHER, sampling=sampling, **given).n_groups


def test_an_input_is_never_the_output(tmp_path):
    path = written(tmp_path, lookup(TEACHER), "t.json")
    with pytest.raises(UsageError):
        rb.sample(path, sampling="top", out=path, to="groups")
    assert json.loads(path.read_text()) == TEACHER


def test_the_margin_of_suspected_negatives_is_in_temperatures():
    rng = np.random.default_rng(4)
    scores = {
        f"q{n}": {f"d{k}": float(v) for k, v in enumerate(rng.normal(size=9))}
        for n in range(30)
    }
    qrels = {
        qid: {doc: int(value > 0.4) for doc, value in row.items()}
        for qid, row in scores.items()
    }
    settings = {"sampling": "random", "size": 4, "qrels": qrels}
    cool = rb.sample(scores, drop_suspected=0.6, **settings)
    warm = rb.sample(scores, drop_suspected=0.2, temperature=3.0, **settings)
    assert warm.temperature == 3.0
    assert [*lines_of(warm)] == [*lines_of(cool)]
    assert warm.suspected == cool.suspected > 0


def test_a_fitted_temperature_is_that_of_all_judged_pairs():
    rng = np.random.default_rng(6)
    truth = rng.normal(size=(60, 6))
    noisy = 5 * (truth + rng.normal(size=(60, 6)))
    scores = {
        f"q{n}": {f"d{k}": float(v) for k, v in enumerate(row)}
        for n, row in enumerate(noisy)
    }
    qrels = {
        f"q{n}": {f"d{k}": int(v > 0) for k, v in enumerate(row)}
        for n, row in enumerate(truth)
    }
    made = rb.sample(scores, sampling="top", size=3, qrels=qrels, temperature="fit")
    # The same pairs, weighed by query, by a plain search
    losses = []
    grid = np.geomspace(0.5, 50, 4001)
    margins, weights = [], []
    for qid, row in scores.items():
        pairs = [
            row[a] - row[b] for a in row for b in row if qrels[qid][a] > qrels[qid][b]
        ]
        margins += pairs
        weights += [1 / len(pairs)] * len(pairs) if pairs else []
    for scale in grid:
        loss = np.logaddexp(0, -np.array(margins) / scale)
        losses.append(np.dot(weights, loss))
    assert made.temperature == pytest.approx(grid[int(np.argmin(losses))], rel=2e-3)
    assert "overconfident by a factor of" in made.notes[-1]
    with pytest.raises(UsageError, match="`temperature='fit'` needs pairs"):
        rb.sample(scores, sampling="top", temperature="fit")


def test_a_kill_leaves_old_or_new_groups_and_results_in_two_folders(
    tmp_path, monkeypatch, capsys
):
    """At no renaming is one of the files half written or missing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(kills, "CALLS", ("rename", "replace"))
    written(tmp_path, lookup(TEACHER), "t.json")
    (tmp_path / "g").mkdir()

    def drawn(seed):
        line = "sample --teacher t.json --sampling random --size 3 --force --quiet "
        return main(f"{line} --seed {seed} --out g/g.jsonl --json j/j.json".split())

    places = [tmp_path / "g" / "g.jsonl", tmp_path / "j" / "j.json"]
    assert drawn(2) == 0
    new = [place.read_bytes() for place in places]
    assert drawn(1) == 0
    old = [place.read_bytes() for place in places]
    seen, code, at = set(), 9, 0
    while code == 9:
        at += 1
        code = kills.killed(lambda: drawn(2), at, after=False)
        for place in places:  # as the next command does there
            settle(place.parent)
        left = [place.read_bytes() for place in places]
        named = [
            ("old", "new")[content == one]
            for content, one in zip(left, new, strict=True)
        ]
        assert left == [
            {"old": o, "new": n}[k] for k, o, n in zip(named, old, new, strict=True)
        ]
        seen.add(tuple(named))
        assert {path.name for path in tmp_path.rglob("*")} == {
            *("t.json", "g", "j", "g.jsonl", "j.json")
        }
        for place, content in zip(places, old, strict=True):
            place.write_bytes(content)
    assert code == 0
    assert seen == {("old", "old"), ("new", "old"), ("new", "new")}
    capsys.readouterr()


def test_where_the_result_cannot_be_written_the_groups_stay(tmp_path, capsys):
    written(tmp_path, lookup(TEACHER), "t.json")
    groups = written(tmp_path, "what was there", "g.jsonl")
    written(tmp_path, "no folder", "j")
    line = f"sample --teacher {tmp_path}/t.json --sampling random --size 3 --force "
    assert main(f"{line} --out {groups} --json {tmp_path}/j/j.json".split()) == 2
    assert "j: " in capsys.readouterr().err
    assert groups.read_text() == "what was there"


def test_without_their_positive_groups_are_of_what_a_sampling_draws(tmp_path, capsys):
    asked = {"sampling": "top", "size": 6, "qrels": QRELS}
    kept = rb.sample(TEACHER, **asked)
    made = rb.sample(TEACHER, **asked, positives="remove")
    assert made.groups.positive is None
    assert (kept.positives_kept, made.positives_kept) == (True, False)
    assert set(made.groups.sizes.tolist()) == {6}
    groups = made.groups
    for qid, start in zip(groups.group_qids(), groups.offsets[:-1], strict=True):
        names = groups.docnos[groups.codes[start : start + 6]].tolist()
        others = TEACHER[qid].keys() - {"d03", "d04"}
        best = sorted(others, key=TEACHER[qid].get, reverse=True)[:6]
        assert {*names} == {*best}
    files = {"teacher": tmp_path / "t.json", "qrels": tmp_path / "q.qrels"}
    files["teacher"].write_text(json.dumps(TEACHER))
    rows = [f"{q} 0 {d} {g}" for q, row in QRELS.items() for d, g in row.items()]
    files["qrels"].write_text("\n".join(rows) + "\n")
    line = f"sample --teacher {files['teacher']} --qrels {files['qrels']} --size 6"
    line += " --sampling top --positives remove --out "
    out = tmp_path / "groups.parquet"
    assert main([*line.split(), str(out)]) == 0
    assert "which groups do not hold" in capsys.readouterr().out
    read = rb.measure(TEACHER, groups=out, teacher_kind="logit")
    again = rb.measure(TEACHER, groups=made.groups, teacher_kind="logit")
    assert read.teacher.entropy == pytest.approx(again.teacher.entropy)
    # JSON lines of training groups say which document is the positive
    assert main([*line.split(), str(tmp_path / "groups.jsonl")]) == 2
    assert "needs groups whose positives are marked" in capsys.readouterr().err
    with pytest.raises(UsageError, match="`positives` must be 'keep' or 'remove'"):
        rb.sample(TEACHER, **asked, positives="drop")


def test_pools_hold_all_that_may_be_drawn_with_its_strata():
    options = SampleOptions(
        teacher=TEACHER, sampling="stratified-count", size=5, strata=4, qrels=QRELS
    )
    pools, drawn = options.pools(), options.draw().groups
    assert pools.groups.n_groups == drawn.n_groups
    sizes = pools.groups.sizes
    for place, start in enumerate(pools.groups.offsets[:-1]):
        rows = slice(start, start + sizes[place])
        strata, chances = pools.strata[rows], pools.groups.inclusion[rows]
        assert (strata[0], chances[0]) == (0, 1.0)
        for stratum in range(1, 5):
            assert chances[strata == stratum].sum() == pytest.approx(1)
        names = pools.groups.docnos[pools.groups.codes[rows]].tolist()
        mine = slice(drawn.offsets[place], drawn.offsets[place + 1])
        found = drawn.docnos[drawn.codes[mine]].tolist()
        assert found[0] == names[0]
        taken = sorted(strata[names.index(one)] for one in found)
        assert taken == [0, 1, 2, 3, 4]
    mixed = SampleOptions(
        teacher=TEACHER, sampling="top+random", size=5, depth=4, qrels=QRELS
    )
    with pytest.raises(DomainError, match="no mixture"):
        mixed.pools()
