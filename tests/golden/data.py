"""Small files that the golden cases read, the same bytes on every machine.

All numbers are made of drawn whole numbers and written as short decimals; vectors are
multiples of 1/16, so that their products are exact in any order of summation.
"""

import io
import json
import math
import struct
import zlib
from itertools import product

import numpy as np

from tests.rankbound.ablations import by_hand

N_QUERIES, N_DOCS, POOL, SIZE = 60, 40, 14, 6
QIDS = [f"q{n:02d}" for n in range(1, N_QUERIES + 1)]
DOCNOS = [f"d{n:02d}" for n in range(1, N_DOCS + 1)]
DIMENSION = 6
SAMPLINGS = ("random", "hard", "near")
STORED = 2**15  # bytes of a stored block


def gzipped(text):
    """A gzip file without compression, so that its bytes depend on no library."""
    content = text.encode()
    parts = [b"\x1f\x8b\x08\0\0\0\0\0\0\xff"]
    for start in range(0, len(content), STORED):
        block = content[start : start + STORED]
        last = start + STORED >= len(content)
        parts.append(struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF))
        parts.append(block)
    parts.append(struct.pack("<II", zlib.crc32(content), len(content)))
    return b"".join(parts)


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def bell(rng, *shape):
    """Roughly normal whole numbers: mean 0, standard deviation 100."""
    return rng.integers(-86, 87, size=(*shape, 4)).sum(axis=-1)


