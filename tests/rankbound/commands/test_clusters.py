"""Queries in clusters: copies of a query say no more than the query."""

import json

import pytest

import rankbound as rb
from rankbound.drawing.ledgers import drawings
from rankbound.drawing.results import find_results
from rankbound.errors import UsageError
from rankbound.figures.output import data_of
from rankbound.page.queries import ledger_queries
from tests.rankbound.clusters import copied, differing, drawn, flat

N = 26
# Where copies of queries count: numbers of queries, groups, documents and pairs, and
# shares of documents, lists and pairs
COUNTS = (
    *("n_queries", "n_groups", "n_documents", "n_pairs", "n_lists", "pilot_queries"),
    *(
        "n_calibration",
        "n_certificate",
        "queries",
        "largest",
        "clustering",
        "norms",
        "near_copies",
    ),
    *("clipped_share", "tied_share", "share_of_lists_below_1", "n_judged", "two_nn"),
    *("share_of_lists_not_vacuous", "variance", "group_mean", "group_mean_bits"),
    *("documents", "equal_documents", "queries_left_out", "dropped", "delta"),
    *("n_negatives", "queries_without_kappa", "groups_without_dimension"),
    *("versions", "inputs", "n_terms", "n_held_out"),
    *("pilot_clusters", "n_clusters", "clusters", "n_calibration_clusters"),
    *("n_certificate_clusters", "document_overlap"),
)


@pytest.fixture(scope="module")
def one():
    return drawn(N)


@pytest.fixture(scope="module")
def many(one):
    """One to four copies of each query."""
    return copied(one, lambda place: 1 + place % 4)


def measured(world, **settings):
    return rb.measure(
        world.teacher,
        students={"s": world.student},
        groups=world.lines("random"),
        qrels=world.qrels,
        embeddings=world.vectors(),
        teacher_kind="logit",
        **settings,
    )


def test_copies_of_queries_leave_every_number_of_measure_as_it_is(one, many):
    """Limits, shares, floors, choices, readings, distances: all are of clusters."""
    alone = measured(one)
    found = measured(many, clusters=many.clusters)
    # The plain calibration error is one of pairs, whoever asked for them
    apart = (*COUNTS, "calibration_error")
    assert differing(alone.to_dict(), found.to_dict(), apart=apart) == {}
    assert len(flat(found.students["s"].to_dict())) > 90
    assert found.clusters == alone.n_queries == found.students["s"].n_clusters
    assert found.n_queries == len(found.beside["per_query"]) > 1.5 * alone.n_queries
    assert found.students["s"].chosen.pilot_clusters == 5
    # Without clusters the copies count, and the limit is lower
    counted = measured(many)
    assert counted.students["s"].upper < found.students["s"].upper
    assert counted.clusters is None


def test_a_cluster_for_each_query_leaves_every_number_as_it_is(one):
    alone, found = measured(one), measured(one, clusters=one.clusters)
    new = ("clustering", "clusters", "n_clusters", "pilot_clusters", "inputs")
    new += ("n_calibration_clusters", "n_certificate_clusters", "versions")
    assert differing(alone.to_dict(), found.to_dict(), apart=new) == {}


def test_the_shift_is_one_over_clusters(one, many):
    def shifted(world, **settings):
        return measured(world, target_groups=world.lines("hard"), **settings)

    first = shifted(one).students["s"].shift.to_dict()
    second = shifted(many, clusters=many.clusters).students["s"].shift.to_dict()
    assert differing(first, second, apart=COUNTS) == {}
    assert first["forms"]["total_variation"]["limit"] is not None


def compared(world, **settings):
    return rb.compare(
        world.teacher,
        groups={name: world.lines(name) for name in ("random", "hard")},
        students={"s": world.student},
        embeddings=world.vectors(),
        quantities=("entropy", "risk", "diameter", "two_nn"),
        teacher_kind="logit",
        resamples=199,
        controls=True,
        **settings,
    )


def test_copies_of_queries_leave_every_comparison_as_it_is(one, many):
    alone = compared(one).to_dict()
    found = compared(many, clusters=many.clusters).to_dict()
    apart = ("shift", "controls", *COUNTS)
    assert differing(alone, found, apart=apart) == {}
    assert {row["n"] for row in found["rows"]} == {N}
    assert {row["direction"]["of"] for row in found["rows"]} == {N}
    assert {row["n_queries"] for row in found["rows"]} == {len(many.teacher)}
    assert found["controls"]["passed"] is True
    assert compared(many).rows[0].n == len(many.teacher)


def test_a_cluster_is_kept_by_the_mean_of_its_queries_and_as_a_whole(
    one, many, tmp_path
):
    def made(world, **settings):
        path = tmp_path / f"{len(world.teacher)}.jsonl"
        lines = world.lines("random")
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        found = rb.cut(world.teacher, groups=path, teacher_kind="logit", **settings)
        where = tmp_path / f"cuts of {len(world.teacher)}"
        found.save(where)
        kept = {
            file.kept: {
                json.loads(line)["query_id"]
                for line in (where / file.file).read_text().splitlines()
            }
            for file in found.files
        }
        return found, kept

    (alone, kept), (found, copies) = made(one), made(many, clusters=many.clusters)
    for band, qids in copies.items():
        assert {many.clusters[qid] for qid in qids} == kept[band]
        assert qids == {q for q, c in many.clusters.items() if c in kept[band]}
        assert found.files[band].n_clusters == len(kept[band])
        assert found.files[band].cut_points == pytest.approx(
            alone.files[band].cut_points
        )
    first, second = (result.comparison.to_dict() for result in (alone, found))
    assert differing(first, second) == {}


