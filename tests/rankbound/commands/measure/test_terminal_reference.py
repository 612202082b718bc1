import io

from rankbound.terminal.console import console_for
from rankbound.terminal.measure_reference import show_compat

ROW = {
    "unit": "bits",
    "n": 1200,
    "reference_mean": 0.75,
    "corrected_mean": 0.5,
    "mean_difference": 0.25,
    "n_reference_without_value": 1100,
    "without_value": {"0 log 0": 1100},
    "reason": "why it is wrong",
}
COUNTS = {
    "documents_without_teacher_score_counted_as_0": 7,
    "documents_without_student_score_counted_as_0": {"[b]": 3, "c": 0},
    "queries_with_several_groups_pooled": 5,
}


def test_numbers_reasons_and_counts():
    stream = io.StringIO()
    none = ROW | {"mean_difference": None, "without_value": {}}
    compat = {"quantities": {"x": ROW, "y": none}, "counts": COUNTS}
    show_compat(compat, console_for(stream))
    text = stream.getvalue()
    for words in (
        "1,100 of 1,200",
        "0.25",
        "x, y: why it is wrong",
        "counted as 0: 7 documents without a teacher score",
        "counted as 0: 3 documents without a score of [b]",
        "lines pooled into one: those of 5 queries",
        "x, 1,100 of 1,200 queries: 0 log 0",
        "difference: mean over the queries that have both values",
    ):
        assert words in text
    assert "score of c" not in text
