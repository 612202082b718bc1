"""Blocks appear with their inputs only, and change nothing else that is written."""

import json

import pytest

from rankbound.cli import main
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure_with
from tests.rankbound.commands.measure.naive import (
    student_entry,
    with_qrels,
    write_groups,
)

BLOCKS = {"shift", "relevance", "ndcg", "comparators"}


def target(world):
    laws = {
        qid: dict.fromkeys(list(row)[:4], 0.25) for qid, row in world.teacher.items()
    }
    return ["--target-groups", write_groups(world.folder / "target.jsonl", laws)]


@pytest.mark.parametrize("name", ["strong", "gappy"])
def test_blocks_add_keys_and_leave_the_rest(world, name):
    plain = student_entry(world, name=name)
    table = (world.folder / "out/per_query.tsv").read_bytes()
    full = student_entry(world, *with_qrels(world), *target(world), name=name)
    assert (world.folder / "out/per_query.tsv").read_bytes() == table
    assert plain.keys() & BLOCKS == set()
    assert full.keys() - plain.keys() == BLOCKS
    assert {key: full[key] for key in plain} == plain


def test_judgements_alone_give_no_shift(world):
    assert student_entry(world, *with_qrels(world)).keys() & BLOCKS == BLOCKS - {
        "shift"
    }


def test_every_limit_pays_for_all_students(world):
    alone = student_entry(world, *with_qrels(world), *target(world))
    words = world.arguments(
        *world.with_groups(), "--student-kind", "logit", *with_qrels(world),
        *target(world),
    )  # fmt: skip
    assert main(words) == 0
    both = json.loads((world.folder / "out/ledger.json").read_text())["students"]
    for one, two in (
        (alone["shift"]["upper"], both["strong"]["shift"]["upper"]),
        (alone["ndcg"]["least"]["limit"], both["strong"]["ndcg"]["least"]["limit"]),
        (
            alone["relevance"]["judged"]["observed_misranking"]["upper"],
            both["strong"]["relevance"]["judged"]["observed_misranking"]["upper"],
        ),
    ):
        assert one < two
    assert (
        alone["comparators"]["auc"]["limit"]
        > both["strong"]["comparators"]["auc"]["limit"]
    )


def test_target_groups_are_among_the_hashed_inputs(world):
    student_entry(world, *target(world))
    found = json.loads((world.folder / "out/ledger.json").read_text())["inputs"]
    assert world.path("target.jsonl") in {row["path"] for row in found}


def test_a_bi_encoder_has_a_shift_too(world):
    path = target(world)[1]
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"), groups=world.path("groups.jsonl"),
        target_groups=path, embeddings=world.path("docs.npy"),
        ids=world.path("docs.txt"),
        students=(
            StudentSource(
                "dots", queries=world.path("queries.npy"),
                query_ids=world.path("queries.txt"), temperature=1.0,
            ),
        ),
    )  # fmt: skip
    assert measure_with(options).students["dots"].shift.form == "exact"


def test_temperatures_of_both_models_reach_the_shift(world):
    def exact(*words):
        block = student_entry(world, *target(world), *words)["shift"]
        return block["exact"]["value"]

    plain = exact()
    assert exact("--temperature", "3") != pytest.approx(plain)
    assert exact("--student-temperature", "3") != pytest.approx(plain)


def test_unjudged_irrelevant_is_as_if_the_judgements_said_so(world):
    # queries without judgements stay unknown
    for qid in sorted({q for q, docs, _ in world.groups if len(docs) > 4})[:3]:
        del world.qrels[qid]
    paths = {"few": world.qrels, "full": {}}
    for qid, row in world.qrels.items():
        paths["full"][qid] = dict.fromkeys(world.teacher[qid], 0) | row
    found = {}
    for name, qrels in paths.items():
        path = world.folder / f"{name}.txt"
        path.write_text(
            "".join(f"{q} 0 {d} {g}\n" for q, r in qrels.items() for d, g in r.items())
        )
        extra = ["--unjudged", "irrelevant"] if name == "few" else []
        found[name] = student_entry(world, "--qrels", str(path), *extra)
    for block in ("relevance", "ndcg"):
        asserted = found["few"][block].pop("assumptions")
        assert "complete judgements (asserted)" in asserted.pop()
        assert asserted == found["full"][block].pop("assumptions")
    assert found["few"] == found["full"]


def test_the_assertion_of_complete_judgements_is_listed_with_each_block(world):
    few = student_entry(world, *with_qrels(world), "--unjudged", "irrelevant")
    none = student_entry(world, *with_qrels(world))
    for block in ("relevance", "ndcg"):
        assert len(few[block]["assumptions"]) == len(none[block]["assumptions"]) + 1
