import io

from rankbound.terminal.compare_reference import show_reference
from rankbound.terminal.console import console_for


def row(**changes):
    made = {
        "sampling": "[b]",
        "quantity": "entropy",
        "pairs": "all",
        "reference_p": 0.501,
        "reference_marked_equivalent": True,
        "reference_reason": None,
        "p_equivalence": 0.032,
        "verdict": "inconclusive",
    }
    return made | changes


def shown(compat):
    stream = io.StringIO()
    show_reference(compat, console_for(stream))
    return stream.getvalue()


def test_verdicts_entropies_and_reasons():
    none = {"reference_p": None, "reference_marked_equivalent": None}
    text = shown(
        {
            "rows": [
                row(),
                row(reference_marked_equivalent=False, sampling="c"),
                row(**none, reference_reason="no value: 0 / 0", sampling="d"),
            ],
            "entropy": [
                {
                    "sampling": "[b]",
                    "reference_mean": 0.75,
                    "corrected_mean": 0.5,
                    "difference": 0.25,
                }
            ],
            "equivalence_groups": [
                {"quantity": "entropy", "pairs": "all", "groups": [["[b]", "c"], ["d"]]}
            ],
            "reason": "read backwards",
            "entropy_reason": "an epsilon",
        }
    )
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert "0.501" in lines["[b]"] or "0.75" in lines["[b]"]
    for words in (
        "read backwards",
        "an epsilon",
        "0.032",
        "0.25",
        "equivalent   inconclusive",
        "different    inconclusive",
        "they group as equivalent (entropy, all pairs): [b], c",
        "d, entropy, all pairs: no value: 0 / 0",
    ):
        assert words in text


def test_nothing_where_it_was_not_asked_for():
    assert shown(None) == ""
