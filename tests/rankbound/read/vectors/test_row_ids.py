import json

import numpy as np
import pytest

from rankbound.read.vectors.row_ids import ids_beside, ids_path, read_ids, write_ids
from tests.rankbound.files import npy, packed, refusal, written


@pytest.mark.parametrize(
    "content",
    [
        "a\n12\n",
        "a\r\n12",
        "\ufeffa\n12\n",
        packed("a\n12\n"),
        json.dumps(["a", 12]),
        npy(np.array(["a", "12"])),
        npy(np.array([b"a", b"12"])),
    ],
    ids=["text", "crlf", "bom", "gz", "json", "npy", "bytes"],
)
def test_ids_are_the_same_text_in_every_container(tmp_path, content):
    assert read_ids(written(tmp_path, content)) == ["a", "12"]


def test_whole_numbers_become_text(tmp_path):
    assert read_ids(written(tmp_path, npy(np.array([3, 10**18])))) == ["3", str(10**18)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(np.array([1.0])), ": ids must be a one-dimensional array of text"),
        (npy(np.array([["a"]])), ": ids must be a one-dimensional array of text"),
        (npy(np.array(["a"]))[:90], ": not a readable .npy"),
        ("[1.5]", ":1: an id must be text or a whole number, found 1.5"),
        ("[true]", ":1: an id must be text or a whole number, found True"),
        ("[", ":1: not a JSON list of ids"),
        ('["a", "a"]', ":2: id 'a' occurs twice (first in line 1)"),
        ("a\n\nb", ":2: a blank line where an id should be"),
        ("", ":1: the file is empty"),
    ],
)
def test_what_is_no_id_is_refused(tmp_path, content, message):
    path = written(tmp_path, content)
    assert refusal(read_ids, path).startswith(f"{path}{message}")


def test_arrays_of_objects_are_not_unpickled(tmp_path):
    path = written(tmp_path, npy(np.array([print], dtype=object)))
    assert "not a readable .npy" in refusal(read_ids, path)


@pytest.mark.parametrize("name", ["x.ids.txt", "x.ids.npy", "x.txt", "x.json"])
def test_ids_are_found_beside_the_vectors(tmp_path, name):
    written(tmp_path, "a", "y.ids.txt")
    assert ids_beside(tmp_path / "x.npy") is None
    beside = written(tmp_path, "a", name)
    assert ids_beside(tmp_path / "x.npy") == beside
    assert ids_beside(tmp_path / "x.npy").name != "y.ids.txt"


def test_a_file_is_not_its_own_ids(tmp_path):
    path = written(tmp_path, "a", "x.txt")
    assert ids_beside(path) is None


@pytest.mark.parametrize("name", ["v.npy", "v.1.f4", "v"])
def test_ids_are_found_where_they_are_written(tmp_path, name):
    vectors = tmp_path / name
    names = ["b", "é", "x y", "007", "[a", "NA", "#"]
    write_ids(names, ids_path(vectors), "toy")
    assert ids_beside(vectors) == ids_path(vectors)
    assert read_ids(ids_path(vectors)) == names


@pytest.mark.parametrize(
    "odd", ["", " ", "a ", "\ta", "a\nb", "a\rb", "a\u2028b", "a\x85b", "\xa0a"]
)
def test_an_id_that_would_not_be_read_back_is_refused_by_name(tmp_path, odd):
    message = refusal(lambda: write_ids(["good", odd], tmp_path / "x", "toy"))
    assert message.startswith(f"toy: id {odd!r} cannot be a line")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("first", ["[a", "\ufeffa"])
def test_a_first_id_that_would_look_like_another_file_is_refused(tmp_path, first):
    message = refusal(lambda: write_ids([first], tmp_path / "x", "toy"))
    assert f"id {first!r} cannot be a line" in message
