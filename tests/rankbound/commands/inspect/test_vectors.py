import numpy as np

from rankbound.commands.inspect.parts import survey, vector_findings
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from tests.rankbound.commands.inspect.world import codes, only


def look(rows):
    rows = np.asarray(rows, dtype=np.float32)
    ids = strings([f"d{n}" for n in range(len(rows))])
    return survey(Embeddings(ids, rows))


def test_unit_vectors_have_no_finding():
    vectors = look(np.eye(4))
    assert codes(vector_findings(vectors)) == {}
    assert vectors.counts().to_dict() == {
        "dim": 4,
        "dtype": "float32",
        "norms": [1.0, 1.0, 1.0],
        "unit_share": 1.0,
        "zero": 0,
        "not_finite": 0,
        "equal_sets": 0,
        "equal_vectors": 0,
        "near_pairs": 0,
    }


def test_everything_odd_is_found_with_its_ids():
    rows = np.eye(9, 16) * 3
    rows[1] = rows[0]  # equal
    rows[2] = rows[3] + 1e-4  # near
    rows[4] = 0
    rows[5, 0] = np.nan
    rows[6] = rows[6] / 3  # of length 1, as no other
    found = vector_findings(look(rows))
    assert codes(found) == {
        "not-finite": 1,
        "zero-vectors": 1,
        "equal-vectors": 2,
        "near-duplicate-vectors": 1,
        "mixed-lengths": 7,
    }
    assert only(found, "not-finite").example == "id 'd5'"
    assert only(found, "zero-vectors").example == "id 'd4'"
    assert only(found, "equal-vectors").example == "'d0', 'd1'"
    assert only(found, "near-duplicate-vectors").example == "'d2' and 'd3'"


def test_nothing_finite_leaves_no_numbers():
    vectors = look(np.full((3, 2), np.nan))
    assert vectors.counts().norms is None
    assert codes(vector_findings(vectors)) == {"not-finite": 3}


def test_too_many_neighbours_are_said_to_be_unknown():
    rows = 1 + 1e-6 * np.random.default_rng(0).normal(size=(300, 4))
    vectors = look(rows)
    assert vectors.counts().near_pairs is None
    only(vector_findings(vectors), "near-duplicates-unknown")
