"""Small files of every format that is no text, written by the format's own library.

`MAKERS` maps a format, or "format/variant", to a function that writes such a file, or
folder, and gives its path; one whose library is absent raises `pytest.skip`.
"""

import io
import pickle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.rankbound.files import npy, written

VECTORS = np.random.default_rng(5).normal(size=(6, 4)).astype(np.float32)
NAMES = ["d0", "é", "10", "007", "NA", "x y"]
TABLES = {
    "scores": {
        "qid": ["q", "q", "r"],
        "docno": ["a", "b", "a"],
        "score": [2.5, -1, 0.1],
    },
    "qrels": {"query-id": ["q", "q"], "corpus-id": ["a", "b"], "score": [1, 0]},
    "lists": {
        "query_id": ["q", "r"],
        "document_ids": [["a", "b"], ["c", "a"]],
        "scores": [[2.5, -1.0], [0.5, 0.25]],
        "labels": [[1, 0], [0, 1]],
    },
    "margins": {
        "query_id": [1, 1],
        "positive_id": [7, 7],
        "negative_id": [8, 9],
        "score": [2.5, -0.5],
    },
}


def arrow_file(table):
    stream = io.BytesIO()
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


def arrow_stream(table):
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        for batch in table.to_batches(max_chunksize=2):
            writer.write_batch(batch)
    return stream.getvalue()


def parquet(table):
    stream = io.BytesIO()
    pq.write_table(table, stream, write_page_checksum=True, compression="none")
    return stream.getvalue()


def vector_table():
    flat = pa.array(VECTORS.reshape(-1))
    vectors = pa.FixedSizeListArray.from_arrays(flat, VECTORS.shape[1])
    return pa.table({"docid": NAMES, "embedding": vectors})


def table_of(kind):
    return vector_table() if kind == "embeddings" else pa.table(TABLES[kind])


def _table(kind, pack):
    return lambda folder: written(folder, pack(table_of(kind)), "table")


def ids_beside(folder, stem="v"):
    written(folder, "".join(f"{name}\n" for name in NAMES), f"{stem}.ids.txt")


def _npy(dtype):
    def make(folder):
        ids_beside(folder)
        return written(folder, npy(VECTORS.astype(dtype)), "v.npy")

    return make


def _npz(save):
    def make(folder):
        save(folder / "v.npz", vectors=VECTORS, ids=np.array(NAMES))
        return folder / "v.npz"

    return make


def _raw(folder):
    ids_beside(folder)
    return written(folder, VECTORS.tobytes(), "v.f4")


def _safetensors(folder):
    numpy = pytest.importorskip("safetensors.numpy")
    ids_beside(folder)
    numpy.save_file({"vectors": VECTORS}, folder / "v.safetensors")
    return folder / "v.safetensors"


def _faiss(kind):
    def make(folder):
        faiss = pytest.importorskip("faiss")
        index = getattr(faiss, kind)(VECTORS.shape[1])
        index.add(VECTORS)
        ids_beside(folder)
        faiss.write_index(index, str(folder / "v.faiss"))
        return folder / "v.faiss"

    return make


def _pyserini(folder):
    faiss = pytest.importorskip("faiss")
    index = faiss.IndexFlatIP(VECTORS.shape[1])
    index.add(VECTORS)
    (folder / "pyserini").mkdir()
    faiss.write_index(index, str(folder / "pyserini" / "index"))
    written(folder / "pyserini", "".join(f"{name}\n" for name in NAMES), "docid")
    return folder / "pyserini"


def _flex(folder):
    npids = pytest.importorskip("npids")
    inside = folder / "v.flex"
    inside.mkdir()
    written(inside, VECTORS.tobytes(), "vecs.f4")
    meta = '{"type": "dense_index", "format": "flex", "vec_size": 4, "doc_count": 6}'
    written(inside, meta, "pt_meta.json")
    npids.Lookup.build(NAMES, str(inside / "docnos.npids"), return_self=False)
    return inside


def _pickle(held, protocol=4):
    return lambda folder: written(folder, pickle.dumps(held, protocol), "p.pkl")


PICKLED = {867436: {5238393: 9.5, 4509453: -3.25}, 5: {1: 0.5}}
MAKERS = {
    **{f"table-{kind}": _table(kind, parquet) for kind in (*TABLES, "embeddings")},
    **{f"table-{kind}/file": _table(kind, arrow_file) for kind in TABLES},
    "table-embeddings/file": _table("embeddings", arrow_file),
    "table-scores/stream": _table("scores", arrow_stream),
    "table-embeddings/stream": _table("embeddings", arrow_stream),
    "npy": _npy("<f4"),
    "npy/half": _npy("<f2"),
    "npy/double": _npy("<f8"),
    "npy/big": _npy(">f4"),
    "npz": _npz(np.savez),
    "npz/packed": _npz(np.savez_compressed),
    "raw": _raw,
    "safetensors": _safetensors,
    "faiss-flat": _faiss("IndexFlatIP"),
    "faiss-flat/l2": _faiss("IndexFlatL2"),
    "pyserini-faiss": _pyserini,
    "flexindex": _flex,
    "pickle": _pickle(PICKLED),
    "pickle/text": _pickle({"q": {"a": 1.5, "b": 0.25}}, 2),
    "pickle/vectors": _pickle((VECTORS, NAMES)),
}
