import numpy as np
import pytest

from rankbound.commands.cut.run import cut_groups, file_name
from rankbound.commands.measure.options import StudentSource
from rankbound.data.scores import Kind
from rankbound.errors import UsageError
from tests.rankbound.commands.cut.world import N, entropy, teacher
from tests.rankbound.files import lookup, project, run_text, written

pytestmark = pytest.mark.usefixtures("folder")
# The entropy falls with the number of the query
KEPT = {
    "below-median": "45678",
    "above-median": "0123",
    "inner": "2345",
    "outer": "01678",
    "lower-quartile": "678",
    "upper-quartile": "01",
}


def qids(cut, piece):
    return set(cut.values.qids[piece.queries])


def test_the_queries_of_every_band_by_hand(options):
    cut = cut_groups(options())
    by_hand = {f"q{i}": entropy(i) for i in range(N)}
    assert dict(zip(cut.values.qids, cut.values.values, strict=True)) == pytest.approx(
        by_hand
    )
    for piece in cut.pieces:
        assert qids(cut, piece) == {f"q{i}" for i in KEPT[piece.band.name]}
        groups = set(cut.whole.group_qids()[piece.groups])
        assert groups == qids(cut, piece)
        assert piece.groups.sum() == 2 * piece.queries.sum()
    assert cut.pieces[0].cut_points == (None, pytest.approx(entropy(4)))
    assert cut.pieces[0].n_ties == 1  # the median itself
    assert cut.without_value == (0, 0)


def test_any_quantile_band(options):
    cut = cut_groups(options(keep=("0.5:0.75",)))
    assert qids(cut, cut.pieces[0]) == {"q2", "q3"}
    assert cut.pieces[0].name == "train.kept-entropy-0.5-to-0.75.jsonl"


@pytest.mark.parametrize(
    ("source", "changes", "expected"),
    [
        ("train.16.jsonl.gz", {}, "train.16.kept-entropy-inner.jsonl.gz"),
        ("groups", {}, "groups.kept-entropy-inner"),
        ("a.tsv", {"pairs": "pos-neg"}, "a.kept-pos-neg-entropy-inner.tsv"),
        ("a.gz", {"by": "ties"}, "a.kept-ties-inner.gz"),
    ],
)
def test_names_say_what_is_kept(options, source, changes, expected):
    made = options(groups=source, keep=("inner",), **changes)
    name = file_name(
        made.groups, made.bands[0], quantity=made.quantity, pairs=made.pairs
    )
    assert name == expected


def test_pairs_choose_the_value(options):
    alone = cut_groups(options(pairs="neg-neg"))
    # One line has two negatives of score 0, the other one of each score
    first = dict(zip(alone.values.qids, alone.values.values, strict=True))
    p = 1 / (1 + np.exp(-2))
    h = -p * np.log(p) - (1 - p) * np.log(1 - p)
    assert first["q4"] == pytest.approx((np.log(2) + h) / 2)


def test_queries_without_a_score_are_in_no_band_and_counted(options, folder):
    scores = teacher()
    del scores["q3"]
    written(folder, lookup(scores), "t.json")
    with pytest.raises(UsageError, match="`missing='drop'`"):
        cut_groups(options())
    cut = cut_groups(options(missing="drop"))
    assert cut.without_value == (1, 2)
    assert cut.inputs.dropped["documents_without_teacher_score"] == 6
    assert "q3" not in set(cut.values.qids)
    below, above = cut.pieces[:2]
    assert below.queries.sum() + above.queries.sum() == N - 1
    assert below.groups.sum() + above.groups.sum() == 2 * (N - 1)


def test_a_constant_teacher_has_one_half_only(options, folder):
    written(
        folder,
        lookup({q: dict.fromkeys(r, 1.0) for q, r in teacher().items()}),
        "t.json",
    )
    cut = cut_groups(options())
    assert [int(piece.queries.sum()) for piece in cut.pieces] == [N, 0, 0, N, N, 0]
    with pytest.raises(UsageError, match="no query lies in any of the bands"):
        cut_groups(options(keep=("above-median", "inner")))


def test_a_student_and_vectors_give_quantities_too(folder, options):
    project(folder)
    student = StudentSource("s", scores="s.run", temperature=1.0)
    made = options(
        groups="g.jsonl",
        by="risk",
        students=(student,),
        embeddings="v.npy",
        ids="v.ids",
        keep=("below-median",),
    )
    cut = cut_groups(made)
    changes = {(c.quantity, c.pairs) for c in cut.pieces[0].changes}
    assert {("risk", "all"), ("divergence", "all"), ("diameter", "all")} <= changes
    kept = cut.values.values[cut.pieces[0].queries]
    assert kept.max() <= np.median(cut.values.values)
    assert any(path.name == "s.run" for path in cut.inputs.paths)


def test_queries_that_fit_a_temperature_are_cut_like_the_others(folder, options):
    project(folder)
    student = StudentSource("s", scores="s.run", temperature="fit")
    cut = cut_groups(options(groups="g.jsonl", students=(student,), by="divergence"))
    assert len(cut.values) == 12


def test_other_scores_need_a_temperature(folder, options):
    written(folder, run_text(teacher()), "t.json")
    with pytest.raises(UsageError, match="give `temperature`"):
        cut_groups(options(temperature=None, teacher_kind=Kind.BM25))


pytestmark = pytest.mark.usefixtures("folder")


def test_their_names_keep_the_opposite_quarters(options):
    cut = cut_groups(options(compat="reference"))
    found = {made.kept: made for made in cut.compat.cuts}
    # Entropy falls with i: the highest three quarters are q0 to q5, strictly above q6
    assert found["lower-quartile"].reference_name == "lower_quartile"
    for name in ("lower-quartile", "upper-quartile"):
        assert found[name].reference_n_queries == 6
        assert found[name].n_queries_in_both == 0
    assert found["upper-quartile"].n_queries == 2
    assert found["below-median"].reference_n_queries == 4
    assert found["below-median"].n_queries == 5
    assert found["inner"].reference_n_queries == N
    assert found["inner"].reference_n_groups == 2 * N
    assert found["outer"].reference_name == "outlier"
    assert found["outer"].reference_n_queries == 0
    assert all(made.reference_n_without_value == 0 for made in cut.compat.cuts)


def test_missing_scores_count_for_them_and_not_for_us(options, folder):
    scores = teacher()
    del scores["q8"]  # the lowest entropy; all zeros there: one bit
    written(folder, lookup(scores), "t.json")
    cut = cut_groups(options(compat="reference", missing="drop"))
    found = {made.kept: made for made in cut.compat.cuts}
    assert len(cut.values) == N - 1
    assert found["inner"].reference_n_queries + found["outer"].reference_n_queries == N


def test_other_quantities_use_our_values(options):
    cut = cut_groups(options(compat="reference", by="margin", keep=("below-median",)))
    [made] = cut.compat.cuts
    values = cut.values.values
    assert made.reference_n_queries == int(np.sum(values < np.median(values)))


def test_bands_without_a_name_there_are_left_out(options):
    cut = cut_groups(options(compat="reference", keep=("0.1:0.9", "inner")))
    assert [made.kept for made in cut.compat.cuts] == ["inner"]
    assert cut_groups(options()).compat is None
