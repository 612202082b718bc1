import bz2
import gzip
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from rankbound.commands.convert.storing import check_target, pack, packing_of, store
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.scores import Scores
from rankbound.errors import FormatError, UsageError
from rankbound.read.contents import Contents
from rankbound.read.registry import by_name
from rankbound.read.source import Source
from rankbound.writing import NEW, Replacing
from tests.rankbound.files import written

SCORES = Contents("toy", Path("x"), scores=Scores.from_dict({"q": {"a": 1.5}}))
VECTORS = Contents(
    "toy",
    Path("x"),
    embeddings=Embeddings(strings(["a", "b"]), np.eye(2, dtype=np.float32)),
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_stands_beside_goes_with_the_target(tmp_path):
    done = store(VECTORS, by_name("npy"), tmp_path / "v.npy", lossy=False)
    assert done.beside == (tmp_path / "v.ids.txt",)
    assert not done.reranked
    assert (tmp_path / "v.ids.txt").read_text() == "a\nb\n"
    assert names(tmp_path) == ["v.ids.txt", "v.npy"]


@pytest.mark.parametrize(("score", "found"), [(2.0, "qrels"), (1.5, None)])
def test_what_would_be_detected_as_another_format_is_said(tmp_path, score, found):
    held = replace(SCORES, scores=Scores.from_dict({"q": {"a": score}}))
    done = store(held, by_name("scoreddocs"), tmp_path / "x.tsv.gz", lossy=False)
    said = f"its content looks like {found}; read it with `format='scoreddocs'`"
    assert done.remark == (said if found else None)


def test_remarks_of_the_writer_and_on_detection_stand_together(tmp_path):
    entry = replace(by_name("pickle"), name="other")
    remark = store(SCORES, entry, tmp_path / "x.pkl", lossy=False).remark
    assert remark is not None
    assert remark.startswith("the ids in the pickle are text")
    assert remark.endswith(
        "; its content looks like pickle; read it with `format='other'`"
    )


def test_content_that_no_format_claims_is_said(tmp_path):
    def write(_, path):
        path.write_text("what?")

    entry = replace(by_name("trec-run"), write=write, reader=lambda _: SCORES)
    remark = store(SCORES, entry, tmp_path / "x.run", lossy=False).remark
    assert remark.startswith("its content looks like no known format; read it with")


def test_ids_beside_are_left_where_they_are_the_same_and_refused_where_not(tmp_path):
    ids = written(tmp_path, "a\nb\n", "v.ids.txt")
    store(VECTORS, by_name("npy"), tmp_path / "v.npy", lossy=False)
    ids.write_text("b\na\n")
    before = (tmp_path / "v.npy").read_bytes()
    other = replace(VECTORS.embeddings, vectors=np.ones((2, 2), dtype=np.float32))
    with pytest.raises(UsageError, match=r"v\.ids\.txt: exists with other content"):
        store(
            replace(VECTORS, embeddings=other),
            by_name("npy"),
            tmp_path / "v.npy",
            lossy=True,
        )
    assert ids.read_text() == "b\na\n"
    assert (tmp_path / "v.npy").read_bytes() == before
    assert names(tmp_path) == ["v.ids.txt", "v.npy"]


def test_a_refusal_of_the_writer_names_the_target_and_leaves_nothing(tmp_path):
    held = replace(SCORES, scores=Scores.from_dict({"q": {"a b": 1.0}}))
    with pytest.raises(FormatError) as caught:
        store(held, by_name("trec-run"), tmp_path / "x.run.gz", lossy=False)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/x.run.gz: a document id must be one word")
    assert "'a b'" in message
    assert names(tmp_path) == []


def test_text_that_is_no_unicode_is_refused(tmp_path):
    held = replace(SCORES, metadata={"tag": "t\ud800"})
    with pytest.raises(FormatError, match="is not Unicode text"):
        store(held, by_name("trec-run"), tmp_path / "x.run", lossy=False)
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_written_to_is_a_usage_error(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(UsageError, match=r"cannot be written \(Permission denied\)"):
        store(SCORES, by_name("lookup"), tmp_path / "x.json", lossy=False)


def test_folders_are_made_anew_or_filled_when_empty(tmp_path):
    pytest.importorskip("npids")
    entry = by_name("flexindex")
    (tmp_path / "empty.flex").mkdir()
    for name in ("empty.flex", "new.flex"):
        check_target(tmp_path / name, NEW, folder=True)
        store(VECTORS, entry, tmp_path / name, lossy=False)
        assert names(tmp_path / name) == ["docnos.npids", "pt_meta.json", "vecs.f4"]
        with pytest.raises(UsageError, match="not empty"):
            check_target(tmp_path / name, NEW, folder=True)


def test_targets_that_would_do_harm_are_refused(tmp_path):
    source = written(tmp_path, "x", "source")
    read = Replacing(inputs=[source], force=True)
    check_target(tmp_path / "new", read, folder=False)
    for target, folder, words in (
        (source, False, "is an input"),
        (tmp_path, False, "is a folder; name the file"),
        (written(tmp_path, "y", "other"), True, "is a file, and the format is a"),
        (Path("/dev/null"), False, "no plain file"),
        (tmp_path / "absent" / "x", False, "no such folder"),
    ):
        with pytest.raises(UsageError, match=words):
            check_target(target, read, folder=folder)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="no plain file"):
        check_target(tmp_path / "pipe", read, folder=False)


TEXT = b"q Q0 a 1 2.5 t\n" * 1000


@pytest.mark.parametrize(
    ("suffix", "packing"),
    [(".gz", "gzip"), (".BZ2", "bz2"), (".lz4", "lz4"), (".zst", "zstd")],
)
def test_packed_files_read_back_and_are_always_the_same(tmp_path, suffix, packing):
    plain = written(tmp_path, TEXT, "x.run")
    packed = tmp_path / f"x.run{suffix}"
    assert packing_of(packed) == (packing, "x.run")
    assert pack(plain, packed, packing) == packed
    first = packed.read_bytes()
    assert len(first) < len(TEXT)
    source = Source(packed)
    assert (source.packing, source.data()) == (packing, TEXT)
    if packing == "gzip":
        assert first[4:8] == bytes(4)  # no time of writing
    again = pack(plain, tmp_path / f"other{suffix}", packing)
    assert again.read_bytes() == first


def test_other_libraries_read_them(tmp_path):
    plain = written(tmp_path, TEXT, "x.run")
    assert gzip.decompress(pack(plain, tmp_path / "g", "gzip").read_bytes()) == TEXT
    assert bz2.decompress(pack(plain, tmp_path / "b", "bz2").read_bytes()) == TEXT
    for codec in ("lz4", "zstd"):
        with pa.input_stream(
            str(pack(plain, tmp_path / codec, codec)), codec
        ) as stream:
            assert stream.read() == TEXT


def test_a_plain_name_is_not_packed():
    assert packing_of(Path("x.gz/y.json")) == ("none", "y.json")
