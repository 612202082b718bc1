"""Run the cases, each once, after those whose files it reads."""

import hashlib
import json
from pathlib import Path

from tests.golden import data
from tests.golden.cases import CASES
from tests.golden.recording import pretty, recorded
from tests.rankbound.realdata import DATA, ROOT

FOLDER = Path(__file__).with_name("expected")


class Runner:
    """Records by case; each group of cases has a folder of its own."""

    def __init__(self, place):
        self.place = Path(place).resolve()
        self.records = {}

    def record(self, name):
        if name not in self.records:
            check_checkout()
            case = CASES[name]
            for needed in case.after:
                self.record(needed)
            folder = self._folder(case)
            places = {
                str(folder): "<folder>",
                str(DATA.resolve()): "<data>",
                str(DATA): "<data>",
                str(ROOT): "<checkout>",
                **_hashes(folder),
            }
            self.records[name] = recorded(case.words, folder, places)
        return self.records[name]

    def _folder(self, case):
        folder = self.place / case.group
        if not folder.is_dir():
            (folder / "out").mkdir(parents=True)
            if case.real:
                (folder / "data").symlink_to(DATA.resolve())
            else:
                data.write(folder)
        return folder


def _hashes(folder):
    """Names for the hashes of ablations: last digits in these differ by processor."""
    return {
        hashlib.sha256(path.read_bytes()).hexdigest(): f"<hash of {path.parent.name}>"
        for path in folder.glob("ablated/*/ablation.json")
    }


def check_checkout():
    """Raise where another installation than this checkout would be judged."""
    import rankbound

    found = Path(rankbound.__file__).resolve()
    if not found.is_relative_to(ROOT):
        raise RuntimeError(f"{found} is not of the checkout {ROOT}; run there")


def options():
    """Every option of every command, with its default and its help."""
    from rankbound.cli import build_parser

    parser = build_parser()
    return {
        name: {
            "description": command.description,
            "epilog": (command.epilog or "").splitlines(),
            "options": [_option(action) for action in command._actions],
        }
        for name, command in commands(parser).items()
    }


def commands(parser):
    """The parsers of the commands by name."""
    [found] = [a.choices for a in parser._actions if isinstance(a.choices, dict)]
    return found


def _option(action):
    default = action.default
    if default is not None and not isinstance(default, str | int | float | list):
        default = str(default)
    return {
        "names": list(action.option_strings) or [action.dest],
        "default": default,
        "nargs": action.nargs,
        "required": action.required,
        "choices": None if action.choices is None else list(action.choices),
        "metavar": action.metavar,
        "help": action.help,
    }


def path_of(name):
    return FOLDER / f"{name}.json"


def expected(name):
    return json.loads(path_of(name).read_text(encoding="utf-8"))


def write(name, record):
    FOLDER.mkdir(exist_ok=True)
    path_of(name).write_text(pretty(record) + "\n", encoding="utf-8")
