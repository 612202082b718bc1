"""Every parser on hostile bytes: it refuses them, or reads as a careful one does."""

import math
import pickle
import tempfile
import traceback
from pathlib import Path

import numpy as np

from rankbound.errors import FormatError, UsageError
from rankbound.read.registry import by_name, detect, formats
from rankbound.read.source import Source
from tests.hostile import naive
from tests.hostile.making import golden
from tests.rankbound.files import table
from tests.rankbound.read.binary import MAKERS as BINARY
from tests.rankbound.read.binary import NAMES
from tests.rankbound.read.golden import GOLDEN, format_of
from tests.rankbound.read.reading_back import listed

DETECTED = "detection"
# Folders and data sets have no file of their own; faiss reads what is trusted
APART = (
    "irds-scoreddocs",
    "irds-qrels",
    "flexindex",
    "pyserini-faiss",
    "faiss-library",
)
ALIKE = {
    "table": "table-scores",
    "faiss": "faiss-flat",
    "faiss-idmap": "faiss-flat",
    "torch": "pickle",
    "trec-run-lenient": "trec-run",
    "trec-run-wide": "trec-run",
}
OWN = {
    "texts": b'{"_id": "1", "title": "", "text": "A"}\n{"_id": "2", "text": "b"}\n',
    "topics": b"1\twhat is a manatee\n2\twhere is ulm\n",
}
ARGUMENTS = {"raw": "raw:4", "hofstaetter": "hofstaetter:mean"}


def parsers():
    """Names of the formats that read one file, and detection."""
    return [DETECTED, *(name for name in formats() if name not in APART)]


def seeds(parser):
    """Whole files to start from: of the format, or one like it."""
    known = [one for one in (*GOLDEN, *BINARY) if format_of(one) not in APART]
    if parser == DETECTED:
        return [golden(one) for one in known]
    if parser in OWN:
        return [OWN[parser]]
    if parser.startswith("rankbound-"):
        return [_columnar(parser)]
    if parser in ("torch", "faiss-idmap"):
        return [_of_library(parser)]
    found = [golden(one) for one in known if format_of(one) == parser]
    if parser == "pickle":
        found += [*map(_of_numpy, range(2, 6))]
    return found or [golden(ALIKE[parser])]


def _of_numpy(protocol):
    """A pickle with numbers and text of NumPy, some of them in two places."""
    ids = [np.str_("d1"), np.int64(2), "d3", np.str_("\u00e9")]
    rows = {one: np.float32(place) for place, one in enumerate(ids)}
    table = {np.str_("q"): rows, np.int64(7): {ids[0]: np.float64(0.5), ids[1]: 1.0}}
    return pickle.dumps(table, protocol=protocol)


def _of_library(parser):
    """A file that the library itself wrote, where it is installed."""
    vectors = np.arange(24, dtype=np.float32).reshape(6, 4)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "in")
            if parser == "torch":
                import torch

                torch.save(torch.from_numpy(vectors), path)
            else:
                import faiss

                index = faiss.IndexIDMap(faiss.IndexFlatIP(4))
                index.add_with_ids(vectors, np.arange(6))
                faiss.write_index(index, str(path))
            return path.read_bytes()
    except ImportError:
        return golden(ALIKE[parser])


def _columnar(parser):
    """A file of ours, made from another one."""
    like = {"rankbound-scores": "lookup", "rankbound-groups": "groups"}[parser]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "in")
        path.write_bytes(golden(like))
        entry = by_name(parser)
        entry.write(by_name(like).read(Source(path)), Path(folder, "out.parquet"))
        return Path(folder, "out.parquet").read_bytes()


def outcome(parser, data, path):
    """What a parser makes of bytes: "refused" or "read", and a fault or None."""
    path.write_bytes(data)
    beside = path.with_name(f"{path.name}.ids.txt")
    if not beside.exists():
        beside.write_text("".join(f"{n}\n" for n in NAMES))
    source = Source(path, named=parser != DETECTED)
    try:
        if parser == DETECTED:
            entry, _ = detect(source)
        else:
            entry = by_name(ARGUMENTS.get(parser, parser))
        found = entry.read(source)
    except (FormatError, UsageError) as error:
        return "refused", None if str(error).strip() else "says nothing"
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)
        ours = [one for one in place if "/rankbound/" in one.filename] or place
        where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
        return "failed", f"{type(error).__name__} in {where}: {error}"[:300]
    return "read", difference(entry.name, found, data)


def difference(name, found, data):
    """How contents differ from what the careful reader says; None if they do not."""
    if name not in naive.READERS:
        return None
    try:
        wanted = naive.READERS[name](data)
    except naive.AnotherError:
        return None
    except Exception as error:
        return f"is read, but not by the careful reader: {error!r}"[:300]
    if name in naive.SCORES:
        given = table(found.scores)
    elif name in naive.QRELS:
        given = table(found.qrels)
    elif name in naive.VECTORS:
        rows = np.asarray(found.embeddings.vectors).astype(float)
        return None if _close(rows.tolist(), wanted) else "other numbers"
    else:
        given = [(qid, docs) for qid, docs, _ in listed(found.groups)]
        wanted = [(qid, [*docs]) for qid, docs in wanted]
    return None if given == wanted else f"{given!r} is not {wanted!r}"[:300]


def _close(given, wanted):
    return len(given) == len(wanted) and all(
        len(row) == len(other)
        and all(
            x == y or (math.isnan(x) and math.isnan(y))
            for x, y in zip(row, other, strict=True)
        )
        for row, other in zip(given, wanted, strict=True)
    )
