"""Certificates and verdicts of clustered queries, by simulation on a small scale."""

import pytest

from benchmarks.studies import clusters
from benchmarks.studies.clusters import SHAPES, Outcome, Shape, run
from tests import oracles

DRAWS = 25


@pytest.mark.statistical
@pytest.mark.parametrize("shape", [Shape(10, 40, 40), Shape(40, 10, 10)])
def test_what_is_certified_of_clusters_holds_and_of_their_queries_does_not(shape):
    """False-alarm rate 4e-6; `make study-clusters` draws more.

    The truth is computed from all topics without the program.
    """
    found = run(shape, draws=DRAWS, clustered=True)
    most = oracles.most_failures(DRAWS, clusters.DELTA, 1e-6)
    assert found.torn == 0
    assert found.either * DRAWS <= most
    assert found.different * DRAWS <= most
    # So that the test can fail: without clusters, far too much does
    plain = run(shape, draws=DRAWS, clustered=False)
    expected = oracles.most_failures(DRAWS, clusters.DELTA, 1e-3)
    assert plain.either * DRAWS > expected
    assert plain.different * DRAWS > expected
    assert plain.torn > 0 or shape.clusters < 20


def test_the_study_fails_where_something_fails_too_often():
    def outcome(**changed):
        rates = dict.fromkeys(("mean_fails", "share_fails", "either", "different"), 0.0)
        made = {"shape": SHAPES[0], "clustered": True, "draws": 400, "median": 0.6}
        return Outcome(**{**made, **rates, "torn": 0, **changed})

    assert outcome().failure == ""
    assert outcome(mean_fails=0.1, either=0.1).failure == "limit, either"
    assert outcome(different=0.2, torn=1).failure == "verdict, split"
    assert outcome(different=0.2, clustered=False).failure == ""
