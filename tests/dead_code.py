"""Dead code, by vulture with the settings of pyproject: `python -m tests.dead_code`.

The fields of a record are the keys of a file, so those are used without being read.
"""

import ast
import sys
from pathlib import Path

from vulture import Vulture
from vulture.config import make_config


def fields(path):
    """The lines of a module at which keys of records are declared."""
    return {
        node.lineno
        for kind in ast.walk(ast.parse(Path(path).read_text()))
        if isinstance(kind, ast.ClassDef)
        and {"Record", "Result", "TypedDict", "msgspec.Struct"}
        & {ast.unparse(base) for base in kind.bases}
        for node in kind.body
        if isinstance(node, ast.AnnAssign)
    }


def dead():
    """What nothing uses, a line each."""
    settings = make_config(["--config", "pyproject.toml"])
    found = Vulture(
        ignore_names=settings["ignore_names"],
        ignore_decorators=settings["ignore_decorators"],
    )
    found.scavenge(settings["paths"], exclude=settings["exclude"])
    unused = found.get_unused_code(min_confidence=settings["min_confidence"])
    return [
        item.get_report()
        for item in unused
        if not (item.typ == "variable" and item.first_lineno in fields(item.filename))
    ]


if __name__ == "__main__":
    lines = dead()
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.exit(bool(lines))
