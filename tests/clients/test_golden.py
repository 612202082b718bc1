"""The files that `make clients` kept are read as the libraries' own objects were."""

import json

import pytest

import rankbound as rb
from tests.clients.client import EXPECTED, GOLDEN, READ, content, difference

KEPT = json.loads((GOLDEN / EXPECTED).read_text(encoding="utf-8"))
SETTINGS = ("format", "tolerance", "version")


@pytest.mark.parametrize("name", KEPT)
def test_a_file_of_a_library_holds_what_its_objects_held(name):
    wanted = KEPT[name]
    parts = {part: right for part, right in wanted.items() if part not in SETTINGS}
    assert parts
    for part, right in parts.items():
        found = content(READ[part](GOLDEN / name, format=wanted["format"]))
        assert difference(found, right, wanted["tolerance"]) == ""
    seen = rb.inspect(GOLDEN / name, format=wanted["format"])
    assert all(one.readable for one in seen.files)


def test_every_file_that_was_kept_is_expected():
    folders = {GOLDEN / name for name in KEPT if (GOLDEN / name).is_dir()}
    kept = {GOLDEN / name for name in KEPT}
    for path in GOLDEN.rglob("*"):
        beside = path.name == EXPECTED or path.name.endswith(".ids.txt")
        if path.is_file() and not beside and not folders & {*path.parents}:
            assert path in kept


def test_a_difference_is_found():
    right = {"q": {"a": 1.0, "b": [True, None]}}
    assert difference(right, right, 0.0) == ""
    for wrong in (
        {"q": {"a": 1.5, "b": [True, None]}},
        {"q": {"a": 1.0, "b": [True, False]}},
        {"q": {"a": 1.0}},
        {"q": {"a": 1.0, "b": [True]}},
        {"q": {"a": 1.0, "b": [True, None], "c": 1}},
        {"r": {"a": 1.0, "b": [True, None]}},
        [right],
    ):
        assert difference(wrong, right, 1e-9) != ""
