"""`per_query.tsv`: one row per query and student, numbers in full precision."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rankbound.catalogue import COLUMNS
from rankbound.commands.measure.run import Measurement
from rankbound.commands.measure.terms import HEADER, QueryTerms
from rankbound.data.scores import Floats


def per_query_table(measurement: Measurement) -> str:
    """The certificate's queries, as tab-separated text with a header."""
    if not measurement.students:
        return _table([measurement.teacher])
    return _table(result.terms for result in measurement.students)


def calibration_table(measurement: Measurement) -> str | None:
    """The queries that temperatures were fitted on, or None without any."""
    if measurement.split.n_calibration == 0:
        return None
    if not measurement.students:
        return _table([measurement.teacher_calibration])
    return _table(result.calibration for result in measurement.students)


def _table(parts: Iterable[QueryTerms]) -> str:
    rows = [row for terms in parts for row in _rows(terms)]
    rows.sort(key=lambda row: row[:2])
    return "".join("\t".join(row) + "\n" for row in [HEADER, *rows])


def _rows(terms: QueryTerms) -> list[tuple[str, ...]]:
    columns = [_cells(getattr(terms, name), len(terms)) for name in COLUMNS]
    names = [terms.student] * len(terms)
    return list(zip(terms.qids, names, *columns, strict=True))


def _cells(values: Floats | None, count: int) -> list[str]:
    if values is None:
        return [""] * count
    return [number_text(value) for value in values.tolist()]


def number_text(value: float) -> str:
    """A number in repr precision; whole numbers without a decimal point.

    Examples
    --------
    >>> number_text(16.0), number_text(0.1)
    ('16', '0.1')
    """
    whole = math.isfinite(value) and value == int(value) and abs(value) < 1e15
    return str(int(value)) if whole else repr(value)
