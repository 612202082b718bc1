"""What a writer writes, its reader reads: golden files and arbitrary ids and scores."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankbound.errors import FormatError
from rankbound.read.json.building import Builder
from rankbound.read.registry import by_name, detect, formats, read_any
from rankbound.read.source import Source
from tests.rankbound.read.golden import BINARY, GOLDEN, format_of
from tests.rankbound.read.reading_back import by_pair, listed, positives_first

MINE = (
    "groups",
    "ranked-groups",
    "ranked-list",
    "hard-negatives",
    "hard-negatives-ce",
    "labeled-list",
    "pylate",
    "colbert",
    "flagembedding",
    "tevatron",
    "tevatron-v2",
    "rankllm",
    "margins",
    "mined",
    "hofstaetter",
)
TEXTUAL = ("flagembedding", "tevatron", "mined")
IDS = st.one_of(
    st.integers(0, 10**20).map(str),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1),
    st.sampled_from(["NA", "null", "nan", "007", '"', "Q0", "1e5", "-0"]),
)
NUMBERS = st.floats(-1e9, 1e9)


@st.composite
def contents(draw, tmp=Path("made")):
    """Groups of one positive and some negatives with scores; all have texts."""
    builder = Builder(Source(tmp))
    rows = draw(
        st.lists(
            st.tuples(IDS, st.dictionaries(IDS, NUMBERS, min_size=2, max_size=5)),
            min_size=1,
            max_size=4,
            unique_by=lambda row: row[0],
        )
    )
    for line, (qid, documents) in enumerate(rows, start=1):
        query = builder.query_text(f"query {qid}", line, qid=qid)
        group = builder.group(query, line)
        for number, (docno, score) in enumerate(documents.items()):
            document = builder.document_text(f"text {docno}", line, docno=docno)
            builder.member(group, document, positive=number == 0)
            builder.score(query, document, score, line)
    return builder.contents("made")


def assert_same(one, two, keeps):
    """What a format keeps is the same in both contents."""
    if "scores" in keeps:
        assert by_pair(one.scores) == by_pair(two.scores)
        assert (one.scores and one.scores.kind) == (two.scores and two.scores.kind)
    if "positives" in keeps:
        assert positives_first(one.groups) == positives_first(two.groups)
    elif "groups" in keeps:
        assert _unmarked(one.groups, keeps) == _unmarked(two.groups, keeps)
    if "ranks" in keeps and one.ranks is not None:
        assert one.ranks.tolist() == two.ranks.tolist()
    if "texts" in keeps:
        assert dict(one.texts) == dict(two.texts)
        assert one.metadata.get("query_texts") == two.metadata.get("query_texts")


def _unmarked(groups, keeps):
    """Query and documents of every group; formats of rankings put them in order."""
    ordered = sorted if "ranks" in keeps else list
    return [(qid, ordered(documents)) for qid, documents, _ in listed(groups)]


@pytest.mark.parametrize("name", [n for n in GOLDEN if format_of(n) not in BINARY])
def test_golden_files_round_trip(name, tmp_path):
    entry = formats()[format_of(name)]
    if entry.write is None:
        pytest.skip("there is no writer")
    one = read_any(GOLDEN[name](tmp_path))
    path = tmp_path / "again"
    entry.write(one, path)
    assert detect(Source(path))[0].name == entry.name
    two = read_any(path)
    assert_same(one, two, entry.keeps)
    assert two.parts() == one.parts()
    entry.write(two, tmp_path / "thrice")
    assert (tmp_path / "thrice").read_bytes() == path.read_bytes()
    path.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    assert_same(one, read_any(path), entry.keeps)


@pytest.mark.parametrize("name", MINE)
@settings(max_examples=12)
@given(data=st.data())
def test_any_ids_and_scores_round_trip(name, data, tmp_path_factory):
    entry = by_name(name)
    one = data.draw(contents())
    path = tmp_path_factory.getbasetemp() / f"round-{name}"
    entry.write(one, path)
    two = entry.read(Source(path, named=True))
    # Made ids are others than those that the texts had
    keeps = set(entry.keeps) - {"texts"}
    if name in ("flagembedding", "mined"):
        named = {t: i for i, t in one.texts.items()}
        queries = {t: i for i, t in one.metadata["query_texts"].items()}
        renamed = {
            queries[two.metadata["query_texts"][q]]: {
                named[two.texts[d]]: value for d, value in row.items()
            }
            for q, row in by_pair(two.scores).items()
        }
        assert renamed == by_pair(one.scores)
        return
    assert_same(one, two, keeps)
    if name in TEXTUAL:
        assert_same(one, two, {"texts"})


@pytest.mark.parametrize("name", MINE)
def test_writers_refuse_contents_without_what_they_need(name, tmp_path):
    builder = Builder(Source(Path("bare")))
    builder.document("d", 1)
    query = builder.query("q", 1)
    bare = builder.contents("bare", qrels=_qrels(builder, query))
    with pytest.raises(FormatError) as caught:
        by_name(name).write(bare, tmp_path / "never")
    assert str(caught.value).startswith("bare: holds qrels, but a file of ")
    assert "\n" not in str(caught.value)


def _qrels(builder, query):
    builder.score(query, 0, 1.0, 1)
    found = builder.scores()
    for column in builder._rows:
        del column[:]
    return found
