"""The catalogue: hostile inputs and command lines, and how each of them has to end.

A row is a name, a command line, the pattern of what has to be said, and the inputs by
name, as `tests.hostile.making` makes them. The exit code is 2 unless a row says more.
"""

import re
import shlex
from dataclasses import dataclass, field

from tests.rankbound.read.golden import GOLDEN

GIB = 1 << 30
RESULT = "ledger|comparison|validation|set|h.jsonl"


@dataclass(frozen=True)
class Case:
    """One command on hostile input.

    Attributes
    ----------
    kind, name, line : str
    code : int
        The exit code.
    words_said : str
        A pattern of its output or its complaint.
    inputs : dict of str to input
    stdin : input
    shell : str
        Redirections; such a case is a process of its own.
    replaced : tuple of str
        Files that were there and may change.
    based : bool
        Whether the prepared files and results are there.
    """

    kind: str
    name: str
    line: str
    code: int
    words_said: str
    inputs: dict = field(default_factory=dict)
    stdin: object = b""
    shell: str = ""
    replaced: tuple = ()
    based: bool = False

    @property
    def words(self):
        return shlex.split(self.line)

    @property
    def on_results(self):
        """Whether it needs results of commands, and not only their inputs."""
        return self.based and re.search(RESULT, f"{self.line} {self.inputs}")


def _cases(kind, rows, **more):
    for name, line, words, *rest in rows:
        inputs, own = (*rest, {}, {})[:2]
        yield Case(kind, name, line, **({"code": 2, **more} | own),
                   words_said=words, inputs=inputs)  # fmt: skip


# Damage, to every format

TEXTS = sorted(name for name in GOLDEN if "/" not in name)
BINARY = ("npy", "npz", "safetensors", "pickle", "faiss-flat", "table-scores")
OUT = {"npy": "npz", "npz": "npy", "safetensors": "npy", "faiss-flat": "npy"}


def _read(name, file="in"):
    return f"convert {file} out.{OUT.get(name, 'x')} --format {name}"


def _damaged():
    for name in TEXTS:
        spec = ("golden", name)
        damages = {
            "empty": "",
            "zeros": ("repeated", b"\0", 4096),
            "not-utf-8": ("inside", spec, 0.8, b"\xff\xfe"),
        }
        for damage, made in damages.items():
            yield f"{name}-{damage}", _read(name), r"in(:\d+)?: ", {"in": made}
    for name in BINARY:
        spec = ("golden", name)
        damages = {
            "empty": b"",
            "three-bytes": ("cut", spec, 3),
            "half": ("cut", spec, 0.5),
            "without-its-end": ("cut", spec, -3),
            "first-byte": ("flip", spec, 0),
            "zeros-in-front": ("zeros", spec, 0, 16),
            "joined-with-text": ("before", spec, "q1 Q0 d1 1 2.5 x\n"),
        }
        if name == "npz":  # as an archive that unpacks itself, it begins with a program
            del damages["joined-with-text"]
        for damage, made in damages.items():
            yield f"{name}-{damage}", _read(name), r"in(:\d+)?: ", {"in": made}
    for packing in ("gzip", "bz2", "xz", "zstd", "lz4", "zip", "tar", "tar.gz"):
        spec = ("pack", ("run", 60, 60), packing)
        for damage, made in {
            "cut": ("cut", spec, 0.6),
            "flipped": ("flip", spec, 0.4 if packing.startswith("tar") else 0.5),
            "head": ("flip", spec, 2),
        }.items():
            yield (
                f"{packing}-{damage}",
                "measure --teacher in --out out --teacher-kind logit",
                r"in(:\d+)?: ",
                {"in": made},
            )


# Files that say of themselves what is not so

