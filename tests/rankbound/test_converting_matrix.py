"""Every format into every other: the same comes back, or a refusal says what is lost.

And every format damaged: what is wrong is said in one line, or the file reads right.
"""

import random
import shutil

import numpy as np
import pytest

from rankbound.cli import main
from rankbound.commands.convert.run import convert
from rankbound.errors import FormatError, UsageError
from rankbound.read.registry import formats, read_any
from tests.rankbound.files import table
from tests.rankbound.read.binary import MAKERS
from tests.rankbound.read.golden import GOLDEN, format_of
from tests.rankbound.read.reading_back import listed

FILES = {**GOLDEN, **MAKERS}
WRITTEN = [name for name, entry in formats().items() if entry.write is not None]
# Formats that hold ids only as long as texts have none of their own
BY_TEXT = ("flagembedding", "mined")
REFUSALS = (
    "cannot carry everything",
    " carries ",
    "would lose",
    "must be one word",
    " needs ",
    "has no text of",
    "has no score",
    "have a second group",
    "have a group without negatives",
    "has several groups",
    "has exactly one",
    "cannot hold this",
)
# One at least of each kind, which must go into these without any loss
SURE = {
    "lookup": {"rankbound-scores", "table-scores", "pickle", "csv-scores", "trec-run"},
    "trec-run": {"rankbound-scores", "lookup", "scoreddocs", "table-scores"},
    "pickle": {"lookup", "rankbound-scores", "trec-run", "rankllm", "pylate"},
    "groups": {"rankbound-groups", "labeled-list", "colbert", "tevatron-v2"},
    "hard-negatives-ce": {"labeled-list", "colbert", "hofstaetter", "table-lists"},
    "hofstaetter": {"hard-negatives-ce", "labeled-list", "table-lists"},
    "margins": {"margins"},
    "flagembedding/plain": {"mined", "tevatron"},
    "qrels": {"beir-qrels", "csv-qrels", "table-qrels", "rankbound-scores"},
    "npy": {"npz", "safetensors", "raw", "faiss-flat", "table-embeddings"},
    "table-embeddings": {"npy", "npz", "safetensors", "raw", "faiss-flat"},
    "pickle/vectors": {"npy", "npz", "safetensors", "raw", "faiss-flat"},
}


def held(contents):
    """What a file holds, in plain lists and dictionaries; order plays no part."""
    found = {}
    for part in ("scores", "qrels"):
        scores = getattr(contents, part)
        if scores is not None:
            found[part] = table(scores)
    if contents.groups is not None:
        marks = [
            (qid, sorted(zip(docs, positive or [0] * len(docs), strict=True)))
            for qid, docs, positive in listed(contents.groups)
        ]
        found["groups"] = marks
    if contents.embeddings is not None:
        vectors = np.asarray(contents.embeddings.vectors)
        rows = zip(contents.embeddings.ids.tolist(), vectors.tolist(), strict=True)
        found["vectors"] = [*rows]
    return found


def attempted(source, target, **options):
    """A conversion, or its refusal, which leaves nothing behind."""
    before = sorted(target.parent.iterdir())
    try:
        return convert(source, target, **options), ""
    except (UsageError, FormatError) as error:
        message = str(error)
    assert "\n" not in message
    assert "please report" not in message
    assert ".writing" not in message
    assert sorted(target.parent.iterdir()) == before
    return None, message


@pytest.mark.parametrize("name", FILES)
def test_there_and_back_is_the_same_or_refused(name, tmp_path):
    (tmp_path / "from").mkdir()
    source = FILES[name](tmp_path / "from")
    one = read_any(source)
    sure = set()
    for other in WRITTEN:
        folder = tmp_path / other
        folder.mkdir()
        there, message = attempted(source, folder / "there", to=other)
        if there is None:
            assert any(words in message for words in REFUSALS), message
            continue
        sure.add(other)
        assert set(there.lost) <= {"metadata: tag", "dtype"}
        found = read_any(folder / "there", format=other)
        shared = held(found).keys() & held(one).keys()
        assert shared
        for part in shared:
            assert _plain(held(found)[part]) == _plain(held(one)[part])
        if formats()[format_of(name)].write is not None:
            back, _ = attempted(folder / "there", folder / "back", to=format_of(name))
            if back is not None:
                again = held(read_any(folder / "back", format=format_of(name)))
                assert {p: _plain(again[p]) for p in held(one)} == {
                    p: _plain(it) for p, it in held(one).items()
                }
        shutil.rmtree(folder)
    assert SURE.get(name, set()) <= sure


