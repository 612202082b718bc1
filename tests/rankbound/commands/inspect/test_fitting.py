import numpy as np

from rankbound.commands.inspect.across import (
    at_distance_zero,
    compared_scores,
    copy_of_teacher,
    embedded,
    judged,
    scored,
    with_teacher,
)
from rankbound.data.scores import Scores
from tests.rankbound.commands.inspect.test_groups import groups
from tests.rankbound.commands.inspect.test_vectors import look
from tests.rankbound.commands.inspect.world import examined_files, matching
from tests.rankbound.files import group_text, lookup, npy, run_text

GROUPS = groups([("q", ["d0", "d1", "d2"]), ("r", ["d0", "d3", "d4"])])


def test_unscored_documents_are_a_warning_for_the_teacher_only():
    scores = Scores.from_dict(
        {"q": {"d0": 1, "d1": 2}, "r": {"d0": 1, "d3": 2, "d4": 0}}
    )
    row, found = scored(GROUPS, scores, teacher=True)
    assert (row.count, row.total) == (5, 6)
    assert (found.count, found.severity) == (1, "warning")
    assert found.example == "query 'q', document 'd2'"
    assert scored(GROUPS, scores, teacher=False)[1].severity == "note"
    whole = Scores.from_dict({q: {f"d{k}": 1.0 for k in range(5)} for q in "qr"})
    assert scored(GROUPS, whole, teacher=True)[1] is None


def test_documents_without_a_vector_are_counted_in_rows_and_groups():
    row, found = embedded(GROUPS, look(np.eye(4)))
    assert (row.count, row.total) == (5, 6)
    assert "1 of 2" in found.message
    assert embedded(GROUPS, look(np.eye(5)))[1] is None


def test_groups_with_equal_vectors_are_counted():
    rows = np.eye(5)
    rows[4] = rows[3]
    row, found = at_distance_zero(GROUPS, look(rows))
    assert (row.count, row.total, found.count) == (1, 2, 1)
    assert found.example == "query 'r', documents 'd3' and 'd4'"
    rows[4], rows[2] = 0, rows[3]  # equal, but in different groups
    assert at_distance_zero(GROUPS, look(rows))[1] is None
    assert at_distance_zero(GROUPS, look(rows[:3]))[0].count == 0


def test_judgements_find_relevant_negatives_and_what_is_unjudged(tmp_path):
    contents = {
        "g.jsonl": group_text([("q", ["a", "b", "c"]), ("r", ["a", "d"])]),
        "j.qrels": "q 0 a 1\nq 0 b 2\nq 0 c 0\nr 0 a 1\n",
    }
    files, _ = examined_files(tmp_path, contents)
    (wrong_row, wrong), (row, unjudged) = judged(files[0].groups, None, files[1].qrels)
    assert (wrong_row.count, wrong_row.total) == (1, 3)
    assert wrong.example == "query 'q', document 'b'"
    assert (row.count, unjudged.severity) == (1, "note")


def test_judged_share_of_rankings_is_over_judged_queries(tmp_path):
    ranked = {f"d{k}": 20.0 - k for k in range(12)}
    contents = {
        "a.run": run_text({"q": ranked, "other": ranked}),
        "j.qrels": "q 0 d0 1\nq 0 d9 0\nq 0 d10 0\nabsent 0 d0 1\n",
    }
    files, _ = examined_files(tmp_path, contents)
    (row, top), (_, missing) = judged(None, files[0].scores.scores, files[1].qrels)
    assert (row.count, row.total) == (2, 10)  # d10 is the eleventh
    assert (top.count, top.severity) == (8, "warning")
    assert missing.example == "query 'absent'"


def test_unjudged_says_nothing_where_only_relevant_ones_are_listed(tmp_path):
    contents = {"a.run": run_text({"q": {"a": 2.5, "b": 1.5}}), "j.qrels": "q 0 a 1\n"}
    files, _ = examined_files(tmp_path, contents)
    row, found = next(judged(None, files[0].scores.scores, files[1].qrels))
    assert (row.count / row.total, found) == (0.5, None)


def test_a_student_s_documents_need_the_teacher_only_without_groups(tmp_path):
    rows = {"q": {"a": 1.5, "b": -0.5}}
    other = {"q": {"a": 1.0, "x": -0.5, "y": 3.0}}
    contents = {"teacher.json": lookup(rows), "s.run": run_text(other)}
    files, cast = examined_files(tmp_path, contents)
    row, found = with_teacher(files[1], files[0], cast)
    assert (row.count, row.total, found.count) == (1, 3, 2)
    contents["g.jsonl"] = group_text([("q", ["a", "b"])])
    files, cast = examined_files(tmp_path, contents)
    assert with_teacher(files[1], files[0], cast)[1] is None


def test_a_copy_is_noted(tmp_path):
    files, _ = examined_files(tmp_path, matching(**{"v.npy": npy(np.eye(2))}))
    assert copy_of_teacher(files[0])[1].count == 48


RNG = np.random.default_rng(6)
QIDS = ("a", "b", "c")


def run(*, scale=1.0, depth=8, qids=QIDS):
    return run_text(
        {
            qid: {f"d{k}": float(v) for k, v in enumerate(RNG.normal(0, scale, depth))}
            for qid in qids
        }
    )


def found(folder, *runs):
    names = {f"{n}.run": text for n, text in enumerate(runs)}
    files, _ = examined_files(folder, names)
    return {
        finding.code: (finding, [one.path.name for one in members])
        for finding, members in compared_scores(files)
    }


def test_like_runs_have_no_finding(tmp_path):
    assert found(tmp_path, run(), run(), run()) == {}
    assert found(tmp_path, run()) == {}


def test_scales_are_compared_by_orders_of_magnitude(tmp_path):
    finding, names = found(tmp_path, run(), run(scale=1e5))["scales-differ"]
    assert names == ["0.run", "1.run"]
    assert "orders of magnitude" in finding.message
    assert "scales-differ" not in found(tmp_path, run(), run(scale=50))


def test_depths_are_compared_where_they_are_cut_offs(tmp_path):
    finding, names = found(tmp_path, run(depth=16), run(), run())["depths-differ"]
    assert (finding.count, names) == (1, ["1.run", "0.run"])
    assert found(tmp_path, run(), run(depth=12)) == {}


def test_another_order_of_queries_names_the_odd_one_out(tmp_path):
    finding, names = found(tmp_path, run(), run(qids=("b", "a", "c")), run())[
        "query-order-differs"
    ]
    assert (finding.count, names) == (1, ["1.run"])
    # Other queries are not another order
    assert found(tmp_path, run(), run(), run(qids=("a", "b"))) == {}