SHAPE = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }"
LYING = [
    (f"npy-{name}", "convert in out.npz --format npy", r"in(:\d+)?: ", {"in": spec})
    for name, spec in {
        "more-rows": ("npy", SHAPE % "(1000000000000, 64)", b"\0" * 64),
        "overflowing": ("npy", SHAPE % "(4611686018427387904, 64)", b"\0" * 64),
        "negative": ("npy", SHAPE % "(-1, 64)", b"\0" * 64),
        "no-columns": ("npy", SHAPE % "(4, 0)"),
        "three-axes": ("npy", SHAPE % "(2, 2, 2)", b"\0" * 32),
        "fraction": ("npy", SHAPE % "(2.5, 4)", b"\0" * 40),
        "code": ("npy", "{'descr': __import__('os').system('touch ran')}"),
        "call": ("npy", "print('ran')"),
        "nested": ("npy", "(" * 900 + ")" * 900),
        "objects": ("objects",),
        "text": ("npy", "{'descr': '<U4', 'fortran_order': False, 'shape': (2, 2), }",
                 b"\0" * 64),
        "structure": ("npy", "{'descr': [('a', '<f4')], 'fortran_order': False, "
                      "'shape': (4, 4), }", b"\0" * 64),
        "complex": ("npy", SHAPE.replace("f4", "c8") % "(2, 4)", b"\0" * 64),
        "version-9": ("flip", ("golden", "npy"), 6, 8),
        "header-too-long": ("swap", ("golden", "npy"), b"\x93NUMPY\x01\x00v\x00",
                            b"\x93NUMPY\x01\x00\xff\xff"),
    }.items()
] + [
    (f"safetensors-{name}", "convert in out.npy --format safetensors",
     r"in(:\d+)?: ", {"in": spec})
    for name, spec in {
        "header-of-8-eib": ("safetensors", "{}", b"", 1 << 63),
        "header-of-4-gib": ("safetensors", "{}", b"", 1 << 32),
        "no-json": ("safetensors", "{]"),
        "a-list": ("safetensors", "[1, 2]"),
        "no-tensor": ("safetensors", "{}"),
        "beyond-the-end": ("safetensors", {"v": {"dtype": "F32", "shape": [4, 4],
                           "data_offsets": [0, 1 << 40]}}, b"\0" * 64),
        "backwards": ("safetensors", {"v": {"dtype": "F32", "shape": [4, 4],
                      "data_offsets": [64, 0]}}, b"\0" * 64),
        "negative": ("safetensors", {"v": {"dtype": "F32", "shape": [-4, -4],
                     "data_offsets": [0, 64]}}, b"\0" * 64),
        "other-size": ("safetensors", {"v": {"dtype": "F32", "shape": [5, 5],
                       "data_offsets": [0, 64]}}, b"\0" * 64),
        "huge-shape": ("safetensors", {"v": {"dtype": "F32",
                       "shape": [1 << 40, 1 << 40], "data_offsets": [0, 64]}},
                       b"\0" * 64),
        "words-as-shape": ("safetensors", {"v": {"dtype": "F32", "shape": "4",
                           "data_offsets": [0, 64]}}, b"\0" * 64),
        "unknown-type": ("safetensors", {"v": {"dtype": "F128", "shape": [4, 4],
                         "data_offsets": [0, 64]}}, b"\0" * 64),
        "no-offsets": ("safetensors", {"v": {"dtype": "F32", "shape": [4, 4]}}),
        "nested": ("safetensors", "[" * 5000 + "]" * 5000),
    }.items()
] + [
    (f"faiss-{name}", "convert in out.npy --format faiss-flat", r"in(:\d+)?: ",
     {"in": spec})
    for name, spec in {
        "more-vectors": ("flip", ("golden", "faiss-flat"), 14, 0x7F),
        "negative-count": ("flip", ("golden", "faiss-flat"), 15, 0x80),
        "no-dimension": ("swap", ("golden", "faiss-flat"), b"\x04\0\0\0", b"\0" * 4),
        "huge-dimension": ("swap", ("golden", "faiss-flat"), b"\x04\0\0\0",
                           b"\xff\xff\xff\x7f"),
        "another-metric": ("flip", ("golden", "faiss-flat"), 33, 0x55),
    }.items()
] + [
    (f"archive-{name}", "measure --teacher in --teacher-kind logit --out out", words, {"in": spec})
    for name, words, spec in [
        ("of-two-files", "2 files", ("archive_of", {"a": ("run",), "b": ("run",)})),
        ("of-none", "in", ("archive_of", {})),
        ("with-a-path-above", "", ("archive_of", {"__evil": "x"})),
        ("twice-packed", "packed twice", ("pack", ("pack", ("run",), "gzip"), "bz2")),
        ("zip-size-lies", "damaged", ("flip", ("pack", ("table",), "zip"), -50, 4)),
        ("zip-crc-lies", "damaged", ("flip", ("pack", ("table",), "zip"), -59)),
        ("tar-of-a-link", "without a file", ("tarred", "a", "", "2", "/etc/passwd")),
        ("tar-of-a-hard-link", "", ("tarred", "a", "", "1", "/etc/passwd")),
        ("tar-of-a-device", "without a file", ("tarred", "a", "", "3")),
        ("tar-size-lies", "", ("tarred", "a", ("run",), "0", "", 1 << 32)),
        ("tar-of-two", "2 files", ("before", ("tarred", "a", ("run",)),
                                   ("cut", ("tarred", "b", ("run",)), -1024))),
        ("half-a-header", "", ("cut", ("tarred", "a", ("run",)), 300)),
    ]
] + [
    (f"table-{name}", "convert in out.run --format table-scores", r"in(:\d+)?: ",
     {"in": spec})
    for name, spec in {
        "footer-length": ("flip", ("golden", "table-scores"), -6, 0x7F),
        "footer-negative": ("flip", ("golden", "table-scores"), -5, 0x80),
        "footer-damaged": ("zeros", ("golden", "table-scores"), 0.8, 40),
        "pages-damaged": ("flip", ("golden", "table-scores"), 0.1),
        "magic-only": "PAR1PAR1",
        "encrypted-magic": ("swap", ("golden", "table-scores"), b"PAR1", b"PARE"),
        "arrow-magic-only": b"ARROW1\0\0" + b"\xff" * 8,
        "arrow-footer-length": ("flip", ("golden", "table-scores/file"), -9, 0x7F),
        "arrow-footer-negative": ("flip", ("golden", "table-scores/file"), -7, 0x80),
        "arrow-half": ("cut", ("golden", "table-scores/file"), 0.5),
        "stream-half": ("cut", ("golden", "table-scores/stream"), 0.5),
        "stream-endless-schema": b"\xff\xff\xff\xff\xff\xff\xff\x7f",
        "no-rows": ("parquet", {"qid": [], "docno": [], "score": []}),
    }.items()
]  # fmt: skip

# Small files that become large

