"""Folders as measure and compare leave them, with tables of a test's own."""

import json

import pytest
from msgspec.structs import replace

from tests.rankbound.files import without_manifest, written
from tests.rankbound.ledgers import ledger, student
from tests.rankbound.samples import prepared, sample


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A comparison as JSON."""
    folder = prepared(tmp_path_factory.mktemp("earlier"))
    return json.loads(sample("comparison", folder).read_text())


@pytest.fixture
def measured(tmp_path):
    """A function that makes a folder of measure from ranges by student and a table."""

    def make(ranges, table):
        students = {
            name: student(range=replace(student().range, low=low, high=high))
            for name, (low, high) in ranges.items()
        }
        ledger(students).save(tmp_path)
        without_manifest(tmp_path)
        written(tmp_path, table, "per_query.tsv")
        return tmp_path

    return make


@pytest.fixture
def compared(tmp_path, earlier):
    """A function that makes a folder of compare from a reference and a table."""

    def make(reference, table, name="comparison.per_query.tsv"):
        content = earlier | {"reference": reference}
        written(tmp_path, json.dumps(content), "comparison.json")
        written(tmp_path, table, name)
        return tmp_path

    return make
