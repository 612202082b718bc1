"""Files that inspections look at, and short ways to look at one."""

from rankbound.commands.inspect.examined import Asked, examine, read_all
from rankbound.commands.inspect.roles import cast
from rankbound.read.contents import Contents
from tests.rankbound.files import group_text, lookup, run_text, written


def examined(folder, content, name="file"):
    """A file with this content, examined."""
    return examine(read_all(Asked(files=[written(folder, content, name)]))[0])


def examined_files(folder, contents, **asked):
    """Several files by name, examined together with their cast."""
    paths = [written(folder, content, name) for name, content in contents.items()]
    files = [examine(one) for one in read_all(Asked(files=paths, **asked))]
    return files, cast(files)


def codes(findings):
    """Codes and counts of findings."""
    return {one.code: one.count for one in findings if one is not None}


def only(findings, code):
    """The one finding with a code."""
    found = [one for one in findings if one is not None and one.code == code]
    assert len(found) == 1, codes(findings)
    return found[0]


def scores_file(rows):
    """A lookup of queries q0, q1, ... with documents d0, d1, ..."""
    return lookup(
        {f"q{n}": {f"d{k}": v for k, v in enumerate(row)} for n, row in enumerate(rows)}
    )


def matching(teacher=None, *, groups=None, **more):
    """Contents of a small set of files that fit each other."""
    rows = teacher or {
        f"q{n}": {f"d{k}": (5 * k * (n + 1) + 7 * n) % 11 - 4.5 for k in range(6)}
        for n in range(8)
    }
    grouped = groups or [(qid, list(row)[:4]) for qid, row in rows.items()]
    student = {
        qid: {d: row[d] * 0.5 for d in sorted(row, key=row.get, reverse=True)}
        for qid, row in rows.items()
    }
    files = {
        "teacher.json": lookup(rows),
        "random.jsonl": group_text(grouped),
        "student.run": run_text(student, tag="half"),
    }
    return files | more


__all__ = ["Contents", "codes", "examined", "examined_files", "matching", "only"]
