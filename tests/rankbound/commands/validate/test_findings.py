import copy
import io

from rich.console import Console

from rankbound.commands.validate.account import account
from rankbound.commands.validate.findings import findings
from rankbound.terminal.validate import show


def shown(made):
    stream = io.StringIO()
    show(account(made), Console(file=stream, width=100, highlight=False))
    return stream.getvalue()


def test_no_evidence_is_said(validation):
    made = copy.deepcopy(account(validation))
    for row in made["per_query"]:
        row["verdict"] = row["partial_verdict"] = "inconclusive"
    text = " ".join(findings(made))
    assert "no evidence that any term goes with effectiveness: none of 64 tests" in text
    assert "beyond how hard a query is" in text
    assert text.count("no evidence") == 2
    made["per_query"][0]["verdict"] = "associated"
    made["per_query"][0]["partial_verdict"] = "associated"
    text = " ".join(findings(made))
    assert "1 of 64 tests associated" in text
    assert "no evidence" not in text
