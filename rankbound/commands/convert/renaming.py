"""Contents whose ids are made from their texts, for formats that hold texts alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rankbound.data.groups import Groups
from rankbound.data.scores import Scores, Strings, strings
from rankbound.errors import UsageError
from rankbound.read.contents import Contents
from rankbound.read.fields import text_id
from rankbound.read.json.records import query_texts


def has_own_ids(contents: Contents) -> bool:
    """Whether an id is another than its text would give."""
    both = (*contents.texts.items(), *query_texts(contents).items())
    return any(name != text_id(text) for name, text in both)


def by_text(contents: Contents) -> Contents:
    """The same contents with ids made from the texts; one without a text keeps its id.

    Raises
    ------
    UsageError
        When two ids have one text, and would become one.
    """
    documents = _new_names(contents.texts, "documents")
    queries = _new_names(query_texts(contents), "queries")
    metadata = dict(contents.metadata)
    for key, value in metadata.items():
        if isinstance(value, Mapping) and {*value} <= {*queries}:
            metadata[key] = {queries[name]: it for name, it in value.items()}
    scores, groups = contents.scores, contents.groups
    return replace(
        contents,
        scores=None if scores is None else _scores(scores, queries, documents),
        groups=None if groups is None else _groups(groups, queries, documents),
        ranks=None,
        texts={documents[name]: text for name, text in contents.texts.items()},
        metadata=metadata,
    )


def _new_names(texts: Mapping[str, str], what: str) -> dict[str, str]:
    found: dict[str, str] = {}
    before: dict[str, str] = {}
    for name, text in texts.items():
        found[name] = text_id(text)
        first = before.setdefault(found[name], name)
        if first != name:
            raise UsageError(
                f"{what} {first!r} and {name!r} have the same text, and the format "
                "tells them by their texts; choose one that holds ids"
            )
    return found


def _named(names: Strings, new: Mapping[str, str]) -> Strings:
    return strings([new.get(name, name) for name in names.tolist()])


def _scores(
    scores: Scores, queries: Mapping[str, str], documents: Mapping[str, str]
) -> Scores:
    named: Any = _named(scores.docnos, documents)
    docnos, place = np.unique(named, return_inverse=True)
    return Scores.from_rows(
        scores.row_query(),
        _named(scores.qids, queries),
        place[scores.codes],
        docnos,
        scores.values,
        name=scores.name,
    ).with_kind(scores.kind)


def _groups(
    groups: Groups, queries: Mapping[str, str], documents: Mapping[str, str]
) -> Groups:
    return replace(
        groups,
        qids=_named(groups.qids, queries),
        docnos=_named(groups.docnos, documents),
    )