def _plain(value):
    """Groups in any order, as formats of one list a query put them."""
    return sorted(value) if isinstance(value, list) else value


@pytest.mark.parametrize("name", ["labeled-list/scores", "tevatron", "npy/double"])
def test_with_lossy_everything_is_converted_or_cannot_be(name, tmp_path):
    (tmp_path / "from").mkdir()
    source = FILES[name](tmp_path / "from")
    one = read_any(source)
    for other in WRITTEN:
        done, message = attempted(source, tmp_path / other, to=other, lossy=True)
        if done is None:
            assert any(words in message for words in REFUSALS), message
        elif other not in BY_TEXT and "precision" not in done.lost:
            found = held(read_any(tmp_path / other, format=other))
            parts = {"scores", "groups", "vectors"} & done.kept.keys() & found.keys()
            for part in parts - ({"groups"} if "positives" in done.lost else set()):
                if part in held(one):
                    assert _plain(found[part]) == _plain(held(one)[part])


def damaged(whole, rng):
    """A file that is cut, has bits flipped, bytes lacking, added, or odd text in it."""
    data = bytearray(whole)
    place = rng.randrange(len(data))
    kind = rng.randrange(6)
    if kind == 0:
        del data[place:]
    elif kind == 1:
        data[place] ^= 1 << rng.randrange(8)
    elif kind == 2:
        data += rng.randbytes(rng.randrange(1, 9))
    elif kind == 3:
        del data[place : place + rng.randrange(1, 9)]
    elif kind == 4:
        odd = (b"\0", b"\xff", b"\n", b'"', b"{", b"nan", b"1e999", b"\\ud800", b"[")
        data[place:place] = rng.choice(odd)
    else:
        data += data[place:]
    return bytes(data)


def outcome(path, format):
    """What the reader complains of; empty where it reads."""
    try:
        assert read_any(path, format=format).parts()
    except (FormatError, UsageError) as error:
        return str(error)
    return ""


# npids leaves a damaged file open until it is collected
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", FILES)
def test_damage_is_one_clear_line_or_reads(name, tmp_path):
    path = FILES[name](tmp_path)
    rng = random.Random(f"damage of {name}")
    for file in [
        one for one in (path, *sorted(path.parent.rglob("*"))) if one.is_file()
    ]:
        whole = file.read_bytes()
        for _ in range(25):
            file.write_bytes(damaged(whole, rng))
            for format in (None, format_of(name)):
                said = outcome(path, format)
                assert "\n" not in said
                assert not said or str(tmp_path) in said
        file.write_bytes(whole)


@pytest.mark.parametrize("name", FILES)
def test_cut_files_end_in_code_2_and_one_line(name, tmp_path, capsys):
    path = FILES[name](tmp_path)
    file = path if path.is_file() else max(path.iterdir(), key=lambda one: one.name)
    whole = file.read_bytes()
    for end in (0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:end])
        words = [str(path), str(tmp_path / "out"), "--to", WRITTEN[end % len(WRITTEN)]]
        code = main(["convert", *words, "--lossy", "--format", format_of(name)])
        shown, errors = capsys.readouterr()
        assert code in (0, 2)
        assert errors.count("\n") == (code == 2)
        assert (shown == "") == (code == 2)
        for made in tmp_path.glob("out*"):
            shutil.rmtree(made) if made.is_dir() else made.unlink()


CHECKED = ["npz", "npz/packed", "table-scores", "table-embeddings", "rankbound-scores"]


@pytest.mark.parametrize("name", CHECKED)
def test_where_there_is_a_checksum_no_wrong_number_is_read(name, tmp_path):
    if name in MAKERS:
        path = MAKERS[name](tmp_path)
    else:
        path = tmp_path / "own.scores.parquet"
        convert(GOLDEN["lookup"](tmp_path), path)
    right = held(read_any(path))
    whole = path.read_bytes()
    # The footer of parquet has no checksum: its pages come before
    end = len(whole)
    if name not in ("npz", "npz/packed"):
        end = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    seen = 0
    for place in range(4, end):
        data = bytearray(whole)
        data[place] ^= 1 << place % 8
        path.write_bytes(data)
        try:
            found = held(read_any(path))
        except FormatError:
            seen += 1
            continue
        assert found == right
    assert seen > (end - 4) / 2
