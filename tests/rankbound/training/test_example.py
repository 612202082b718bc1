"""The example in plain torch, on its small world."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "plain_torch.py"


def test_the_example_lowers_the_risk_and_certifies_once(capsys, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    spec = spec_from_file_location("plain_torch_example", EXAMPLE)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    last = module.main(["--small", "--steps", "60", "--every", "30"])
    said = capsys.readouterr().out
    assert last.evaluations == 1
    assert "K = 2" in said
    start, end = (
        float(line.split("risk ")[1].split(" nats")[0])
        for line in said.splitlines()
        if line.startswith("validation")
    )
    assert end < start
