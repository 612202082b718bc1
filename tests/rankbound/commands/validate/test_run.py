import json

import pandas as pd
import pytest

import rankbound as rb
from rankbound.commands.validate.account import account
from rankbound.commands.validate.run import n_stages, validate
from rankbound.writing import json_text
from tests.rankbound.commands.validate.conftest import options_for


@pytest.mark.parametrize(
    "name",
    [
        "per_query",
        "effectiveness",
        "configurations",
        "configuration_values",
        "predictions",
        "certificates",
        "dependence",
        "means",
        "equivalence",
        "controls",
    ],
)
def test_each_table_is_one_call(validation, name):
    frame = getattr(validation, f"{name}_frame")()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) > 0


def test_the_same_options_give_the_same_bytes(validation, toy):
    stages = []
    again = rb.validate(options_for(toy), progress=stages.append)
    assert json_text(account(again)) == json_text(account(validation))
    assert len(stages) == n_stages(again.options)


def test_another_seed_gives_other_draws_and_the_same_coefficients(validation, toy):
    other = validate(options_for(toy, seed=1))
    first, second = (v.per_query_frame() for v in (validation, other))
    assert first["spearman"].tolist() == second["spearman"].tolist()
    assert first["lower"].tolist() != second["lower"].tolist()


def test_a_score_file_that_stands_for_a_ranking_is_warned_of(validation):
    assert any("--ranking teacher=FILE" in text for text in validation.warnings)
    json.loads(json_text(account(validation)))