def validated(world, **settings):
    return rb.validate(
        world.teacher,
        students={"s": world.student},
        qrels=world.qrels,
        groups={name: world.lines(name) for name in ("random", "hard")},
        teacher_kind="logit",
        measures="nDCG@3 P@2",
        temperature=1.0,
        resamples=200,
        permutations=199,
        splits=3,
        **settings,
    )


def test_copies_of_queries_leave_every_test_of_validate_as_it_is(one, many):
    """Random numbers are drawn for as many clusters as there were queries."""
    alone = validated(one).to_dict()
    found = validated(many, clusters=many.clusters).to_dict()
    assert differing(alone, found, apart=("controls", "datasets", *COUNTS)) == {}
    assert {row["n"] for row in found["means"]} == {N}
    assert found["family"]["unit"] == "cluster"
    assert all(control["passed"] for control in found["controls"])


def test_power_counts_and_resamples_clusters(one, many, tmp_path):
    def save(world, name, **settings):
        found = rb.measure(world.teacher, teacher_kind="logit", **settings)
        found.save(tmp_path / name)

    save(one, "one")
    save(many, "clustered", clusters=many.clusters)
    save(many, "plain")
    wanted = rb.power(folder=tmp_path / "one", margin=0.1)
    # As measured, with the file again, or with the file alone
    found = rb.power(folder=tmp_path / "clustered", margin=0.1)
    again = rb.power(folder=tmp_path / "clustered", margin=0.1, clusters=many.clusters)
    assert (again.rows, again.needed) == (found.rows, found.needed)
    assert found.clusters == wanted.rows[0].n == found.rows[0].n
    assert differing(wanted.to_dict()["rows"], found.to_dict()["rows"]) == {}
    assert differing(wanted.to_dict()["needed"], found.to_dict()["needed"]) == {}
    plain = rb.power(folder=tmp_path / "plain", clusters=many.clusters)
    assert plain.rows[0].n == plain.clusters == N < len(many.teacher)
    with pytest.raises(UsageError, match="`folder`"):
        rb.power(sd=0.1, n=40, clusters=many.clusters)


def test_power_of_a_comparison_of_clusters(one, many, tmp_path):
    def save(world, name, **settings):
        rb.compare(
            world.teacher,
            groups={name: world.lines(name) for name in ("random", "hard")},
            teacher_kind="logit",
            pairs="all",
            resamples=0,
            **settings,
        ).save(tmp_path / name)

    save(one, "one")
    save(many, "many", clusters=many.clusters)
    first, second = (rb.power(folder=tmp_path / name) for name in ("one", "many"))
    assert differing(first.to_dict()["rows"], second.to_dict()["rows"]) == {}


def test_an_augmentation_is_judged_by_clusters(one, many, tmp_path):
    def folders(world, name, **settings):
        for sampling in ("random", "hard"):
            rb.measure(
                world.teacher,
                students={"s": world.student},
                groups=world.lines(sampling),
                teacher_kind="logit",
                score_range=2.0,
                **settings,
            ).save(tmp_path / name / sampling)
        return [tmp_path / name / sampling for sampling in ("random", "hard")]

    alone = folders(one, "one")
    first = rb.bound(before=alone[0], after=alone[1])
    clustered = folders(many, "many", clusters=many.clusters)
    second = rb.bound(before=clustered[0], after=clustered[1])
    apart = ("n_queries", "n_clusters")
    assert (
        differing(
            first.to_dict()["students"], second.to_dict()["students"], apart=apart
        )
        == {}
    )
    assert second.students["s"].n_clusters == first.students["s"].n_queries
    plain = folders(many, "plain")
    with pytest.raises(UsageError, match="`clusters`"):
        rb.bound(before=plain[0], after=clustered[1])


@pytest.mark.parametrize("command", [measured, compared, validated])
def test_a_query_without_a_cluster_is_refused(one, command):
    some = dict(list(one.clusters.items())[: N - 3])
    with pytest.raises(UsageError, match=f"for 3 of {N} queries"):
        command(one, clusters=some)


def test_queries_that_the_run_lacks_are_counted(one):
    more = {**one.clusters, "x1": "x", "x2": "x"}
    found = measured(one, clusters=more)
    assert found.clustering.queries_without_a_group == 2
    assert found.dropped["queries_with_a_cluster_but_no_group"] == 2
    assert found.clustering.queries == N


def test_sentences_speak_of_clusters(many):
    found = measured(many, clusters=many.clusters).students["s"]
    share, mean, *_ = found.sentences
    assert f"{found.share.below} of {found.share.of}" in share
    assert "clusters" in share
    assert f"n = {found.n_clusters} clusters" in mean
    row = compared(many, clusters=many.clusters).sentences[0]
    assert f"n = {N} clusters of {len(many.teacher)} queries" in row


def test_tables_page_and_figures_know_the_clusters(many, tmp_path):
    measured(many, clusters=many.clusters).save(tmp_path)
    rows = rb.Ledger.load(tmp_path).beside["per_query"]
    named = dict(zip(rows.column("qid"), rows.column("cluster"), strict=True))
    assert named == {qid: many.clusters[qid] for qid in named}
    [result] = find_results(tmp_path)
    table = ledger_queries([result], {})
    assert table.text("cluster") == tuple(rows.column("cluster"))
    [figure] = [d for d in drawings(result) if "limit-over-n" in d.name]
    entry = result.as_a(rb.Ledger).students["s"]
    shown = data_of(figure.draw())
    points = zip(*shown.values(), strict=True)
    assert ("n", entry.n_clusters, pytest.approx(entry.upper)) in points