BOMBS = [
    (f"{packing}-of-{name}", "measure --teacher in --out out --teacher-kind logit",
     "memory|unpack|bytes|characters|empty|line|no known format", {"in": spec})
    for packing in ("gzip", "bz2", "xz", "zstd", "lz4", "zip")
    for name, spec in {
        "zeros": ("bomb", packing, b"\0" * 1024, 2 * GIB),
        "one-id": ("bomb", packing, b"q" * 1024, 2 * GIB, "q1 Q0 ", " 1 2.5 x\n"),
        "one-line": ("bomb", packing, "q1 Q0 d1 1 2.5 x\n", 2 * GIB),
    }.items()
] + [
    (f"gzip-of-{name}", f"{line} --format {format}", words,
     {"in": ("bomb", "gzip", unit, 2 * GIB, start)})
    for name, format, line, words, unit, start in [
        ("one-number", "lookup", "convert in out.run", "", "1" * 1024, '{"q": {"d": '),
        ("one-key", "lookup", "convert in out.run", "", "q" * 1024, '{"'),
        ("one-document", "lookup", "convert in out.run", "", '"d": 1.5,', '{"q": {'),
        ("one-list", "groups", "convert in out.x", "", '"d",',
         '{"query_id": "q", "doc_id_a": "d", "doc_id_b": ['),
        ("lines-of-groups", "groups", "convert in out.x", "",
         '{"query_id": "q", "doc_id_a": "d", "doc_id_b": ["e"]}\n', ""),
        ("csv-cells", "csv-scores", "convert in out.x", "", '"', "qid,docno,score\n"),
        ("csv-columns", "csv-scores", "convert in out.x", "", ",", "qid,docno,score"),
        ("spaces", "trec-run", "convert in out.x", "", " " * 1024, ""),
        ("line-ends", "trec-run", "convert in out.x", "", "\n" * 1024, ""),
        ("carriage-returns", "trec-run", "convert in out.x", "", "\r" * 1024, ""),
        ("grades", "qrels", "convert in out.x", "", "9" * 1024, "q 0 d "),
        ("brackets", "lookup", "convert in out.x", "", "[" * 1024, ""),
        ("objects", "json-scores", "convert in out.x", "", '{"a":' * 128, ""),
        ("texts", "texts", "convert in out.x", "", "word " * 128, '{"_id": "1", "text": "'),
    ]
] + [
    (name, f"convert {name} out.scores.parquet", "memory",
     {name: ("bomb_of", name)})
    for name in (
        "records.jsonl.repeated.gz", "records.jsonl.odd.gz", "csv.odd.gz",
        "ids.plain.parquet", "ids.typed.parquet", "page.plain.parquet",
        "lists.parquet", "ids.arrow", "batches.zstd.arrow", "batches.lz4.arrows",
    )
] + [
    ("npz-of-zeros", "convert in out.npy", "", {"in": ("bomb", "npz", b"\0" * 1024, 3 * GIB)}),
    ("pickle-of-shared-lists", "convert in out.run", "", {"in": ("laughs", 9)}),
    ("pickle-deep", "convert in out.run --format pickle", "",
     {"in": ("pickled", b"]" + b"(" * 100000)}),
    ("pickle-of-a-huge-string", "convert in out.run --format pickle", "",
     {"in": ("pickled", b"\x8d" + b"\xff" * 7 + b"\x0f", 4)}),
    ("pickle-frame-of-exabytes", "convert in out.run --format pickle", "",
     {"in": ("pickled", b"\x95" + b"\xff" * 7 + b"\x0f", 4)}),
    ("pickle-long-number", "convert in out.run --format pickle", "",
     {"in": ("pickled", b"\x8b\xff\xff\xff\x7f")}),
    ("parquet-of-one-row", "convert in out.run --format table-scores", "",
     {"in": ("parquet", {"qid": ("q", 60_000_000), "docno": ("d", 60_000_000),
                         "score": (1.5, 60_000_000)})}),
    ("json-nested-lists", "convert in out.run --format lookup", "",
     {"in": ("nested", "[", "]", 1_000_000)}),
    ("json-nested-objects", "convert in out.run --format lookup", "",
     {"in": ("nested", '{"q":', "}", 1_000_000, "1")}),
    ("json-nested-lines", "convert in out.x --format groups", "",
     {"in": ("nested", "[", "]", 100_000)}),
    ("json-nested-colbert", "convert in out.x --format colbert", "",
     {"in": ("nested", "[", "]", 100_000)}),
    ("json-number-of-10-mb", "convert in out.run --format lookup", "",
     {"in": ("inside", '{"q": {"d": }}', 12, ("repeated", "9", 10_000_000))}),
    ("score-of-10-mb", "convert in out.x --format trec-run", "",
     {"in": ("inside", "q Q0 d 1  x\n", 9, ("repeated", "9", 10_000_000))}),
    ("grade-of-10-mb", "convert in out.x --format qrels", "",
     {"in": ("inside", "q 0 d \n", 6, ("repeated", "9", 10_000_000))}),
    ("csv-field-of-10-mb", "convert in out.x --format csv-scores", "",
     {"in": ("inside", "qid,docno,score\nq,d,\n", 20, ("repeated", "9", 10_000_000))}),
    ("a-sparse-tib-as-text", "measure --teacher in --out out", "",
     {"in": ("sparse", 1 << 40)}),
    ("a-sparse-tib-as-vectors", "convert in out.npy --format raw:64", "",
     {"in": ("sparse", 1 << 40)}),
    ("toml-nested", "study set --config in --out out", "",
     {"in": ("before", ("nested", "[", "]", 100_000), "a = ")}, {"based": True}),
    ("ledger-nested", "report in --out out.html", "",
     {"in/ledger.json": ("nested", '{"a":', "}", 100_000, "1")}),
    ("configuration-table-nested", "bound --table in", "",
     {"in": ("nested", "[", "]", 100_000)}),
]  # fmt: skip


# Values of the wrong type

JSON_VALUES = {
    "null": "null", "true": "true", "a-text": '"x"', "a-list": "[1]", "an-object":
    '{"a": 1}', "nan": "NaN", "infinity": "Infinity", "too-large": "1e999",
}  # fmt: skip
TYPES = [
    (f"lookup-score-{name}", "measure --teacher in --out out", r"in(:\d+)?: ",
     {"in": f'{{"q1": {{"d1": 1.5, "d2": {text}}}, "q2": {{"d1": 2.5, "d2": 1}}}}'})
    for name, text in JSON_VALUES.items()
] + [
    (f"groups-id-{name}", "convert in out.x --format groups", r"in(:\d+)?: ",
     {"in": f'{{"query_id": "q", "doc_id_a": {text}, "doc_id_b": ["b"]}}\n'})
    for name, text in JSON_VALUES.items() if name != "a-text"
] + [
    (f"groups-negative-{name}", "convert in out.x --format groups", r"in(:\d+)?: ",
     {"in": f'{{"query_id": "q", "doc_id_a": "a", "doc_id_b": ["b", {text}]}}\n'})
    for name, text in JSON_VALUES.items() if name != "a-text"
] + [
    (f"pylate-score-{name}", "convert in out.x --format pylate", r"in(:\d+)?: ",
     {"in": '{"query_id": "q", "document_ids": ["a", "b"], "scores": [1.5, '
            f"{text}]}}\n"})
    for name, text in JSON_VALUES.items()
] + [
    (f"run-score-{name}", "measure --teacher in --out out", r"in:1: ",
     {"in": f"q1 Q0 d1 1 {text} x\nq1 Q0 d2 2 1.5 x\n"})
    for name, text in {
        "nan": "nan", "inf": "-inf", "too-large": "1e999", "hexadecimal": "0x1p3",
        "underscore": "1_0.5", "comma": "1,5", "words": "high", "full-width": "１.５",
        "two-points": "1.5.2", "percent": "50%", "quoted": '"1.5"',
    }.items()
] + [
    (f"qrels-grade-{name}", "convert in out.x --format qrels", r"in:1: ",
     {"in": f"q1 0 d1 {text}\nq1 0 d2 0\n"})
    for name, text in {
        "fraction": "0.5x", "nan": "nan", "words": "yes", "too-large": "9" * 40,
    }.items()
] + [
    (f"table-{name}", "convert in out.run --format table-scores", r"in(:\d+)?: ",
     {"in": ("parquet", columns)})
    for name, columns in {
        "scores-of-text": {"qid": ["q"], "docno": ["d"], "score": ["x"]},
        "scores-missing": {"qid": ["q", "q"], "docno": ["d", "e"], "score": [1.5, None]},
        "scores-nan": {"qid": ["q"], "docno": ["d"], "score": [float("nan")]},
        "scores-of-lists": {"qid": ["q"], "docno": ["d"], "score": [[1.5]]},
        "scores-of-booleans": {"qid": ["q"], "docno": ["d"], "score": [True]},
        "ids-missing": {"qid": ["q"], "docno": [None], "score": [1.5]},
        "ids-of-lists": {"qid": [["q"]], "docno": ["d"], "score": [1.5]},
        "ids-of-fractions": {"qid": [1.5], "docno": ["d"], "score": [1.5]},
        "ids-of-bytes": {"qid": [b"\xff\xfe"], "docno": ["d"], "score": [1.5]},
    }.items()
] + [
    ("a-run-as-vectors", "measure --teacher t.json --embeddings s.run --out out", "", {}),
    ("vectors-as-a-teacher", "measure --teacher v.npy --out out", "", {}),
    ("groups-as-a-teacher", "measure --teacher g.jsonl --out out", "", {}),
    ("judgements-as-a-student",
     "measure --teacher t.json --student s=judged.qrels --out out", "", {}),
    ("a-teacher-as-groups", "compare --teacher t.json --groups a=t.json b=g.jsonl --out out", "", {}),
    ("a-run-as-judgements", "measure --teacher t.json --qrels s.run --out out", "", {}),
    ("a-page-as-a-teacher", "measure --teacher in --out out", "",
     {"in": "<!DOCTYPE html><html><body>404 Not Found</body></html>\n"}),
    ("an-lfs-pointer", "measure --teacher in --out out", "",
     {"in": "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"}),
    ("a-ledger-as-a-teacher", "measure --teacher ledger/ledger.json --out out", "", {}),
    ("a-teacher-as-results", "report . --out out.html", "", {"ledger.json": ("table",)},
     {"based": False}),
    ("a-pdf-as-a-table", "bound --table in", "", {"in": b"%PDF-1.7\n\xe2\xe3"}),
    ("a-matrix-as-clusters", "measure --teacher t.json --clusters v.npy --out out", "", {}),
]  # fmt: skip


