from pathlib import Path

import numpy as np
import pytest

from rankbound.data.scores import Scores
from rankbound.read.contents import PARTS, Contents
from tests.rankbound.terminal.test_data import HOSTILE, parsed

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


def test_contents_say_in_one_line_what_they_hold():
    held = Contents("trec-run", Path("x"), scores=SCORES, repairs={"blank lines": 2})
    assert repr(held) == (
        "Contents(trec-run, Scores('scores': unknown, 1 query, 2 rows, 2 documents, "
        "1 to 2); 2 repairs)"
    )
    assert repr(Contents("x", Path("x"))) == "Contents(x, nothing)"


def test_contents_in_a_notebook_hold_hostile_texts_as_text():
    held = Contents(
        HOSTILE[0],
        Path(HOSTILE[1]),
        scores=Scores.from_dict({"q": {"a": 1.0}}, name=HOSTILE[2]),
        repairs={HOSTILE[3]: 1},
        notes=(HOSTILE[4],),
    )
    reader = parsed(held._repr_html_())
    assert reader.cells[::2] == ["scores", "repaired", "note"]
    assert reader.cells[-1] == HOSTILE[4]
