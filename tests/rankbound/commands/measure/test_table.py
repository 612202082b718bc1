"""The table's text: full precision, blanks, calibration queries elsewhere."""

import csv
import io

from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure
from rankbound.commands.measure.terms import (
    COLUMNS,
    calibration_table,
    number_text,
    per_query_table,
)


def measured(world, temperature):
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"), depth=5,
        students=tuple(
            StudentSource(name, world.path(f"{name}.run"), temperature=temperature)
            for name in ("strong", "gappy")
        ),
    )  # fmt: skip
    return measure(options)


def rows(text):
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def test_numbers_round_trip_in_full_precision(world):
    result = measured(world, 1.0)
    found = [row for row in rows(per_query_table(result)) if row["student"] == "gappy"]
    terms = result.students[1].terms
    assert [float(row["risk_nats"]) for row in found] == terms.risk_nats.tolist()
    assert [float(row["n_docs"]) for row in found] == terms.n_docs.tolist()


def test_rows_are_sorted_by_qid_then_student(world):
    keys = [
        (row["qid"], row["student"])
        for row in rows(per_query_table(measured(world, 1.0)))
    ]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_calibration_queries_are_in_a_table_of_their_own(world):
    assert calibration_table(measured(world, 1.0)) is None
    result = measured(world, "fit")
    text = calibration_table(result)
    assert text.splitlines()[0].split("\t") == list(COLUMNS)
    aside = {row["qid"] for row in rows(text)}
    used = {row["qid"] for row in rows(per_query_table(result))}
    assert len(aside) == result.split.n_calibration
    assert aside.isdisjoint(used)
    assert aside | used == set(world.teacher)


def test_number_text_is_repr():
    assert [number_text(x) for x in (16.0, 1 / 3, 1e300, -0.5)] == [
        "16", repr(1 / 3), "1e+300", "-0.5",
    ]  # fmt: skip