# Pickles that would run something

CODE = {
    "system": b"cos\nsystem\n(X\x09\0\0\0touch rantR",
    "system-4": b"\x8c\x02os\x8c\x06system\x93\x8c\x09touch ran\x85R",
    "eval": b"cbuiltins\neval\n(X\x0d\0\0\0open('ran','w')tR",
    "open": b"cbuiltins\nopen\n(X\x03\0\0\0ranX\x01\0\0\0wtR",
    "instance": b"(X\x09\0\0\0touch ranios\nsystem\n",
    "object": b"(cos\nsystem\nX\x09\0\0\0touch rano",
    "new-object": b"csubprocess\nPopen\n(X\x03\0\0\0ranl\x81",
    "build": b"cos\nsystem\n(X\x04\0\0\0evilK\x01dub",
    "getattr": b"cbuiltins\ngetattr\n(cos\nenviron\nX\x03\0\0\0poptR",
    "numpy-load": b"cnumpy\nload\n(X\x02\0\0\0intR",
    "reconstruct": b"cnumpy.core.multiarray\n_reconstruct\n(cos\nsystem\nK\x00\x85X\1\0\0\0btR",
    "scalar-of-objects": b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(X\x02\0\0\0O8tRX\4\0\0\0evilttR",
    "extension": b"\x82\x01",
    "persistent": b"Pevil\n",
    "persistent-binary": b"X\x04\0\0\0evilQ",
    "buffer": b"\x97",
    "unknown-opcode": b"\xfe",
    "empty-stack": b"R",
    "memo-of-nothing": b"h\x07",
    "memo-huge": b"K\x01r\xff\xff\xff\x7f",
    "recursive": b"]q\x00h\x00a",
    "wrong-protocol": b"",
    "ucs4": b"X\x04\0\0\0\xed\xa0\x80x",
    "codecs": b"c_codecs\nencode\n(X\x01\0\0\0aX\x06\0\0\0rot_13tR",
    "bytearray": b"\x96\xff\xff\xff\xff\xff\xff\xff\x0f",
    "pandas": b"cpandas.core.frame\nDataFrame\n)\x81}b",
    "torch-storage": b"ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x02tR",
}
# An object that is made and given back, so that the next one of its size begins unclean
UNCLEAN = b"C\x17" + b"\1" * 23 + b"0"
PICKLES = [
    (f"pickle-{name}", "convert in out.run --format pickle", r"in(:\d+)?: ",
     {"in": ("pickled", body, 99 if name == "wrong-protocol" else 4)})
    for name, body in CODE.items()
] + [
    *[(f"pickle-bytearray-of-{name}", "convert in out.run --format pickle", "memory",
       {"in": ("pickled", UNCLEAN + b"\x96" + size, 5)})
      for name, size in {"a-tib": b"\0\0\0\0\0\1\0\0", "exabytes": b"\5\0\0\0\0\0\0\x08"}.items()],
    ("pickle-detected", "measure --teacher in --out out", "", {"in": ("pickled", CODE["system"])}),
    ("pickle-inspected", "inspect in", "in", {"in": ("pickled", CODE["eval"])}, {"code": 1}),
    ("pickle-in-npz", "convert in out.npy", "",
     {"in": ("archive_of", {"vectors.npy": ("objects",)})}),
    ("pickle-in-torch", "convert in out.npy --format torch", "",
     {"in": ("archive_of", {"archive/data.pkl": ("pickled", CODE["system"])})}),
    ("pickle-in-gzip", "measure --teacher in --out out", "",
     {"in": ("pack", ("pickled", CODE["system"]), "gzip")}),
    ("library-not-asked-for", "convert in out.npy", "in:1",
     {"in": b"IwFl" + b"\0" * 64}),
]  # fmt: skip


# Names of files, systems and folders

MEASURE = "measure --teacher t.json --teacher-kind logit --out"
KEPT = "input|not overwritten|exists"
NAMES = [
    ("out-is-the-input", "convert t.json t.json --force", "input", {}),
    ("out-is-the-input-dotted", "convert t.json ./t.json --force", "input", {}),
    ("out-is-the-input-above", "convert t.json ledger/../t.json --force", "input", {}),
    ("out-links-to-the-input", "convert t.json l.json --force", "input", {"l.json": ("link", "t.json")}),
    ("out-is-a-hard-link", "convert t.json h.json --force", "input", {"h.json": ("hard", "t.json")}),
    ("input-links-to-out", "convert l.json t.json --force", "input", {"l.json": ("link", "t.json")}),
    ("link-to-a-link", "convert l.json t.json --force", "input",
     {"k.json": ("link", "t.json"), "l.json": ("link", "k.json")}),
    ("folder-links-to-itself", "convert t.json here/t.json --force", "input", {"here": ("link", ".")}),
    ("json-is-the-input", "inspect t.json --json t.json --force", "input", {}),
    ("json-is-a-hard-link", "inspect t.json --json h.json --force", "input", {"h.json": ("hard", "t.json")}),
    ("drawn-onto-the-teacher", "sample --teacher t.json --sampling top --out t.json --force", "input", {}),
    ("drawn-onto-the-judgements",
     "sample --teacher t.json --qrels judged.qrels --sampling top --out ./judged.qrels --force", "input", {}),
    ("page-onto-a-ledger", "report ledger --out ledger/ledger.json --force", "input", {}),
    ("measured-onto-the-teacher", f"{MEASURE} in --teacher in/per_query.tsv --force", "input",
     {"in/per_query.tsv": ("run",)}),
    ("measured-onto-a-linked-teacher", f"{MEASURE} in --teacher in/per_query.tsv --force", "input",
     {"in/per_query.tsv": ("link", "../s.run")}),
    ("measured-onto-a-hard-link", f"{MEASURE} in --force", "input", {"in/ledger.json": ("hard", "../t.json")}),
    ("drawn-figures-onto-results", "figures --from ledger --out ledger/ledger.json", "", {}),
    ("a-file-where-a-folder-goes", f"{MEASURE} s.run", "s.run", {}),
    ("a-folder-where-a-file-goes", "convert t.json ledger --to trec-run --lossy", "ledger", {}),
    ("a-folder-where-a-page-goes", "report ledger --out comparison", "comparison", {}),
    ("a-strangers-ledger", f"{MEASURE} in", "exists", {"in/ledger.json": '{"mine": 1}'}),
    ("a-strangers-rows", f"{MEASURE} in", "exists", {"in/per_query.tsv": "my own notes\n"}),
    ("a-strangers-manifest", f"{MEASURE} in", "", {"in/rankbound.manifest.json": "{}"}),
    ("a-strangers-page", "report ledger --out in.html", "exists", {"in.html": "<p>mine</p>"}),
    ("a-strangers-json", "inspect t.json --json in.json", "exists", {"in.json": '{"mine": 1}'}),
    ("out-is-a-pipe", "convert t.json in --to lookup", "", {"in": ("fifo",)}),
    ("out-folder-is-a-pipe", f"{MEASURE} in", "", {"in": ("fifo",)}),
    ("out-links-to-nothing", f"{MEASURE} in/ledger.json/x", "", {"in/ledger.json": ("link", "nowhere")}),
    ("out-links-to-null", "convert t.json in --to lookup", "", {"in": ("link", "/dev/null")}),
    ("out-links-to-full", "convert t.json in --to lookup", "", {"in": ("link", "/dev/full")}),
    ("out-loops", f"{MEASURE} in", "", {"in": ("link", "in")}),
    ("out-below-a-file", f"{MEASURE} t.json/out", "t.json", {}),
    ("out-in-proc", f"{MEASURE} /proc/rankbound", "/proc", {}),
    ("out-is-empty", f"{MEASURE} ''", "", {}, {"code": 0}),
    ("out-is-too-long", f"{MEASURE} {'x' * 300}", "", {}),
    ("out-path-is-too-long", f"{MEASURE} {'x/' * 3000}", "", {}),
    ("input-is-a-folder", "measure --teacher ledger --out out", "ledger", {}),
    ("input-loops", "measure --teacher in --out out", "in", {"in": ("link", "in")}),
    ("input-links-to-nothing", "measure --teacher in --out out", "in", {"in": ("link", "nowhere")}),
    ("input-is-null", "measure --teacher /dev/null --out out", "/dev/null: ?|empty", {}),
    ("input-is-empty", "measure --teacher '' --out out", "", {}),
    ("input-is-too-long", f"measure --teacher {'x' * 300} --out out", "", {}),
    ("input-in-proc", "measure --teacher /proc/self/mem --out out", "", {}),
    ("input-has-a-line-end", "measure --teacher 'a\nb' --out out", "a b: no such file", {}),
    ("input-has-an-escape", "measure --teacher '\x1b[2Ja' --out out", r"\\x1b\[2Ja: no such file", {}),
    ("input-turns-direction", "measure --teacher 'a\u202eb' --out out", r"a\\u202eb", {}),
    ("input-is-not-utf-8", "measure --teacher 'a\udcffb' --out out", "not text in UTF-8", {}),
    ("file-name-is-not-utf-8", "measure --teacher 'a\udcffb' --teacher-kind logit --out out", "UTF-8|Unicode",
     {"a\udcffb": ("table",)}),
    ("option-is-an-escape", "measure '--\x1b[31m' --teacher t.json --out out", r"\\x1b", {}),
    ("command-is-an-escape", "'\x1b]0;owned\x07'", r"\\x1b\]0;owned\\x07", {}),
    ("name-without-a-file", "measure --teacher t.json --student s= --out out", "", {}),
    ("file-without-a-name", "measure --teacher t.json --student =s.run --out out", "", {}),
    ("name-twice", "measure --teacher t.json --student s=s.run s=s.run --out out", "", {}),
    ("name-is-a-path", "measure --teacher t.json --student ../s=s.run --student-kind logit --out out/x", "",
     {}, {"code": 0}),
    ("data-set-name-is-a-path", "study ../evil:set --out out", "", {}),
    ("data-set-name-is-absolute", "study /tmp/evil:set --out out", "", {}),
    ("data-set-twice", "study a:set a:set --out out", "", {}),
    ("pattern-of-several", "measure --teacher 'out=*.run' --out out", "", {}),
    ("home-is-not-expanded", "measure --teacher '~/t.json' --out out", "no such file", {}),
]  # fmt: skip


# What is said of names and texts that would command a terminal or a spreadsheet


def _shown(text):
    return {
        "in": f"q1 Q0 d1 1 2.5 {text}\nq1 Q0 d2 2 1.5 {text}\nq1 Q0 d3 3 0.5 {text}\n"
    }


SHOWN = [
    ("tag-clears-the-screen", "inspect in", "in", _shown("\x1b[2J")),
    ("tag-is-c1", "inspect in", "in", _shown("\u009b31m")),
    ("tag-turns-direction", "inspect in", "in", _shown("a\u202eb")),
    ("id-has-an-escape", "inspect in", "in", {"in": "q1 Q0 \x1b[31md1 1 2.5 x\nq1 Q0 d2 2 1 x\n"}, {"code": 1}),
    ("id-has-bell", "inspect in", "in", {"in": "q1 Q0 d\x071 1 2.5 x\nq1 Q0 d2 2 1 x\n"}, {"code": 1}),
    ("column-has-an-escape", "inspect in", "in",
     {"in": "qid,docno,score,\x1b[31mred\nq,d,2.5,1\nq,e,1.5,1\n"}),
    ("key-has-an-escape", "inspect in", "in",
     {"in": '{"qid": "q", "docno": "d", "score": 1.5, "\\u001b[31m": 1}\n'}),
    ("lookup-key-has-an-escape", "inspect in", "in", {"in": '{"\\u001b[2J": {"d": 1.5, "e": 2.5}}'}, {"code": 1}),
    ("lookup-key-has-a-surrogate", "inspect in", "in", {"in": '{"\\ud800": {"d": 1.5, "e": 2.5}}'}, {"code": 1}),
    ("key-has-nul", "inspect in", "in", {"in": '{"q\\u0000": {"d": 1.5, "e": 2.5}}'}, {"code": 1}),
    ("header-has-marks", "inspect in", "in", {"in": "\ufeff\ufeffq1 Q0 d1 1 2.5 x\n"}),
    ("first-line-is-binary", "inspect in", "in", {"in": bytes(range(256))}, {"code": 1}),
    ("score-is-an-escape", "inspect in", "in", {"in": "q1 Q0 d1 1 \x1b[31m x\n"}, {"code": 1}),
    ("format-is-an-escape", "inspect t.json --format '\x1b[31m'", r"\\x1b", {}, {"based": True, "code": 2}),
    ("student-is-a-formula", "measure --teacher t.json --teacher-kind logit --student '=cmd()=s.run' "
     "--student-kind logit --out out", "", {}, {"based": True, "code": 2}),
    ("sampling-is-a-formula", "compare --teacher t.json --teacher-kind logit --groups '@SUM(A1)=g.jsonl' "
     "'+x=h.jsonl' --resamples 0 --out out", "SUM", {}, {"based": True, "code": 0}),
    ("student-is-an-escape", "measure --teacher t.json --teacher-kind logit --student '\x1b[31mx=s.run' "
     "--student-kind logit --out out", r"\\x1b", {}, {"based": True, "code": 0}),
    ("student-is-html", "measure --teacher t.json --teacher-kind logit --student "
     "'<script>alert(1)</script>=s.run' --student-kind logit --out out", "script", {}, {"based": True, "code": 0}),
    ("student-is-latex", "measure --teacher t.json --teacher-kind logit --student "
     "'\\input{x}=s.run' --student-kind logit --out out", "input", {}, {"based": True, "code": 0}),
    ("ids-are-formulas", "measure --teacher in --teacher-kind logit --out out", "",
     {"in": '{"=1+1": {"@a": 1.5, "+b": 0.5}, "-2+3": {"@a": 1.5, "+b": 2.5}, "\'=x": {"@a": 1, "+b": 2}}'},
     {"code": 0}),
    ("ids-are-markup", "measure --teacher in --teacher-kind logit --out out", "",
     {"in": '{"[red]x[/red]": {"a": 1.5, "b": 0.5}, "[/]": {"a": 1.5, "b": 2.5}}'}, {"code": 0}),
]  # fmt: skip


# Numbers of options

ODD = (
    "nan",
    "inf",
    "-inf",
    "1e400",
    "abc",
    "''",
    "0x10",
    "1_0",
    "１",
    "' 1'",
    "--1",
    "1e-320",
    "9" * 30,
)
# Those of them that are right for an option, as Python reads numbers
RIGHT = {
    "--margin": ("1_0", "１", "' 1'"),
    "--sd": ("1_0", "１", "' 1'"),
    "--range": ("1_0", "１", "' 1'"),
    "--seed": ("1_0", "１", "' 1'"),
    "--n": ("1_0",),
    "--group-size": ("1_0",),
    "--entropy": ("1e-320",),
}
NUMBERS = [
    (f"{option[2:]}-{number.strip(chr(39)) or 'empty'}", f"{line} {option}={number}", option[2:], {})
    for option, line in {
        "--delta": "power --n 40",
        "--margin": "power --n 40 --sd 0.1",
        "--sd": "power --n 40",
        "--n": "power --sd 0.1",
        "--range": "power --n 40 --sd 0.1",
        "--power": "power --n 40 --sd 0.1",
        "--seed": "power --n 40 --sd 0.1 --law two-point",
        "--entropy": "bound --diameter 2 --lipschitz 5 --divergence 0.1 --n 100",
        "--group-size": "bound --diameter 2 --lipschitz 5 --entropy 0.4 --divergence 0.1 --n 100",
    }.items()
    for number in ODD
    if number not in RIGHT.get(option, ())
] + [
    (f"{name}", line, words, {}, {"based": True})
    for name, words, line in [
        ("measure-delta-tiny", "--delta", "measure --teacher t.json --delta 1e-320 --out out"),
        ("measure-delta-one", "--delta", "measure --teacher t.json --delta 1 --out out"),
        ("measure-delta-negative", "--delta", "measure --teacher t.json --delta -0.1 --out out"),
        ("measure-depth-huge", "--depth", "measure --teacher t.json --depth 99999999999999999999999 --out out"),
        ("measure-depth-zero", "--depth", "measure --teacher t.json --depth 0 --out out"),
        ("measure-depth-fraction", "--depth", "measure --teacher t.json --depth 2.5 --out out"),
        ("measure-range-zero", "--score-range", "measure --teacher t.json --score-range 0 --out out"),
        ("measure-range-huge", "", "measure --teacher t.json --score-range 1e308 --out out"),
        ("measure-pilot-all", "--pilot", "measure --teacher t.json --pilot 1 --out out"),
        ("measure-pilot-nan", "--pilot", "measure --teacher t.json --pilot nan --out out"),
        ("measure-temperature-zero", "--temperature", "measure --teacher t.json --temperature 0 --out out"),
        ("measure-temperature-tiny", "", "measure --teacher t.json --temperature 1e-320 --out out"),
        ("measure-temperature-nan", "--temperature", "measure --teacher t.json --temperature nan --out out"),
        ("measure-seed-negative", "--seed", "measure --teacher t.json --seed -1 --out out"),
        ("measure-seed-huge", "", "measure --teacher t.json --seed 1e30 --out out"),
        ("measure-weights-negative", "--weights", "measure --teacher t.json --weights -1 --out out"),
        ("measure-missing-value-text", "--missing-value", "measure --teacher t.json --missing-value x --out out"),
        ("compare-delta-tiny", "--delta",
         "compare --teacher t.json --groups a=g.jsonl b=h.jsonl --delta 1e-17 --resamples 0 --out out"),
        ("compare-resamples-negative", "--resamples",
         "compare --teacher t.json --groups a=g.jsonl b=h.jsonl --resamples -1 --out out"),
        ("compare-resamples-one", "--resamples",
         "compare --teacher t.json --groups a=g.jsonl b=h.jsonl --resamples 1 --out out"),
        ("compare-resamples-huge", "--resamples",
         "compare --teacher t.json --groups a=g.jsonl b=h.jsonl --resamples 99999999999999999999 --out out"),
        ("compare-margin-negative", "--margin",
         "compare --teacher t.json --groups a=g.jsonl b=h.jsonl --margin -1 --out out"),
        ("validate-permutations-zero", "",
         "validate --teacher t.json --student s=s.run --qrels judged.qrels --permutations -1 --out out"),
        ("validate-band-two", "--band",
         "validate --teacher t.json --student s=s.run --qrels judged.qrels --band 2 --out out"),
        ("validate-measures-unknown", "--measures",
         "validate --teacher t.json --student s=s.run --qrels judged.qrels --measures 'nDCG@0x' --out out"),
        ("validate-measures-huge", "",
         "validate --teacher t.json --student s=s.run --qrels judged.qrels --measures "
         "'nDCG@99999999999999999999' --out out"),
        ("cut-keep-backwards", "quantiles",
         "cut --teacher t.json --groups g.jsonl --keep 0.9-0.1 --out out"),
        ("cut-keep-nan", "quantiles", "cut --teacher t.json --groups g.jsonl --keep nan-1 --out out"),
        ("sample-size-zero", "--size",
         "sample --teacher t.json --qrels judged.qrels --sampling random --size 0 --out out.jsonl"),
        ("sample-size-huge", "",
         "sample --teacher t.json --qrels judged.qrels --sampling random --size 1e23 --out out.jsonl"),
        ("sample-band-backwards", "--band",
         "sample --teacher t.json --qrels judged.qrels --sampling entropy --band 2:1 --out out.jsonl"),
        ("sample-band-nan", "--band",
         "sample --teacher t.json --qrels judged.qrels --sampling entropy --band nan:nan --out out.jsonl"),
        ("sample-strata-huge", "",
         "sample --teacher t.json --qrels judged.qrels --sampling stratified --strata 99999999999999999999 "
         "--out out.jsonl"),
        ("report-rows-negative", "--rows", "report ledger --out out.html --rows -1"),
        ("bound-n-zero", "n", "bound --diameter 2 --lipschitz 5 --entropy 0.4 --divergence 0.1 --n 0"),
        ("bound-diameter-negative", "--diameter",
         "bound --diameter -2 --lipschitz 5 --entropy 0.4 --divergence 0.1 --n 100"),
        ("certify-unknown", "", "certify --statement theorem-99"),
        ("explain-unknown", "", "explain theorem-99"),
        ("figures-width", "--width", "figures --out out --width 7"),
        ("raw-width-zero", "", "convert v.npy out.npz --format raw:0"),
        ("raw-width-huge", "", "convert v.npy out.npz --format raw:99999999999999999999"),
    ]
]  # fmt: skip


# Results and settings that were edited or damaged

RESULTS = [
    (f"{kind}-{name}-{command.split()[0]}", f"{command}", f"in|{kind}", {f"in/{kind}.json": spec})
    for kind in ("ledger", "comparison", "validation")
    for command in ("report in --out out.html", "figures --from in --out out")
    for name, spec in {
        "empty": "", "a-list": "[]", "nul": b"\0" * 64, "no-schema": "{}",
        "another-version": f'{{"schema": "rankbound.{kind}/99"}}',
        "keyless": f'{{"schema": "rankbound.{kind}/1"}}',
    }.items()
] + [
    ("ledger-of-another-run", "report in --out out.html", "per_query.tsv",
     {"in/ledger.json": ("copy", "../ledger/ledger.json"),
      "in/per_query.tsv": "qid\tentropy\nq1\t0.5\n",
      "in/rankbound.manifest.json": ("copy", "../ledger/rankbound.manifest.json")}, {"based": True}),
    ("rows-cut", "figures --from ledger --out out", "per_query.tsv", {"ledger/per_query.tsv": "qid\n"}, {"based": True}),
    ("rows-cut-power", "power --from ledger", "per_query.tsv", {"ledger/per_query.tsv": "qid\n"}, {"based": True}),
    ("manifest-cut", "report ledger --out out.html", "manifest", {"ledger/rankbound.manifest.json": "{"}, {"based": True}),
    ("manifest-of-code", "report ledger --out out.html", "manifest",
     {"ledger/rankbound.manifest.json": '{"schema": "rankbound.manifest/1", "generation": "x", "results": {}}'},
     {"based": True}),
    ("before-is-no-ledger", "bound --before . --after ledger", "ledger", {}, {"based": True}),
    ("toml-broken", "study set --config in --out out", "in", {"in": "a = = b"}, {"based": True}),
    ("toml-unknown", "study set --config in --out out", "in", {"in": "[measure]\nforce = true\n"}, {"based": True}),
    ("toml-types", "study set --config in --out out", "in", {"in": "[measure]\ndelta = 'x'\n"}, {"based": True}),
    ("toml-not-utf-8", "study set --config in --out out", "in", {"in": b"a = '\xff'"}, {"based": True}),
    ("toml-is-a-folder", "study set --config ledger --out out", "ledger", {}, {"based": True}),
    ("table-of-words", "bound --table in", "in",
     {"in": "diameter\tlipschitz\tentropy\tdivergence\tn\nx\ty\tz\tw\tv\n"}),
    ("table-of-nan", "bound --table in", "in",
     {"in": "diameter\tlipschitz\tentropy\tdivergence\tn\n1\t1\tnan\t1\t10\n"}),
    ("clusters-twice", "measure --teacher t.json --clusters in --out out", "in",
     {"in": "q1\tc1\nq1\tc2\n"}, {"based": True}),
    ("trained-on-nothing", "measure --teacher t.json --trained-on in --out out", "in", {"in": ""}, {"based": True}),
    ("design-of-others", "validate --teacher t.json --student s=s.run --qrels judged.qrels --design in --out out",
     "in", {"in": "student\tx\nnobody\t1\n"}, {"based": True}),
]  # fmt: skip


# What files for people to read say in other ways

FOREIGN = [
    ("utf-16", "measure --teacher in --out out", "UTF-8|UTF-16", {"in": ("encoded", ("run",), "utf-16")}),
    ("utf-32", "measure --teacher in --out out", "", {"in": ("encoded", ("run",), "utf-32")}),
    ("latin-1-id", "measure --teacher in --out out", "UTF-8", {"in": b"q1 Q0 d\xe9 1 2.5 x\nq1 Q0 e 2 1 x\n"}),
    ("document-twice", "measure --teacher in --out out", "d1", {"in": "q1 Q0 d1 1 2.5 x\nq1 Q0 d1 2 1.5 x\n"}),
    ("key-twice", "measure --teacher in --out out", "", {"in": '{"q": {"d": 1, "d": 2}, "q": {"d": 3, "e": 1}}'}),
    ("composed-twice", "measure --teacher in --out out", "", {"in": "q1 Q0 \u00e9 1 2.5 x\nq1 Q0 e\u0301 2 1.5 x\n"}),
    ("six-columns-then-five", "measure --teacher in --out out", "in:2", {"in": "q Q0 d 1 2.5 x\nq Q0 e 2 1.5\n"}),
    ("a-missing-end", "measure --teacher in --out out", "in", {"in": '{"q": {"d": 1.5, "e": 2.5}'}),
    ("two-tables", "measure --teacher in --out out", "in", {"in": ("after", ("table",), ("table",))}),
    ("old-line-ends", "measure --teacher in --out out", "in", {"in": ("swap", ("run",), "\n", "\r", -1)}),
    ("nul-in-a-query-of-judgements",
     "validate --teacher t.json --student s=s.run --qrels in --out out", "in", {"in": b"q1\0 0 d1 1\n"}, {"based": True}),
    ("nul-in-an-id-of-a-lookup",
     "validate --teacher in --student s=in --qrels judged.qrels --out out", "in",
     {"in": '{"q1\\u0000": {"d1": 1.5, "d2": 2.5}}'}, {"based": True}),
    ("ids-of-another-teacher", "measure --teacher t.json --student s=in --out out", "",
     {"in": "x Q0 y 1 2.5 z\nx Q0 w 2 1 z\n"}, {"based": True}),
    ("vectors-too-few", "measure --teacher t.json --groups g.jsonl --embeddings v.npy --ids in --out out", "in",
     {"in": "d1\nd2\n"}, {"based": True}),
    ("vectors-twice", "measure --teacher t.json --groups g.jsonl --embeddings v.npy --ids in --out out", "in",
     {"in": "d1\n" * 30}, {"based": True}),
    ("vectors-nan", "measure --teacher t.json --groups g.jsonl --embeddings in.npy --ids v.ids --out out", "",
     {"in.npy": ("npy", SHAPE % "(30, 4)", b"\0\0\xc0\x7f" * 120)}, {"based": True}),
    ("vectors-infinite", "measure --teacher t.json --groups g.jsonl --embeddings in.npy --ids v.ids --out out", "",
     {"in.npy": ("npy", SHAPE % "(30, 4)", b"\0\0\x80\x7f" * 120)}, {"based": True}),
    ("scores-all-huge", "measure --teacher in --teacher-kind logit --out out", "",
     {"in": '{"q": {"a": 1e308, "b": -1e308}, "r": {"a": -1e308, "b": 1e308}}'}),
    ("a-pattern-of-none", "measure --teacher 'x*.run' --out out", "no such file", {}),
    ("an-unknown-data-set", "measure --teacher irds:../../etc/passwd --out out", "", {}),
]  # fmt: skip


# Standard streams

STREAMS = [
    ("input-empty", "measure --teacher - --out out", "empty|standard input", {}, {}),
    ("input-garbage", "measure --teacher - --out out", "", {}, {"stdin": bytes(range(256))}),
    ("input-bomb", "measure --teacher - --out out", "", {}, {"stdin": ("bomb", "gzip", b"\0" * 1024, 2 * GIB)}),
    ("input-vectors", "convert - out.npz --format npy", "", {}, {"stdin": ("cut", ("golden", "npy"), 40)}),
    ("input-twice", "measure --teacher - --student s=- --teacher-kind logit --student-kind logit --out out", "",
     {}, {"stdin": ("table",), "code": 0}),
    ("output-closed", "bound --diameter 2 --lipschitz 5 --entropy 0.4 --divergence 0.1 --n 100", "", {},
     {"shell": ">&-", "code": 2}),
    ("errors-closed", "measure --teacher nothing --out out", "", {}, {"shell": "2>&-"}),
    ("all-closed", "measure --teacher nothing --out out", "", {}, {"shell": "<&- >&- 2>&-"}),
    ("input-closed", "measure --teacher - --out out", "", {}, {"shell": "<&-"}),
    ("output-full", "bound --diameter 2 --lipschitz 5 --entropy 0.4 --divergence 0.1 --n 100", "", {},
     {"shell": "> /dev/full"}),
    ("errors-full", "measure --teacher nothing --out out", "", {}, {"shell": "2> /dev/full"}),
    ("output-broken", "explain", "", {}, {"shell": "| head -1", "code": 0}),
    ("results-complete-output-closed", "measure --teacher in --teacher-kind logit --out out", "",
     {"in": ("table",)}, {"shell": ">&-", "code": 0}),
    ("results-complete-output-full", "measure --teacher in --teacher-kind logit --out out", "",
     {"in": ("table",)}, {"shell": "> /dev/full", "code": 0}),
    ("help-into-a-full-disk", "measure --help", "", {}, {"shell": "> /dev/full"}),
    ("ascii-terminal", "inspect in", "", {"in": "q1 Q0 é 1 2.5 ü\nq1 Q0 e 2 1 ü\n"},
     {"shell": "| LC_ALL=C cat", "code": 0}),
]  # fmt: skip


def catalogue():
    """All cases, by kind."""
    return (
        *_cases("damaged", _damaged()),
        *_cases("lying", LYING),
        *_cases("bombed", BOMBS),
        *_cases("wrongly typed", TYPES[:-12]),
        *_cases("wrongly typed", TYPES[-12:], based=True),
        *_cases("prepared pickles", PICKLES),
        *_cases("names", NAMES, based=True),
        *_cases("shown", SHOWN, code=0),
        *_cases("numbers", NUMBERS),
        *_cases("results", RESULTS),
        *_cases("foreign", FOREIGN),
        *_cases("streams", STREAMS),
    )
