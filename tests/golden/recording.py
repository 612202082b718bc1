"""What a command line gave, as plain data: exit code, texts, files.

Whole where that is small. Of long tables and lists there are counts, sums, sums by
place (which see a changed order) and some rows; of texts and bytes a hash. Versions,
times and absolute paths are replaced by words.
"""

import bz2
import contextlib
import csv
import gzip
import hashlib
import html
import io
import json
import math
import re
import warnings
from pathlib import Path
from unittest import mock

import numpy as np

MANIFEST = "rankbound.manifest.json"
MOST_CELLS = 260
MOST_ITEMS = 40
MOST_LINES = 120
SOME_ROWS, SOME_LINES = 4, 6
# Texts that are kept whole: their numbers are nowhere else as readers see them
WHOLE_TEXTS = ("tables.md", "tables.tex")
# Keys of a summary
SIZES, SUMS = "#sizes", {"#sum", "#by place"}
PICTURES = (".pdf", ".png", ".svg")
# By key: facts of the machine, not of the program
MACHINE = {"versions", "version", "seconds"}
WORDS = (
    (re.compile(r"passed in [0-9.]+ s\b"), "passed in <seconds> s"),
    (re.compile(r"\b([a-z-]+)( \|)? [0-9]+(\.[0-9]+){2,3}\b"), r"\1\2 <version>"),
)
PACKED = (".gz", ".bz2", ".zst", ".lz4")
WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
DATA = re.compile(r'<script type="application/json"[^>]*>(.*?)</script>', re.S)
HEADING = re.compile(r"\\(sub)*section\b")
UNSEEN = re.compile(r"<(script|style|svg)\b.*?</\1>", re.S)
CELL = re.compile(r"</t[dh]>\s*")
TAG = re.compile(r"<[^>]+>")
WITHIN = re.compile(r"</?(a|b|button|code|em|i|span|strong|sub|sup|td|th|time)\b[^>]*>")


def recorded(words, folder, places):
    """Run a command line in a folder and give its record.

    `places` are absolute paths and the words that stand for them.
    """
    from rankbound.cli import main

    before = _state(folder)
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
        # A slow machine is no difference
        mock.patch("rankbound.progress.EVERY", 1e6),
    ):
        warnings.simplefilter("error")
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code
    after = _state(folder)
    made = [name for name, state in after.items() if before.get(name) != state]
    record = {
        "command": " ".join(words),
        "exit": code,
        "stdout": _said(out.getvalue()),
        "stderr": _lines(err.getvalue()),
        "files": {name: file_record(folder / name) for name in made},
        "removed": [name for name in before if name not in after],
    }
    return json.loads(json.dumps(_plain(record, places)))


def _state(folder):
    # A link to the real data is not followed; manifests hold hashes of everything else
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, _size(path))
        for path in sorted(folder.rglob("*"))
        if not path.is_dir() and path.name != MANIFEST
    }


def _size(path):
    return path.stat().st_size


def file_record(path):
    """The content of a file by its suffix."""
    name = path.name
    if name.endswith((".parquet", ".arrow")):
        return _columnar(path)
    packing = next((end for end in PACKED if name.endswith(end)), "")
    content = _unpacked(path, packing)
    if name in WHOLE_TEXTS:
        return {"text": _lines(content.decode())}
    suffix = Path(name.removesuffix(packing)).suffix
    if suffix in PICTURES or content is None:
        return "a file"
    return READ.get(suffix, _text_or_bytes)(content)


def _text_or_bytes(content):
    try:
        return {"text": text(content.decode())}
    except UnicodeDecodeError:
        return {"bytes": len(content), "sha256": hashed(content)}


def _unpacked(path, packing):
    content = path.read_bytes()
    if packing == ".gz":
        return gzip.decompress(content)
    if packing == ".bz2":
        return bz2.decompress(content)
    return None if packing else content


