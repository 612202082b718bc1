"""Families of students: their means, and measured students beside the worlds."""

import numpy as np
from numpy.testing import assert_allclose

from rankbound.bounds.registry import statement
from rankbound.validation.findings import Case, families, family
from rankbound.validation.worlds import laws
from tests.validation.mutation import invented_groups


def test_a_family_holds_mean_losses_within_its_range():
    groups = invented_groups()
    matrices = groups.students(np.random.default_rng(0), norm=2.0, count=3)
    found = family(groups, matrices)
    expected = [groups.losses(matrix).mean(axis=1) for matrix in matrices]
    assert_allclose(found.risks, expected)
    assert_allclose(found.means, np.mean(expected, axis=1))
    assert found.low == found.risks.min()
    assert found.high == found.risks.max()
    assert found.draw(np.random.default_rng(0), (5, 7)).shape == (5, 7)


def test_families_are_on_every_world_and_the_measured_queries():
    groups = invented_groups()
    measured = {"a": groups.terms(groups.student), "b": groups.terms(groups.student)}
    rng = np.random.default_rng(0)
    case = Case(statement("theorem-1h"), rng, groups=groups, measured=measured)
    found = list(families(case, 20, 4))
    assert [f.name for f in found] == [
        *(law.name for law in laws(20)),
        "invented groups",
        "measured students",
    ]
    assert [len(f.risks) for f in found] == [4, 4, 4, 4, 2]
    bare = Case(statement("theorem-1h"), rng)
    assert [f.name for f in families(bare, 20, 4)] == [law.name for law in laws(20)]
