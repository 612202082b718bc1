"""What the examples train on: queries, texts, a teacher's scores, and three splits.

The queries are the first sentences of docstrings of numpy, scipy and scikit-learn, the
documents their other texts; the teacher is a model of many features that is trained on
queries of its own. ``small`` is a made world for a quick look.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

import rankbound as rb
from rankbound.training import HeldOut

SIZE = 6  # documents of a group: the positive first


@dataclass(frozen=True)
class Data:
    """Texts by id, the teacher's scores, and the groups of each split."""

    queries: dict[str, str]
    documents: dict[str, str]
    teacher: rb.Scores
    groups: dict[str, rb.Groups]

    def rows(self, split: str) -> list[dict[str, object]]:
        """Training records: a query, its documents, the teacher's scores of them."""
        groups = self.groups[split]
        values, _ = groups.scores_of(self.teacher)
        docnos = groups.docnos[groups.codes].reshape(groups.n_groups, -1)
        scores = values.reshape(docnos.shape)
        names = ["positive", *(f"negative_{n}" for n in range(1, docnos.shape[1]))]
        return [
            {
                "query": self.queries[qid],
                **{n: self.documents[d] for n, d in zip(names, row, strict=True)},
                "label": label.tolist(),
            }
            for qid, row, label in zip(groups.group_qids(), docnos, scores, strict=True)
        ]

    def held_out(self, split: str, *, most: int, **settings: Any) -> HeldOut:
        """The first groups of a split, for evaluations."""
        groups = self.groups[split]
        return HeldOut(
            self.teacher,
            groups.keep_groups(np.arange(groups.n_groups) < most),
            trained_on=[row["query"] for row in self.rows("train")],
            queries=self.queries,
            documents=self.documents,
            teacher_kind="logit",
            **settings,
        )


def docstrings(*, seed: int = 0) -> Data:
    """Docstrings that are installed here, with negatives from BM25; half a minute."""
    from rankbound.commands.ablate.collections import PACKAGES, read_collection
    from rankbound.commands.demo.corpus import collect, package_roots

    found = read_collection("docstrings", seed=seed)
    texts = {one.docno: one for one in collect(package_roots(PACKAGES))}
    drawn = found.draw("bm25", size=SIZE, seed=seed + 1)
    positives = drawn.docnos[drawn.codes].reshape(drawn.n_groups, -1)[:, 0]
    asked = dict(zip(drawn.group_qids(), positives, strict=True))
    return Data(
        queries={qid: texts[docno].summary for qid, docno in asked.items()},
        documents={docno: one.text for docno, one in texts.items()},
        teacher=found.pool.teacher,
        groups={split: found.of_split(drawn, split) for split in found.splits},
    )


def small(*, seed: int = 0) -> Data:
    """A made world: documents share words with the queries that they answer."""
    rng = random.Random(seed)
    words = [f"word{n}" for n in range(60)]
    documents = {f"d{n}": " ".join(rng.choices(words, k=8)) for n in range(300)}
    queries = {f"q{n}": " ".join(rng.choices(words, k=3)) for n in range(150)}
    teacher, groups = {}, []
    for qid, text in queries.items():
        asked = set(text.split())
        row = {
            docno: 2.0 * len(asked & {*documents[docno].split()}) + rng.gauss(-1, 0.5)
            for docno in rng.sample(sorted(documents), SIZE)
        }
        best = max(row, key=row.__getitem__)
        others = [docno for docno in row if docno != best]
        teacher[qid] = row
        groups.append({"query_id": qid, "doc_id_a": best, "doc_id_b": others})
    parts = {"train": groups[:60], "validation": groups[60:100], "test": groups[100:]}
    return Data(
        queries,
        documents,
        rb.read_scores(teacher),
        {split: rb.read_groups(rows) for split, rows in parts.items()},
    )
