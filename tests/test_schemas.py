"""The JSON Schemas that are installed describe the results of today."""

import json

import pytest

from rankbound.drawing.results import FILES, kind_of
from rankbound.results import KINDS, result_type
from tests.schemas import FOLDER, file_name, text


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_its_schema_and_it_is_current(kind):
    path = FOLDER / file_name(kind)
    assert path.is_file(), "run `make schemas`"
    assert path.read_text() == text(kind), "run `make schemas`"


def test_no_schema_is_of_a_kind_that_there_is_not():
    assert {path.name for path in FOLDER.iterdir()} == {*map(file_name, KINDS)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_names_every_key_and_what_must_be_there(kind):
    made = result_type(kind)
    schema = json.loads(text(kind))
    found = schema["$defs"][made.__name__]
    assert found["properties"]["schema"]["enum"] == [made.__struct_config__.tag]
    assert set(made.__struct_encode_fields__) <= found["properties"].keys()
    assert "schema" in found["required"]


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_and_tags_and_file_names_agree(kind):
    made = result_type(kind)
    tag = made.__struct_config__.tag
    assert made.__struct_config__.tag_field == "schema"
    assert (made.KIND, kind_of(tag)) == (kind, kind)
    assert FILES.get(made.FILE, tag) == tag
