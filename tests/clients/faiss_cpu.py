"""faiss: flat indexes with and without ids, in memory and in files, and searches."""

import faiss
import numpy as np

from tests.clients import world
from tests.clients.client import Client


def run(client: Client) -> None:
    """Try everything."""
    client.keep = False  # the tests have this library, and write such files themselves
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(world.DOCNOS), 8)).astype(np.float32)
    queries = rng.normal(size=(len(world.QIDS), 8)).astype(np.float32)
    named = dict(zip(world.DOCNOS, vectors.tolist(), strict=True))
    numbers = np.arange(len(vectors)) * 7
    numbered = {
        str(n): row for n, row in zip(numbers.tolist(), vectors.tolist(), strict=True)
    }
    for kind in (faiss.IndexFlatIP, faiss.IndexFlatL2):
        flat = kind(8)
        flat.add(vectors)
        name = kind.__name__
        client.object(name, flat, given={"ids": world.DOCNOS}, embeddings=named)
        path = client.folder / f"{name}.faiss"
        faiss.write_index(flat, str(path))
        path.with_suffix(".ids.txt").write_text("\n".join(world.DOCNOS) + "\n")
        client.file(f"write_index, {name}", path, embeddings=named)
        for wrapper in (faiss.IndexIDMap, faiss.IndexIDMap2):
            index = wrapper(kind(8))
            index.add_with_ids(vectors, numbers)
            name = f"{wrapper.__name__} of {kind.__name__}"
            client.object(name, index, embeddings=numbered)
            path = client.folder / f"{name.replace(' ', '-')}.faiss"
            faiss.write_index(index, str(path))
            client.file(f"write_index, {name}", path, embeddings=numbered)
    flat = faiss.IndexFlatIP(8)
    flat.add(vectors)
    distances, places = flat.search(queries, 6)
    right = {
        qid: {
            world.DOCNOS[place]: score for place, score in zip(row, scores, strict=True)
        }
        for qid, row, scores in zip(
            world.QIDS, places.tolist(), distances.tolist(), strict=True
        )
    }
    ids = {"qids": world.QIDS, "docnos": world.DOCNOS}
    client.object("search, inner product", (distances, places), given=ids, scores=right)
    far, near = (index for index in _searched(vectors, queries))
    with client.trying("search, L2: distances are refused") as same:
        import rankbound as rb

        try:
            found = rb.read_scores((far, near), **ids)
        except rb.FormatError:
            found = None
        same("" if found is None else "distances taken for scores")
    minus = {
        qid: {world.DOCNOS[p]: -d for p, d in zip(row, ds, strict=True)}
        for qid, row, ds in zip(world.QIDS, near.tolist(), far.tolist(), strict=True)
    }
    client.object("search, L2, negated", (-far, near), given=ids, scores=minus)


def _searched(vectors, queries):
    index = faiss.IndexFlatL2(8)
    index.add(vectors)
    return index.search(queries, 6)
