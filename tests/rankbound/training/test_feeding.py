"""The sampling card of what was fed, by hand and against the card of a file."""

import json
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from torch.utils.data import DataLoader

import rankbound as rb
from rankbound.errors import UsageError
from rankbound.training import Feeding

ROWS = [
    {"query_id": f"q{n}", "doc_id_a": "a", "doc_id_b": ["b", "c"]} for n in range(6)
]
TEACHER = {
    f"q{n}": {"a": 1.0, "b": 1.0 + (n % 2 or -1), "c": -2.0, "d": 3.0} for n in range(6)
}


def feeding(data=None, **settings):
    return Feeding(data, teacher=TEACHER, teacher_kind="logit", **settings)


def entropy(margin):
    p = 1 / (1 + math.exp(-margin))
    return -p * math.log(p) - (1 - p) * math.log(1 - p)


def test_the_card_is_of_what_was_taken():
    fed = feeding(ROWS)
    assert len(fed) == 6
    assert [fed[0], fed[2]] == [ROWS[0], ROWS[2]]
    found = fed.epoch()
    assert (found.rows, found.queries, found.card.suspected) == (2, 2, 0.0)
    for row in fed:
        assert row in ROWS
    found = fed.epoch()
    assert (found.rows, found.queries) == (6, 6)
    assert_allclose(found.card.suspected, 0.25)  # one negative of two, every other time
    above = [entropy(margin) for margin in (1, 3, 4)]
    below = [entropy(margin) for margin in (1, 3, 2)]
    assert_allclose(found.card.entropy, np.mean([*above, *below]))
    assert found.metrics()["suspected"] == found.card.suspected
    with pytest.raises(UsageError):
        fed.epoch()


def test_it_is_the_card_that_inspect_makes_of_the_file(tmp_path):
    (tmp_path / "fed.jsonl").write_text("".join(json.dumps(r) + "\n" for r in ROWS))
    (tmp_path / "teacher.json").write_text(json.dumps(TEACHER))
    (tmp_path / "docs.npy").write_bytes(b"")
    np.save(tmp_path / "docs.npy", np.eye(4))
    (tmp_path / "docs.ids.txt").write_text("a\nb\nc\nd\n")
    seen = rb.inspect(
        tmp_path / "fed.jsonl", tmp_path / "docs.npy", teacher=tmp_path / "teacher.json"
    )
    vectors = rb.read_embeddings(np.eye(4), list("abcd"))
    fed = feeding(ROWS, embeddings=vectors)
    _ = [*fed]
    found = fed.epoch().metrics()
    (card,) = seen.cards
    for name in ("entropy", "suspected", "score_coverage", "largest_distance"):
        assert_allclose(found[name], getattr(card, name))


def test_loaders_take_rows_by_any_way():
    fed = feeding(ROWS)
    for batch in DataLoader(fed, batch_size=2, collate_fn=list):
        assert len(batch) == 2
    assert fed.epoch().rows == 6
    plain = feeding()
    for _ in DataLoader(ROWS, batch_size=4, collate_fn=plain.collate(list)):
        pass
    assert plain.epoch().rows == 6


def test_workers_are_refused(monkeypatch):
    # What torch tells a dataset in a worker; jax warns of forks, so none is made
    monkeypatch.setattr("torch.utils.data.get_worker_info", lambda: "a worker")
    with pytest.raises(UsageError, match="num_workers"):
        [*DataLoader(feeding(ROWS), collate_fn=list)]


def test_labels_of_rows_are_the_teacher():
    rows = [
        {"query": f"text {n}", "positive": "good", "negative_1": "bad", "label": [n, 1]}
        for n in range(4)
    ]
    fed = Feeding(rows, teacher_kind="logit")
    _ = [*fed]
    found = fed.epoch()
    assert found.card.suspected == 0.25
    assert_allclose(found.card.entropy, np.mean([entropy(n - 1) for n in range(4)]))
    bare = Feeding(ROWS)
    _ = [*bare]
    with pytest.raises(UsageError, match="teacher"):
        bare.epoch()
