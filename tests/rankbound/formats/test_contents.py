from pathlib import Path

import numpy as np
import pytest

from estimators.scores import Scores
from rankbound.formats.contents import PARTS, Contents

SCORES = Scores.from_dict({"q": {"a": 1.0, "b": 2.0}})


def test_parts_name_what_is_there_in_a_fixed_order():
    assert Contents("x", Path("x")).parts() == ()
    both = Contents("x", Path("x"), qrels=SCORES, scores=SCORES)
    assert both.parts() == ("scores", "qrels")
    assert set(both.parts()) < set(PARTS)


def test_contents_hold_one_rank_for_every_score():
    ranks = np.array([2, 1])
    assert Contents("x", Path("x"), scores=SCORES, ranks=ranks).ranks is ranks
    with pytest.raises(ValueError, match="2 ranks for None rows"):
        Contents("x", Path("x"), ranks=ranks)
    with pytest.raises(ValueError, match="1 ranks for 2 rows"):
        Contents("x", Path("x"), scores=SCORES, ranks=ranks[:1])
