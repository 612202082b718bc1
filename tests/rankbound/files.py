"""Small files on disk, and what readers say about broken ones."""

import gzip
import io
import json

import numpy as np
import pytest

from rankbound.errors import FormatError

BOM = b"\xef\xbb\xbf"


def written(folder, content, name="file"):
    """The path of a new file that holds some text or bytes."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def without_manifest(folder):
    """A folder of results as earlier versions left it: its files may be changed."""
    (folder / "rankbound.manifest.json").unlink()
    return folder


def packed(content):
    """Text as gzip bytes."""
    return gzip.compress(content.encode(), mtime=0)


def lookup(scores):
    """A ``{qid: {docno: score}}`` table as JSON text."""
    return json.dumps(scores, ensure_ascii=False)


def run_text(scores, tag="tag"):
    """The same table as a TREC run."""
    return "".join(
        f"{qid} Q0 {docno} {rank} {score!r} {tag}\n"
        for qid, row in scores.items()
        for rank, (docno, score) in enumerate(row.items())
    )


def group_text(groups):
    """Groups of (qid, [positive, negative, ...]) as JSON lines."""
    return "".join(
        json.dumps({"query_id": qid, "doc_id_a": docs[0], "doc_id_b": docs[1:]}) + "\n"
        for qid, docs in groups
    )


def npy(array):
    """An array as the bytes of a .npy file."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def table(scores):
    """Scores as ``{qid: {docno: value}}``."""
    found = {str(qid): {} for qid in scores.qids}
    for row in range(len(scores.values)):
        qid, docno = scores.where(row)
        found[qid][docno] = float(scores.values[row])
    return found


def refusal(read, *paths):
    """The one-line message with which a reader refuses its files."""
    with pytest.raises(FormatError) as caught:
        read(*paths)
    message = str(caught.value)
    assert "\n" not in message
    return message


def project(folder):
    """Files of a small measurement, one of each kind, that fit each other."""
    rng = np.random.default_rng(8)
    qids, docnos = [f"q{n}" for n in range(1, 13)], [f"d{n}" for n in range(1, 31)]
    teacher, student = {}, {}
    for qid in qids:
        chosen = [str(docno) for docno in rng.choice(docnos, 8, replace=False)]
        teacher[qid] = {docno: float(rng.normal(0, 3)) for docno in chosen}
        student[qid] = {d: s + float(rng.normal()) for d, s in teacher[qid].items()}
    grouped = [(qid, list(row)[:5]) for qid, row in teacher.items()]
    judged = [
        f"{qid} 0 {docno} {int(place in (0, 1, 4))}\n"
        for qid, row in teacher.items()
        for place, docno in enumerate(sorted(row, key=row.get, reverse=True))
    ]
    contents = {
        "t.json": lookup(teacher).replace("}, ", "},\n"),
        "s.run": run_text(student),
        "g.jsonl": group_text(grouped),
        "v.npy": npy(rng.normal(size=(30, 4)).astype(np.float32)),
        "v.ids": "".join(f"{docno}\n" for docno in docnos),
        "q.npy": npy(rng.normal(size=(12, 4)).astype(np.float32)),
        "q.ids": "".join(f"{qid}\n" for qid in qids),
        "judged.qrels": "".join(judged),
    }
    for name, content in contents.items():
        written(folder, content, name)
