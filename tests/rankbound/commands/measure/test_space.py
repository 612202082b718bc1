"""Distances of the certificate's groups; calibration groups count nowhere."""

import numpy as np
from numpy.testing import assert_allclose

from rankbound.commands.measure.space import survey
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import top_documents
from rankbound.data.scores import Scores


def small():
    teacher = Scores.from_dict(
        {"p": {"a": 1.0, "b": 0.0}, "q": {"a": 1.0, "c": 0.0, "d": -1.0}}
    )
    points = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0], [0.0, 1.0]])
    vectors = Embeddings(strings(["a", "b", "c", "d"]), points)
    return top_documents(teacher, depth=3), vectors


def test_survey_matches_hand_computation():
    groups, vectors = small()
    scores = np.array([2.0, 0.0, 6.0, 4.0, 1.0])  # p: a b; q: a c d
    space = survey(
        groups, vectors, metric="euclidean", pairs="all",
        counted=np.array([True, True]), students={"s": scores},
    )  # fmt: skip
    assert space.largest == 5.0
    assert space.quantile_99 == 5.0
    assert_allclose(space.groups.mean_distance, [5.0, 2 / 3])
    assert_allclose(space.rms_distance, np.sqrt(0.5 * 25 + 0.5 * 2 / 3))
    assert space.steepness["s"].lipschitz == 5.0  # |6 - 1| at distance 1
    assert space.steepness["s"].n_apart == 1  # c and d: one place, two scores


def test_survey_leaves_calibration_groups_out():
    groups, vectors = small()
    space = survey(
        groups, vectors, metric="euclidean", pairs="all",
        counted=np.array([False, True]), students={"s": np.zeros(5)},
    )  # fmt: skip
    assert space.largest == space.quantile_99 == 1.0
    assert_allclose(space.groups.diameter, [5.0, 1.0])
    assert_allclose(space.rms_distance, np.sqrt(2 / 3))
    assert space.steepness["s"].lipschitz == 0.0
    assert space.steepness["s"].n_apart == 0