class World:
    """Scores, groups and judgements of one data set."""

    def __init__(self, seed=20, queries=N_QUERIES):
        rng = np.random.default_rng(seed)
        self.qids = QIDS[:queries]
        docs = bell(rng, N_DOCS, DIMENSION)
        self.docs = np.round(docs / 25).astype(np.float32) / 16
        self.queries = np.round(bell(rng, queries, DIMENSION) / 12) / 16
        self.queries = self.queries.astype(np.float32)
        self.teacher, self.close, self.far, self.bm25 = {}, {}, {}, {}
        self.grades = {}
        products = self.queries.astype(float) @ self.docs.astype(float).T
        for place, qid in enumerate(self.qids):
            pool = sorted(rng.permutation(N_DOCS)[:POOL].tolist())
            names = [DOCNOS[doc] for doc in pool]
            # In hundredths of a logit; some teachers are surer than others
            sure = 60 + 20 * (place % 7)
            latent = bell(rng, POOL) * sure // 50
            latent += np.round(60 * products[place][pool]).astype(int)
            noise = bell(rng, 3, POOL)
            self.teacher[qid] = _row(names, latent)
            self.close[qid] = _row(names, (4 * latent) // 5 + noise[0] // 2)
            self.far[qid] = _row(names, latent // 3 + noise[1])
            lexical = np.maximum(900 + latent + 2 * noise[2], 40)
            self.bm25[qid] = _row(names, lexical)
            self.grades[qid] = self._judged(rng, names, latent)
        self.groups = {name: self._sampled(rng, name) for name in SAMPLINGS}

    def _judged(self, rng, names, latent):
        """Ten documents of the pool, graded 0 to 3, the better the more."""
        seen = (latent + bell(rng, POOL)).tolist()
        order = sorted(range(POOL), key=lambda k: (-seen[k], k))
        grade = {k: max(0, 3 - place) for place, k in enumerate(order)}
        chosen = sorted(order[:3] + sorted(order[3:])[:7])
        return {names[k]: grade[k] for k in chosen}

    def _sampled(self, rng, name):
        """One group of each query, two of every fifth."""
        found = []
        for place, qid in enumerate(self.qids):
            row = self.teacher[qid]
            best = max(self.grades[qid], key=lambda d: (self.grades[qid][d], d))
            others = sorted((d for d in row if d != best), key=lambda d: (-row[d], d))
            wanted = {"random": others, "hard": others[:8], "near": others[1:9]}[name]
            for _ in range(1 + (place % 5 == 0)):
                drawn = rng.permutation(len(wanted))[: SIZE - 1].tolist()
                found.append((qid, [best, *(wanted[k] for k in drawn)]))
        return found


def _row(names, hundredths):
    return {
        name: int(value) / 100 for name, value in zip(names, hundredths, strict=True)
    }


def lookup_text(scores):
    return json.dumps(scores).replace("}, ", "},\n") + "\n"


def run_text(scores, tag="golden"):
    return "".join(
        f"{qid} Q0 {docno} {rank} {score!r} {tag}\n"
        for qid, row in scores.items()
        for rank, (docno, score) in enumerate(
            sorted(row.items(), key=lambda pair: (-pair[1], pair[0])), start=1
        )
    )


def group_text(groups, probabilities=None):
    rows = []
    for number, (qid, docs) in enumerate(groups):
        row = {"query_id": qid, "doc_id_a": docs[0], "doc_id_b": docs[1:]}
        if probabilities is not None:
            row["probabilities"] = probabilities(number, len(docs))
        rows.append(json.dumps(row) + "\n")
    return "".join(rows)


def qrels_text(grades):
    return "".join(
        f"{qid} 0 {docno} {grade}\n"
        for qid, row in grades.items()
        for docno, grade in row.items()
    )


def uneven(number, size):
    """Probabilities in sixty-fourths, not the same in every group."""
    weights = [1] * size
    weights[number % size] += 64 - size - 4
    weights[(number + 1) % size] += 4
    return [weight / 64 for weight in weights]


def margin_text(world):
    """The teacher's margins of the groups of the sampling `hard`, in triples."""
    rows = []
    for qid, docs in world.groups["hard"]:
        row = world.teacher[qid]
        for other in docs[1:]:
            values = (qid, docs[0], other, round(row[docs[0]] - row[other], 2))
            keys = ("query_id", "positive_id", "negative_id", "score")
            rows.append(json.dumps(dict(zip(keys, values, strict=True))) + "\n")
    return "".join(rows)


def mapped(scores, change):
    return {
        qid: {docno: change(score) for docno, score in row.items()}
        for qid, row in scores.items()
    }


def odd_run(world):
    """A run with what inspect looks for: ties, zeros and ranks against scores."""
    rows = []
    for qid, row in list(world.far.items())[:20]:
        for rank, (docno, score) in enumerate(row.items(), start=1):
            value = 0.0 if rank % 4 == 0 else round(score)
            rows.append(f"{qid} Q0 {docno} {rank} {value!r} odd\n")
    return "".join(rows)


def filled(world):
    """A constant for every fifth document, as where a miner had no score."""
    return {
        qid: {
            docno: -10000.0 if place % 5 == 4 else score
            for place, (docno, score) in enumerate(row.items())
        }
        for qid, row in world.teacher.items()
    }


def softmaxes(world):
    found = {}
    for qid, row in world.teacher.items():
        total = sum(math.exp(score) for score in row.values())
        found[qid] = {docno: math.exp(score) / total for docno, score in row.items()}
    return found


def half_sigmoid(world):
    """A sigmoid's scores in every second query."""
    odd = {*list(world.teacher)[1::2]}
    return {
        qid: mapped({qid: row}, lambda s: 1 / (1 + math.exp(-s)))[qid]
        if qid in odd
        else row
        for qid, row in world.teacher.items()
    }


def texts(world):
    rows = [
        {"_id": docno, "title": "", "text": f"text {place // 2} of a manatee"}
        for place, docno in enumerate(DOCNOS)
    ]
    rows[3]["text"] = ""
    topics = [{"_id": qid, "text": f"question {qid}"} for qid in world.qids]
    return ["".join(json.dumps(row) + "\n" for row in part) for part in (rows, topics)]


def data_set(world, *, vectors, packed):
    """The files of a folder for `validate --datasets`."""
    ending, pack = (".gz", gzipped) if packed else ("", str.encode)
    files = {
        f"runs/close.run{ending}": pack(run_text(world.close)),
        f"runs/far.run{ending}": pack(run_text(world.far)),
        "runs/random.run": run_text(mapped(world.bm25, lambda s: s % 1)),
        f"runs/teacher.run{ending}": pack(run_text(world.teacher)),
        "qrels.trec": qrels_text(world.grades),
        f"teacher/scores.json{ending}": pack(lookup_text(world.teacher)),
    }
    for name in SAMPLINGS[:2]:
        files[f"train/{name}.6.jsonl"] = group_text(world.groups[name])
    if vectors:
        files["embeddings/dense.corpus.npy"] = npy(world.docs)
        files["embeddings/dense.corpus.ids.txt"] = lines(DOCNOS)
        files["embeddings/dense.queries.npy"] = npy(world.queries)
        files["embeddings/dense.queries.ids.txt"] = lines(world.qids)
    return files


def clusters_text(qids):
    """Clusters of one to four queries, and one of a query that nothing else has."""
    rows = [(qid, f"c{int(qid[1:]) * 7 % 60 // 2 % 25:02d}") for qid in qids]
    rows.append(("q99", "c00"))
    return "qid\tcluster\n" + "".join(f"{qid}\t{name}\n" for qid, name in rows)


def lines(words):
    return "".join(f"{word}\n" for word in words)


def files():
    """Every input by its name."""
    world = World()
    few = {qid: world.teacher[qid] for qid in world.qids[:12]}
    corpus, topics = texts(world)
    made = {
        "teacher.json.gz": gzipped(lookup_text(world.teacher)),
        "teacher.run": run_text(world.teacher),
        "few.json": lookup_text(few),
        "close.run": run_text(world.close),
        "far.run.gz": gzipped(run_text(world.far)),
        "bm25.run": run_text(world.bm25),
        "cosine.run": run_text(mapped(world.close, lambda s: round(s / 16, 4))),
        "probability.json": lookup_text(
            mapped(world.teacher, lambda s: round((s + 16) / 32, 4))
        ),
        "odd.run": odd_run(world),
        "systems.run": run_text(world.teacher, "monoT5") + run_text(world.far, "far"),
        "filled.json": lookup_text(filled(world)),
        "softmax.json": lookup_text(softmaxes(world)),
        "mixed.json": lookup_text(half_sigmoid(world)),
        "swapped.run": "".join(
            "{2} Q0 {0} {3} {4} {5}\n".format(*line.split())
            for line in run_text(few).splitlines()
        ),
        "margins.jsonl": margin_text(world),
        "weighted.jsonl": group_text(world.groups["hard"], uneven),
        "target.jsonl": group_text(world.groups["random"], uneven),
        "qrels.trec": qrels_text(world.grades),
        "docs.npy": npy(world.docs),
        "docs.ids.txt": lines(DOCNOS),
        "queries.npy": npy(world.queries),
        "queries.ids.txt": lines(world.qids),
        "corpus.jsonl": corpus,
        "topics.jsonl": topics,
        "design.tsv": "student\tstrategy\tloss\tarchitecture\n"
        "close\thard\tmargin\tcross-encoder\nfar\trandom\tpairwise\tbi-encoder\n",
        "configurations.tsv": "diameter\tlipschitz\tentropy\tdivergence\tn\n"
        "1.4\t5\t0.42\t0.06\t500000\n0.9\t2\t0.3\t0.1\t2000\n",
        "clusters.tsv": clusters_text(world.qids),
        "few-clusters.tsv": clusters_text(world.qids[:50]),
        "torn-clusters.tsv": "q01\tc1\nq02\tc1\n\nq01\tc2\n",
        "narrow-clusters.tsv": "qid cluster\nq01 c1\n",
        "trained.tsv": "fold\tqid\n" + lines(f"1\t{q}" for q in world.qids[:12]),
        "untrained.txt": lines(["x1", "x2"]),
        "broken.run": "q01 Q0 d01 1 2.5 x\nq01 Q0 d02 2 high x\n",
        "doubled.run": "q01 Q0 d01 1 2.5 x\nq01 Q0 d01 2 1.5 x\n",
        "ranks.run": "".join(f"q01 Q0 d{n:02d} {n} {-n} x\n" for n in range(1, 9)),
        "study.toml": 'students = ["close"]\nsamplings = ["random"]\n[validate]\n'
        'resamples = 200\npermutations = 199\nsplits = 3\nmeasures = "nDCG@10"\n'
        "[datasets.new]\ndelta = 0.1\n",
        "wrong.toml": "# of a study\n[measure]\nresamples = 99\n",
        "cells.toml": "[validate]\nresamples = 200\npermutations = 199\n"
        "[datasets.second]\nseed = 3\n",
        "far.toml": "[datasets.first.validate]\nresamples = 200\nsplits = 3\n",
        "damaged/ledger.json": '{"schema": "rankbound.ledger/1"}\n',
        "unknown/ledger.json": '{"schema": "rankbound.ledger/99"}\n',
    }
    for name in SAMPLINGS:
        made[f"{name}.jsonl"] = group_text(world.groups[name])
    made["near.jsonl.gz"] = gzipped(made.pop("near.jsonl"))
    sets = {
        "one": data_set(World(31, queries=30), vectors=True, packed=False),
        "two": data_set(World(32, queries=24), vectors=True, packed=True),
    }
    for name, parts in sets.items():
        made |= {f"sets/{name}/{path}": content for path, content in parts.items()}
    for name, collection, gains, abroad in (
        ("first", "alpha", (0.25, 0.0), "gamma"),
        ("second", "beta", (-0.3, 0.25), None),
    ):
        cells = zip(product(["cross"], ("kl", "lce")), gains, strict=True)
        ablation = by_hand(collection, dict(cells), seed=len(name), n=60, abroad=abroad)
        for path, content in ablation.to_files().items():
            if content is not None:
                made[f"ablated/{name}/{path}"] = content
    return made


def write(folder):
    """Write all inputs into a folder."""
    for name, content in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
