"""Results that earlier versions wrote, as the expected files hold them."""

import json

from tests.golden.running import FOLDER


def old_results(schema):
    """JSON files of a schema, by case; those that were shortened are left out."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        for file in (record.get("files") or {}).values():
            content = file.get("json") if isinstance(file, dict) else None
            if not isinstance(content, dict) or content.get("schema") != schema:
                continue
            if '"#rows"' not in json.dumps(content):
                found[path.stem] = content
    return found


def again(kind, content, folder):
    """The text of a file, loaded and saved again, and what it was."""
    before, after = folder / "before.json", folder / "after.json"
    before.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    kind.load(before).save(after)
    return before.read_text(), after.read_text()
