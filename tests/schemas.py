"""JSON Schemas of all results, from their types: `python -m tests.schemas`.

They are written to `rankbound/schemas`, which is installed with the package.
"""

import json
from pathlib import Path

import msgspec

import rankbound
from rankbound.results import KINDS, Open, result_type

FOLDER = Path(rankbound.__file__).parent / "schemas"


def file_name(kind):
    """Such as power-1.json, for the schema rankbound.power/1."""
    tag = result_type(kind).__struct_config__.tag
    return tag.removeprefix("rankbound.").replace("/", "-") + ".json"


def described(kind):
    """Of `Open` records, which have keys of a user's choice among their own."""
    assert kind is Open
    return {"type": "array", "items": {"type": "object"}}


def text(kind):
    """The schema of one kind of result.

    What describes our classes to Python is of no use to other readers of the files.
    """
    found = msgspec.json.schema(result_type(kind), schema_hook=described)
    for part in found["$defs"].values():
        summary = part.get("description", "").split("\n\n")[0]
        if summary:
            part["description"] = " ".join(summary.split())
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(dialect | found, indent=1, ensure_ascii=False) + "\n"


def main():
    wanted = {file_name(kind): text(kind) for kind in KINDS}
    for path in FOLDER.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        (FOLDER / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
