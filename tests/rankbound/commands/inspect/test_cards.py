"""The sampling cards of an inspection are those that `compare` makes."""

import json

import numpy as np
import pytest
from msgspec.structs import asdict

import rankbound as rb
from rankbound.bounds.errors import DomainError


@pytest.fixture
def files(tmp_path):
    """Teacher scores, two samplings, judgements and vectors of 30 queries."""
    rng = np.random.default_rng(8)
    docs = [f"d{n}" for n in range(12)]
    teacher = {
        f"q{q}": dict(zip(docs, rng.normal(0, 3, 12).round(4).tolist(), strict=True))
        for q in range(30)
    }
    (tmp_path / "teacher.json").write_text(json.dumps(teacher))
    lines = {"easy": [], "hard": []}
    judged = []
    for qid, scores in teacher.items():
        ranked = sorted(scores, key=scores.get, reverse=True)
        for name, negatives in (("easy", ranked[6:9]), ("hard", ranked[:2])):
            row = {"query_id": qid, "doc_id_a": ranked[4], "doc_id_b": negatives}
            lines[name].append(json.dumps(row))
        judged += [f"{qid} 0 {ranked[4]} 2", f"{qid} 0 {ranked[0]} 1"]
        judged += [f"{qid} 0 {ranked[7]} 0"]
    for name, rows in lines.items():
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows) + "\n")
    (tmp_path / "qrels.trec").write_text("\n".join(judged) + "\n")
    vectors = rng.normal(size=(12, 4)).astype(np.float32)
    np.save(tmp_path / "docs.npy", vectors)
    (tmp_path / "docs.ids.txt").write_text("\n".join(docs) + "\n")
    return tmp_path


def both(files, **settings):
    paths = {name: files / f"{name}.jsonl" for name in ("easy", "hard")}
    teacher, qrels = files / "teacher.json", files / "qrels.trec"
    inspected = rb.inspect(
        teacher, *paths.values(), files / "docs.npy", qrels=qrels, **settings
    )
    compared = rb.compare(
        teacher,
        groups=paths,
        qrels=qrels,
        embeddings=files / "docs.npy",
        ids=files / "docs.ids.txt",
        resamples=0,
        **settings,
    )
    return inspected, compared


@pytest.mark.parametrize("temperature", [None, 2.5, "fit"])
def test_a_card_is_that_of_compare(files, temperature):
    inspected, compared = both(files, temperature=temperature)
    assert [card.sampling for card in inspected.cards] == ["easy", "hard"]
    for mine, theirs in zip(inspected.cards, compared.cards, strict=True):
        for field, value in asdict(theirs).items():
            found = getattr(mine, field)
            if isinstance(value, float):
                assert found == pytest.approx(value, rel=1e-6), field
            else:
                assert found == value, field


def test_cards_count_what_a_reader_would(files):
    inspected, _ = both(files)
    easy, hard = inspected.cards["easy"], inspected.cards["hard"]
    assert (easy.suspected, hard.suspected) == (0.0, 1.0)
    # Of the hard ones the best is judged relevant; of the easy ones one is judged
    assert (hard.judged_negatives, hard.relevant_negatives) == (30, 30)
    assert (easy.judged_negatives, easy.relevant_negatives) == (30, 0)
    [answer] = inspected.answers
    assert (answer.question, answer.outcome) == ("false-negatives", "suspected")
    assert "hard 100.0% [" in answer.sentence
    assert "hard 30 of 30" in answer.sentence
    assert str(files / "hard.jsonl") in answer.next
    assert "Are negatives false?" in str(inspected)


def test_scores_that_need_a_temperature_leave_the_entropies_out(files):
    scores = json.loads((files / "teacher.json").read_text())
    small = {
        qid: {doc: round(0.5 + value / 40, 4) for doc, value in row.items()}
        for qid, row in scores.items()
    }
    (files / "teacher.json").write_text(json.dumps(small))
    paths = [files / "teacher.json", files / "hard.jsonl"]
    [card] = rb.inspect(*paths, teacher_kind="cosine").cards
    assert card.suspected == 1.0
    assert (card.entropy, card.entropy_pos_neg, card.floor) == (None, None, None)
    [scaled] = rb.inspect(*paths, teacher_kind="cosine", temperature=0.05).cards
    assert 0 < scaled.entropy < np.log(2)
    with pytest.raises(DomainError, match="`temperature` must be a positive number"):
        rb.inspect(*paths, temperature=-1.0)


def test_without_groups_or_teacher_there_is_no_card(files):
    assert rb.inspect(files / "teacher.json").cards == ()
    assert rb.inspect(files / "hard.jsonl").cards == ()


def test_groups_without_a_scored_document_leave_the_names_of_others(files):
    row = {"query_id": "q0", "doc_id_a": "x", "doc_id_b": ["y", "z"]}
    (files / "alien.jsonl").write_text(json.dumps(row) + "\n")
    paths = [files / name for name in ("teacher.json", "alien.jsonl", "hard.jsonl")]
    [card] = rb.inspect(*paths).cards
    assert (card.sampling, card.suspected_n) == ("hard", 30)
