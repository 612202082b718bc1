"""Every run, lookup and judgement of the real data, against plain loops."""

import pytest

from rankbound.read.registry import read_any
from tests.rankbound import realdata
from tests.rankbound.files import table

KINDS = {
    "trec-run": (["**/*.run", "**/*.run.gz"], "scores", realdata.run),
    "lookup": (["**/*.scores.json.gz"], "scores", realdata.lookup),
    "qrels": (["**/qrels.trec"], "qrels", realdata.qrels),
}


@realdata.needs_data
@pytest.mark.realdata
@pytest.mark.parametrize("kind", KINDS)
def test_real_files_match_a_plain_loop(kind):
    patterns, part, loop = KINDS[kind]
    paths = [path for pattern in patterns for path in realdata.DATA.glob(pattern)]
    assert len(paths) >= 2
    for path in paths:
        found = read_any(path)
        assert found.format == kind, path
        assert table(getattr(found, part)) == loop(path), path
        assert (found.ranks is not None) == (kind == "trec-run"), path


@realdata.needs_data
@pytest.mark.realdata
def test_real_judgements_of_beir_match_those_of_trec():
    for path in realdata.DATA.glob("*/qrels/test.tsv"):
        found = read_any(path)
        assert found.format == "beir-qrels"
        judged = realdata.qrels(path.parent.parent / "qrels.trec")
        relevant = {q: {d for d, g in row.items() if g} for q, row in judged.items()}
        for qid, row in table(found.qrels).items():
            assert {docno for docno, grade in row.items() if grade} == relevant[qid]
