from pathlib import Path

import pytest

from rankbound.cli import build_parser, main
from rankbound.page import demo


def test_add_parser_holds_the_defaults():
    arguments = build_parser().parse_args(["demo"])
    assert arguments.out == Path("rankbound-demo")
    assert arguments.seed == 0


def test_run_hands_the_options_on(monkeypatch):
    calls = []
    monkeypatch.setattr(
        demo,
        "demo",
        lambda folder, **options: (
            calls.append((folder, options))
            or demo.Demonstration({}, [], None, None, None)
        ),
    )
    for name in ("summary_lines", "opening_lines"):
        monkeypatch.setattr(f"rankbound.commands.demo.run.{name}", lambda *_: ())
    assert main(["demo", "--out", "a/b", "--seed", "7"]) == 0
    assert calls == [
        (Path("a/b"), {"seed": 7, "force": False, "workers": 1, "progress": True})
    ]


@pytest.mark.parametrize("words", [["--seed", "1.5"], ["--size", "3"], ["extra"]])
def test_add_parser_rejects_other_options(words):
    with pytest.raises(SystemExit) as caught:
        main(["demo", *words])
    assert caught.value.code == 2
