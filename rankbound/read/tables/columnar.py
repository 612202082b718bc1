"""Our own tables: ``.scores.parquet`` and ``.groups.parquet``.

They are parquet with dictionary-encoded ids and uncompressed pages, so that a file can
be decoded from a memory map. The schema version, kind and name are in the metadata. To
any other reader they are tables with columns qid, docno, score, or qid, group, docno.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rankbound.bounds.errors import DomainError
from rankbound.data.arrow import GROUPS_SCHEMA, SCHEMA, SCORES_SCHEMA, metadata
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from rankbound.read.contents import ABOUT_THE_FILE, UNUSED, Contents, Format
from rankbound.read.json.records import lacking
from rankbound.read.source import Source, one_line
from rankbound.read.tables.containers import container, open_table, schema_of

RANK = "rank"
MORE = "rankbound.metadata"


def read_scores_table(source: Source) -> Contents:
    """Read ``.scores.parquet``.

    Raises
    ------
    FormatError
        For a damaged file, another schema version, or missing values.
    """
    table = _table(source, SCORES_SCHEMA)
    try:
        scores = Scores.from_arrow(table, name=str(source.path))
        ranks = table.column(RANK).to_numpy() if RANK in table.column_names else None
    except (DomainError, ValueError, pa.ArrowException) as error:
        raise source.fail(one_line(error)) from None
    part = "qrels" if metadata(table).get("rankbound.part") == "qrels" else "scores"
    return Contents(
        SCORES_NAME,
        source.path,
        scores=scores if part == "scores" else None,
        qrels=scores if part == "qrels" else None,
        ranks=ranks if part == "scores" else None,
        metadata=_said(table, source),
    )


def read_groups_table(source: Source) -> Contents:
    """Read ``.groups.parquet``; errors as for `read_scores_table`."""
    table = _table(source, GROUPS_SCHEMA)
    try:
        groups = Groups.from_arrow(table, name=str(source.path))
    except (DomainError, ValueError, pa.ArrowException) as error:
        raise source.fail(one_line(error)) from None
    return Contents(
        GROUPS_NAME, source.path, groups=groups, metadata=_said(table, source)
    )


def write_scores_table(contents: Contents, path: Path) -> None:
    """Write scores with the ranks that their file gave, or judgements."""
    part = "scores" if contents.scores is not None else "qrels"
    scores = contents.scores if part == "scores" else contents.qrels
    if scores is None:
        raise lacking(contents, "scores.parquet", "scores or judgements")
    table = scores.to_arrow()
    if contents.ranks is not None:
        table = table.append_column(RANK, pa.array(contents.ranks))
    _write(table, path, {"rankbound.part": part, MORE: _more(contents)})


def write_groups_table(contents: Contents, path: Path) -> None:
    """Write groups with all that is known about their documents."""
    if contents.groups is None:
        raise lacking(contents, "groups.parquet", "groups")
    _write(contents.groups.to_arrow(), path, {MORE: _more(contents)})


def _write(table: Any, path: Path, more: dict[str, str]) -> None:
    pq.write_table(
        table.replace_schema_metadata({**metadata(table), **more}),
        path,
        compression="none",
        use_dictionary=["qid", "docno"],
        write_page_checksum=True,
        row_group_size=max(1, len(table)),  # makes one dictionary for each column
    )


def _table(source: Source, schema: str) -> Any:
    found = metadata(schema_of(source)).get(SCHEMA, "")
    if found != schema:
        raise source.fail(
            f"expected a table of schema {schema}, found {found or 'none'}"
            + ("; update rankbound" if found.startswith(schema[:-1]) else "")
        )
    table = open_table(source).table
    if not len(table):
        raise source.fail("holds no rows")
    return table


def _said(table: Any, source: Source) -> Mapping[str, object]:
    """The name and the metadata of the scores or groups that were written."""
    said = metadata(table)
    try:
        more = json.loads(said.get(MORE, "{}"))
    except ValueError:
        more = None
    if not isinstance(more, dict):
        raise source.fail(f"{MORE} in its metadata is not a JSON object")
    return {**more, "name": said.get("rankbound.name", "")}


def _more(contents: Contents) -> str:
    """The metadata to keep, such as a tag or an ir_metadata block, as JSON."""
    about = {*ABOUT_THE_FILE, UNUSED}
    kept = {key: it for key, it in contents.metadata.items() if key not in about}
    return json.dumps(kept, sort_keys=True)


def _sniff(source: Source, schema: str) -> str | None:
    if source.is_folder or container(source) != "parquet":
        return None
    found = metadata(schema_of(source)).get(SCHEMA, "")
    same = found.partition("/")[0] == schema.partition("/")[0]
    return f"the schema {found} in its metadata" if same else None


SCORES_NAME = "rankbound-scores"
GROUPS_NAME = "rankbound-groups"
FORMATS = (
    Format(
        SCORES_NAME,
        "rankbound's own table of scores, .scores.parquet",
        ("scores", "qrels"),
        lambda source: _sniff(source, SCORES_SCHEMA),
        read_scores_table,
        write_scores_table,
        keeps=("scores", "kind", "origins", "ranks", "grades", "metadata"),
    ),
    Format(
        GROUPS_NAME,
        "rankbound's own table of groups, .groups.parquet",
        ("groups",),
        lambda source: _sniff(source, GROUPS_SCHEMA),
        read_groups_table,
        write_groups_table,
        keeps=(
            *("groups", "positives", "probabilities", "inclusion", "lines"),
            "metadata",
        ),
    ),
)
