"""JSON Schemas of all results, from their types: `python -m tests.schemas`.

They are written to `rankbound/schemas`, which is installed with the package.
"""

import json
from pathlib import Path
from typing import get_args, get_origin

import msgspec

import rankbound
from rankbound.results import KINDS, Open, result_type

FOLDER = Path(rankbound.__file__).parent / "schemas"


def file_name(kind):
    """Such as power-1.json, for the schema rankbound.power/1."""
    tag = result_type(kind).__struct_config__.tag
    return tag.removeprefix("rankbound.").replace("/", "-") + ".json"


def text(kind):
    """The schema of one kind of result.

    What describes our classes to Python is of no use to other readers of the files.
    """
    made = result_type(kind)
    found = msgspec.json.schema(made, schema_hook=lambda _: {"type": "array"})
    for field in msgspec.structs.fields(made):
        if get_origin(field.type) is Open:
            (record,) = get_args(field.type)
            part = found["$defs"][made.__name__]["properties"]
            part[field.encode_name] = _open(record)
    for part in found["$defs"].values():
        summary = part.get("description", "").split("\n\n")[0]
        if summary:
            part["description"] = " ".join(summary.split())
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(dialect | found, indent=1, ensure_ascii=False) + "\n"


def _open(record):
    """Records whose file holds keys of a user's choice among their own."""
    found = msgspec.json.schema(record)["$defs"]
    assert len(found) == 1, "a reference would lead nowhere"
    row = found[record.__name__]
    more = row["properties"].pop(record.OPEN)
    row["required"].remove(record.OPEN)
    row["additionalProperties"] = more["additionalProperties"]
    return {"type": "array", "items": row}


def main():
    wanted = {file_name(kind): text(kind) for kind in KINDS}
    for path in FOLDER.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        (FOLDER / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
