import numpy as np
import pytest

from rankbound.commands.cut.run import cut_groups
from tests.rankbound.commands.cut.world import N, teacher
from tests.rankbound.files import lookup, written

pytestmark = pytest.mark.usefixtures("folder")


def test_their_names_keep_the_opposite_quarters(options):
    cut = cut_groups(options(compat="reference"))
    found = {made.name: made for made in cut.reference}
    # Entropy falls with i: the highest three quarters are q0 to q5, strictly above q6
    assert found["lower-quartile"].their_name == "lower_quartile"
    assert (found["lower-quartile"].n_queries, found["lower-quartile"].n_both) == (6, 0)
    assert (found["upper-quartile"].n_queries, found["upper-quartile"].n_both) == (6, 0)
    assert found["upper-quartile"].n_ours == 2
    assert (found["below-median"].n_queries, found["below-median"].n_ours) == (4, 5)
    assert (found["inner"].n_queries, found["inner"].n_groups) == (N, 2 * N)
    assert (found["outer"].their_name, found["outer"].n_queries) == ("outlier", 0)
    assert all(made.n_without_value == 0 for made in cut.reference)


def test_missing_scores_count_for_them_and_not_for_us(options, folder):
    scores = teacher()
    del scores["q8"]  # the lowest entropy; all zeros there: one bit
    written(folder, lookup(scores), "t.json")
    cut = cut_groups(options(compat="reference", missing="drop"))
    found = {made.name: made for made in cut.reference}
    assert len(cut.values) == N - 1
    assert found["inner"].n_queries + found["outer"].n_queries == N


def test_other_quantities_use_our_values(options):
    cut = cut_groups(options(compat="reference", by="margin", keep=("below-median",)))
    [made] = cut.reference
    values = cut.values.values
    assert made.n_queries == int(np.sum(values < np.median(values)))


def test_bands_without_a_name_there_are_left_out(options):
    cut = cut_groups(options(compat="reference", keep=("0.1:0.9", "inner")))
    assert [made.name for made in cut.reference] == ["inner"]
    assert cut_groups(options()).reference == ()
