"""Reading samplings: the pool, what is dropped, the target."""

from dataclasses import replace

import numpy as np
import pytest

from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.compare.samplings import load, pool
from rankbound.errors import UsageError
from rankbound.read.reading import read_groups


def options(world, names=("near", "far"), **settings):
    return CompareOptions(
        teacher=world.path("teacher.json"),
        groups=tuple((name, world.path(f"{name}.jsonl")) for name in names),
        resamples=0,
        **settings,
    )


def as_sets(groups):
    found = {}
    for group, qid in enumerate(groups.group_qids()):
        part = slice(*groups.offsets[group : group + 2])
        docs = groups.docnos[groups.codes[part]].tolist()
        good = groups.positive[part].tolist()
        for doc, positive in zip(docs, good, strict=True):
            found.setdefault(qid, {})[doc] = (
                found.get(qid, {}).get(doc, False) | positive
            )
    return found


def test_the_pool_is_the_union_query_by_query(samplings):
    groups = [read_groups(samplings.path(f"{n}.jsonl")) for n in samplings.groups]
    made = pool(groups)
    expected = {}
    for one in map(as_sets, groups):
        for qid, docs in one.items():
            row = expected.setdefault(qid, {})
            for doc, good in docs.items():
                row[doc] = row.get(doc, False) | good
    assert as_sets(made) == expected
    assert made.n_groups == len(expected)
    assert made.group_qids().tolist() == sorted(expected)


def test_a_document_without_a_score_is_an_error_or_a_counted_drop(samplings):
    rows = [(q, [*docs, "ghost"]) for q, docs in samplings.groups["far"][:2]]
    samplings.write_groups("ghosts", [*rows, *samplings.groups["far"][2:]])
    with pytest.raises(UsageError, match=r"ghosts.jsonl:1: document 'ghost' of query"):
        load(options(samplings, ("near", "ghosts")))
    loaded = load(options(samplings, ("near", "ghosts"), missing="drop"))
    plain = load(options(samplings, ("near", "far")))
    assert loaded.sampling("ghosts").dropped == {"documents_without_teacher_score": 2}
    assert as_sets(loaded.sampling("ghosts").groups) == as_sets(
        plain.sampling("far").groups
    )


def test_foreign_queries_are_refused(samplings):
    samplings.write_groups("alien", [("x1", ["a", "b"])])
    with pytest.raises(UsageError, match="none of the queries of this file"):
        load(options(samplings, ("near", "alien")))


def test_a_target_replaces_the_pool_and_needs_no_law(samplings):
    loaded = load(options(samplings, target=samplings.path("odd.jsonl")))
    assert loaded.target.name == "target"
    odd = read_groups(samplings.path("odd.jsonl"))
    assert as_sets(loaded.target.groups) == as_sets(odd)
    samplings.write_groups(
        "law", samplings.groups["odd"], law=lambda docs: [1 / len(docs)] * len(docs)
    )
    with pytest.raises(UsageError, match="must have no probabilities"):
        load(options(samplings, target=samplings.path("law.jsonl")))


def test_scores_are_divided_by_the_temperature(samplings):
    one, two = (load(options(samplings, temperature=t)) for t in (1.0, 4.0))
    for first, second in zip(one.samplings, two.samplings, strict=True):
        np.testing.assert_allclose(first.values, 4 * second.values)
    np.testing.assert_allclose(one.pool.values, 4 * two.pool.values)


def test_groups_without_a_wanted_pair_are_left_out(samplings):
    loaded = load(options(samplings, ("near", "odd")))
    groups, values = loaded.sampling("odd").with_pairs("neg-neg")
    assert groups.n_groups < loaded.sampling("odd").groups.n_groups
    assert (groups.count_pairs("neg-neg") > 0).all()
    assert len(values) == groups.sizes.sum()


def test_a_pool_does_not_know_what_one_sampling_does_not_tell(samplings):
    groups = [read_groups(samplings.path(f"{n}.jsonl")) for n in samplings.groups]
    made = pool([groups[0], replace(groups[1], positive=None)])
    assert made.positive is None
    assert set(as_sets(pool(groups[:2]))) == set(made.group_qids())