def _columnar(path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.suffix == ".arrow":
        with pa.memory_map(str(path)) as stream:
            found = pa.ipc.open_file(stream).read_all()
    else:
        found = pq.read_table(path)
    columns = {field.name: str(field.type) for field in found.schema}
    return {"columns": columns, "rows": digest(found.to_pylist())}


def _arrays(content):
    found = np.load(io.BytesIO(content))
    arrays = {name: found[name] for name in found} if hasattr(found, "files") else {}
    if not arrays:
        arrays = {"": found}
    return {
        name or "array": {
            "dtype": str(array.dtype),
            "shape": list(array.shape),
            "sha256": hashed(array.tobytes()),
        }
        for name, array in arrays.items()
    }


def page(content):
    """Of a page the data in it and what is read, without pictures."""
    seen = UNSEEN.sub("", content)
    for pattern, words in ((CELL, " | "), (WITHIN, ""), (TAG, "\n")):
        seen = pattern.sub(words, seen)
    found = [" ".join(line.split()) for line in html.unescape(seen).splitlines()]
    return {
        "data": [digest(json.loads(part)) for part in DATA.findall(content)],
        "read": [line for line in found if line.strip(" |")],
    }


def text(content):
    """Lines of a text; of a long one the number, a hash and some of them."""
    found = _lines(content)
    if len(found) <= MOST_LINES:
        return found
    headings = [line for line in found if HEADING.match(line)]
    if headings:
        return {"#lines": len(found), "#headings": headings}
    return {
        "#lines": len(found),
        "#sha256": hashed(content.encode()),
        "#some": [[n, found[n]] for n in _spread(len(found), SOME_LINES)],
    }


def table(content, separator):
    """Rows of a table, with numbers as numbers."""
    rows = list(csv.reader(io.StringIO(content), delimiter=separator))
    if not rows:
        return {"header": [], "rows": []}
    header, *cells = [[value(cell) for cell in row] for row in rows]
    if len(cells) * len(header) <= MOST_CELLS:
        return {"header": header, "rows": cells}
    columns = list(zip(*cells, strict=True))
    return {
        "header": header,
        "#rows": len(cells),
        "#columns": {
            str(name): summary(column)
            for name, column in zip(header, columns, strict=True)
        },
        "#some": [[n, cells[n]] for n in _spread(len(cells), SOME_ROWS)],
    }


def value(cell):
    if WHOLE.fullmatch(cell) and cell != "-0":
        return int(cell)
    return float(cell) if DECIMAL.fullmatch(cell) else cell


def digest(value):
    """A JSON value in which long lists are summaries."""
    if isinstance(value, dict):
        return {key: digest(part) for key, part in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) <= MOST_ITEMS:
        return [digest(part) for part in value]
    flat = [dict(_leaves(part)) for part in value]
    names = list(dict.fromkeys(name for row in flat for name in row))
    return {
        "#rows": len(value),
        "#columns": {
            name or "value": summary([row.get(name) for row in flat]) for name in names
        },
        "#some": [[n, digest(value[n])] for n in _spread(len(value), SOME_ROWS)],
    }


def _leaves(value, path=""):
    if isinstance(value, dict) and value:
        parts = value.items()
    elif isinstance(value, list) and value and len(value) <= MOST_ITEMS:
        parts = enumerate(value)
    else:
        yield path, digest(value) if isinstance(value, list) else value
        return
    for key, part in parts:
        yield from _leaves(part, f"{path}/{key}" if path else str(key))


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def summary(column):
    """Counts and sums of the numbers of a column; counts or a hash of the rest."""
    numbers = [(n, float(v)) for n, v in enumerate(column, 1) if is_number(v)]
    rest = [part for part in column if not is_number(part)]
    found = {}
    if numbers:
        found |= {
            "#numbers": len(numbers),
            "#whole": sum(isinstance(part, int) for part in column),
            "#sum": math.fsum(v for _, v in numbers),
            "#by place": math.fsum(n * v for n, v in numbers) / len(column),
            "#sizes": math.fsum(abs(v) for _, v in numbers),
        }
    if rest:
        words = [json.dumps(part, ensure_ascii=False, sort_keys=True) for part in rest]
        counts = {word: words.count(word) for word in sorted(set(words))[:7]}
        if len(counts) < 7 and max(map(len, counts)) < 60:
            found["#values"] = counts
        found["#sha256"] = hashed("\n".join(words).encode())[:16]
    return found


def hashed(content):
    return hashlib.sha256(content).hexdigest()


def _spread(total, wanted):
    """Places from the first to the last, evenly spread."""
    return sorted({k * (total - 1) // (wanted - 1) for k in range(wanted)})


def _lines(content):
    return [line.rstrip() for line in content.splitlines()]


READ = {
    ".json": lambda content: {"json": digest(json.loads(content))},
    ".tsv": lambda content: {"table": table(content.decode(), "\t")},
    ".csv": lambda content: {"table": table(content.decode(), ",")},
    ".html": lambda content: page(content.decode()),
    ".npy": _arrays,
    ".npz": _arrays,
}


def _said(content):
    """Lines on the screen, or the JSON there."""
    if content.startswith(("{", "[")):
        return {"json": digest(json.loads(content))}
    return _lines(content)


def _plain(value, places, key=None):
    """The value without facts of the machine."""
    if key in MACHINE:
        if isinstance(value, dict):
            return dict.fromkeys(value, f"<{key}>")
        return f"<{key}>"
    if isinstance(value, dict):
        value = _without_hashes(value)
        return {name: _plain(part, places, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part, places) for part in value]
    if not isinstance(value, str):
        return value
    for place, word in places.items():
        value = value.replace(place, word)
    for pattern, word in WORDS:
        value = pattern.sub(word, value)
    return value


def _without_hashes(value):
    """An entry about a file, without the hash of bytes that a library may pack
    differently, or that hold numbers of an earlier command to the last digit.
    """
    if "sha256" not in value:
        return value
    if str(value.get("path", "")).startswith(("out/", "all/")):
        return value | {"sha256": "<written>"}
    if str(value.get("file", "")).endswith(PACKED):
        return value | {"sha256": "<packed>"}
    return value


def pretty(value, indent=0):
    """JSON with one line for what is short, else one for each part."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= 100 or not isinstance(value, dict | list) or not value:
        return line
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        parts = [
            f"{json.dumps(key, ensure_ascii=False)}: {pretty(part, indent + 1)}"
            for key, part in value.items()
        ]
        return "{\n" + ",\n".join(pad + part for part in parts) + f"\n{' ' * indent}}}"
    parts = [pretty(part, indent + 1) for part in value]
    return "[\n" + ",\n".join(pad + part for part in parts) + f"\n{' ' * indent}]"
