import gzip

import pytest

from rankbound.data.clusters import Clusters
from rankbound.errors import FormatError, UsageError
from rankbound.read.clusters import read_clusters

WANTED = {"q1": "a", "q2": "a", "q 3": "b"}


def read(path, content):
    path.write_bytes(content)
    return read_clusters(path).of_query


@pytest.mark.parametrize(
    "content",
    [
        b"q1\ta\nq2\ta\nq 3\tb\n",
        b"qid\tcluster\nq1\ta\nq2\ta\nq 3\tb",
        b"Query_ID\tCluster\r\nq1\ta\r\n\r\nq2\ta\r\nq 3\tb\r\n",
        b"\xef\xbb\xbfq1\ta\nq2\t a\nq 3\tb\nq1\ta\n",
        gzip.compress(b"q1\ta\nq2\ta\nq 3\tb\n", mtime=0),
    ],
)
def test_two_columns_are_read_however_they_come(tmp_path, content):
    assert read(tmp_path / "clusters.tsv", content) == WANTED


def test_a_header_is_one_in_the_first_line_only(tmp_path):
    found = read(tmp_path / "c.tsv", b"q1\ta\nqid\tcluster\n")
    assert found == {"q1": "a", "qid": "cluster"}
    assert read(tmp_path / "d.tsv", b"qid\tc1\nq1\ta\n") == {"qid": "c1", "q1": "a"}


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"q1\ta\n\nq1\tb\n", 3, ("'q1'", "'b'", "'a'", "line 1")),
        (b"q1 a\n", 1, ("two columns", "tab", "found 1")),
        (b"q1\ta\nq2\ta\tx\n", 2, ("two columns", "found 3")),
        (b"q1\ta\nq2\t \n", 2, ("cluster", "blank")),
        (b"\ta\n", 1, ("qid", "blank")),
        (b"q1\t\xff\n", 1, ("UTF-8",)),
        (b"", None, ("no query",)),
        (b"qid\tcluster\n", None, ("no query",)),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(tmp_path, content, line, words):
    path = tmp_path / "clusters.tsv"
    with pytest.raises(FormatError) as told:
        read(path, content)
    message = str(told.value)
    place = f"{path}: " if line is None else f"{path}:{line}: "
    assert message.startswith(place)
    assert all(word in message for word in words), message


def test_no_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "nothing.tsv"):
        with pytest.raises(FormatError, match=path.name):
            read_clusters(path)


def test_objects_are_taken_as_they_are():
    known = Clusters.from_dict({"q": "a"})
    assert read_clusters(known) is known
    assert read_clusters({1: 2, "x": "y"}).of_query == {"1": "2", "x": "y"}
    with pytest.raises(UsageError, match="list"):
        read_clusters([("q", "a")])
    with pytest.raises(UsageError, match="at least one"):
        read_clusters({})
