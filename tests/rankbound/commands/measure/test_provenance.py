import hashlib
from pathlib import Path

from rankbound.commands.measure.ledger import ledger
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.provenance import versions
from rankbound.commands.measure.run import measure


def made(world, *names, temperature=1.0, **settings):
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"), groups=world.path("groups.jsonl"),
        students=tuple(
            StudentSource(name, world.path(f"{name}.run"), temperature=temperature)
            for name in names
        ),
        command="rankbound measure ...", **settings,
    )  # fmt: skip
    return measure(options)


def test_ledger_hashes_every_input_once(world):
    result = made(world, "strong", "gappy")
    found = {row["path"]: row["sha256"] for row in ledger(result)["inputs"]}
    names = ("teacher.json.gz", "groups.jsonl", "strong.run", "gappy.run")
    assert found == {
        world.path(name): hashlib.sha256(
            Path(world.path(name)).read_bytes()
        ).hexdigest()
        for name in names
    }


def test_versions_name_the_packages_that_decide_the_digits():
    assert {"python", "rankbound", "numpy", "scipy"} <= versions().keys()
