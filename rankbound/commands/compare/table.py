"""`per_query.tsv` of a comparison: one row per query, sampling, quantity, pair set."""

from __future__ import annotations

from rankbound.catalogue import PAIR_SETS
from rankbound.commands.compare.options import TARGET
from rankbound.commands.compare.quantities import Measured
from rankbound.commands.compare.run import Comparison
from rankbound.commands.measure.terms import number_text

COLUMNS = ("qid", "sampling", "quantity", "pairs", "value", "largest")


def per_query_table(comparison: Comparison) -> str:
    """Every measured number of the compared queries, as tab-separated text.

    `value` is the mean over the groups of the query, `largest` the largest of them.
    Quantities stand in the order asked for, then the others. The sampling "target" is
    the reference law of pairs. Queries that were set aside to fit temperatures do not
    appear.
    """
    parts: dict[str, Measured] = {
        name: measures.measured for name, measures in comparison.measures.items()
    }
    rows = [
        (str(qid), name, quantity, pairs, number_text(value), number_text(largest))
        for name, measured in {**parts, TARGET: comparison.target}.items()
        for (quantity, pairs), column in measured.items()
        for qid, value, largest in zip(
            column.qids, column.values.tolist(), column.largest.tolist(), strict=True
        )
    ]
    place = {name: index for index, name in enumerate([*parts, TARGET])}
    key = comparison.options.place
    rows.sort(key=lambda r: (r[0], place[r[1]], key(r[2]), PAIR_SETS.index(r[3])))
    return "".join("\t".join(row) + "\n" for row in [COLUMNS, *rows])
