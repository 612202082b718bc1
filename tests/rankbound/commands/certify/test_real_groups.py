"""real_groups: a finite population of held-out groups, the same twice."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from rankbound.commands.certify.run import docstring_groups
from rankbound.commands.demo.experiment import Sizes
from rankbound.validation.suite import certify

TINY = Sizes(150, 40, 60, 30, dimensions=8)


@pytest.fixture(scope="module")
def groups():
    return docstring_groups()


def test_groups_are_real_ones(groups):
    count = len(groups.weights)
    assert count >= 100
    assert groups.documents.shape == (count, 16, 16)
    assert groups.teacher.shape == (count, 16)
    assert groups.weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.linalg.norm(groups.documents, axis=2), 1, atol=1e-6)
    terms = groups.terms(groups.student)
    assert 0.05 < terms.entropy.mean() < 0.69
    assert terms.risk.mean() < np.log(2)  # the student learned something
    assert terms.risk.std() > 0.01


def test_the_same_installation_gives_the_same_groups():
    one, two = (docstring_groups(sizes=TINY) for _ in range(2))
    assert_array_equal(one.teacher, two.teacher)
    assert_array_equal(one.student, two.student)


def test_limits_cover_samples_of_them(groups):
    for row in certify(["theorem-1d", "theorem-1e", "lemma-5a"], groups=groups):
        assert row.passed, row.finding.detail
        assert "docstrings of numpy" in row.finding.over


def test_a_package_without_docstrings_is_refused():
    with pytest.raises(ValueError, match="docstrings"):
        docstring_groups("no_such_package")
