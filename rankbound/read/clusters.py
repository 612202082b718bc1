"""Clusters of queries, from a file of two columns or from a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final

from rankbound.data.clusters import Clusters
from rankbound.errors import FormatError, UsageError
from rankbound.read.fields import composed, is_odd, odd_id, odd_words
from rankbound.read.source import Source

COLUMNS: Final = ("qid", "cluster")
# The words of a header: whatever tools call a query, and a cluster
QUERIES: Final = frozenset({"qid", "query_id", "query-id", "query", "topic"})
CLUSTERS: Final = frozenset({"cluster", "cluster_id", "cluster-id"})


def read_clusters(given: Any) -> Clusters:
    r"""Read which cluster each query belongs to.

    Parameters
    ----------
    given : path, mapping of str to str, or Clusters
        A file has a line for each query: its qid, a tab, its cluster. A first line of
        "qid" and "cluster" is a header; blank lines do not count. The file may be
        packed.

    Returns
    -------
    Clusters

    Raises
    ------
    FormatError
        With path:line, for a line without two columns, a blank id, or a query in two
        clusters; for an empty file.
    UsageError
        When it is none of these objects.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "clusters.tsv")
    ...     _ = path.write_text("qid\tcluster\nq1\ta\nq2\ta\n")
    ...     read_clusters(path).names.tolist()
    ['a', 'a']
    """
    if isinstance(given, Clusters):
        return given
    if isinstance(given, str | PathLike):
        return _of_file(Source(Path(given)))
    if not isinstance(given, Mapping):
        raise UsageError(
            "`clusters` must be a path or a mapping of qid to cluster, got "
            f"{type(given).__name__}"
        )
    if not given:
        raise UsageError("`clusters` must hold at least one query, got none")
    for what, ids in (("a query id", given), ("a cluster", given.values())):
        odd = odd_id(map(str, ids))
        if odd is not None:
            raise UsageError(f"`clusters`: {odd_words(what, odd)}")
    return Clusters.from_dict({composed(str(q)): str(c) for q, c in given.items()})


def _of_file(source: Source) -> Clusters:
    if source.is_folder:
        raise source.fail("is a directory; name the file of clusters in it")
    found: dict[str, str] = {}
    lines: dict[str, int] = {}
    first = True
    with source.fitting_into_memory():
        for number, raw in source.lines():
            if not raw:
                continue
            qid, cluster = _columns(source, raw, number)
            header = first and qid.lower() in QUERIES and cluster.lower() in CLUSTERS
            first = False
            if header:
                continue
            if found.setdefault(qid, cluster) != cluster:
                raise source.fail(
                    f"query {qid!r} must be in one cluster, got {cluster!r} here and "
                    f"{found[qid]!r} in line {lines[qid]}; remove one of the lines",
                    line=number,
                )
            lines.setdefault(qid, number)
    if not found:
        raise FormatError(
            source.path, "holds no query; each line needs a qid, a tab and its cluster"
        )
    return Clusters.from_dict(found, name=str(source.path))


def _columns(source: Source, raw: bytes, number: int) -> tuple[str, str]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise source.fail("is no UTF-8 text; save it as UTF-8", line=number) from None
    cells = [cell.strip() for cell in text.split("\t")]
    if len(cells) != len(COLUMNS):
        raise source.fail(
            f"expected two columns parted by a tab, {' and '.join(COLUMNS)}, found "
            f"{len(cells)}: {text[:60]!r}; write the qid, a tab and the cluster",
            line=number,
        )
    for name, cell in zip(COLUMNS, cells, strict=True):
        if not cell:
            raise source.fail(f"the {name} is blank; fill it in", line=number)
        if is_odd(cell):
            raise source.fail(odd_words(f"the {name}", cell), line=number)
    return composed(cells[0]), cells[1]
