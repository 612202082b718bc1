"""Kill `ablate` at random moments, and look whether it ends with the same bytes.

``python -m tests.rankbound.ablating WHERE KILLS SEED`` makes a small world, ablates it
once undisturbed, then kills runs of the same command until there were so many kills,
goes on without, and prints what differs from the undisturbed folder: nothing.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

import rankbound as rb
from rankbound.commands.ablate import run
from rankbound.commands.ablate.result import COLUMNS
from tests.rankbound.beir import world

GRID = {
    "samplings": ("random", "ensemble"),
    "losses": ("kl",),
    "architectures": ("cross",),
    "seeds": 2,
    "group_size": 6,
}


def table(folder):
    """The rows of students, and a check of the header."""
    header, *rows = (folder / "ablation.tsv").read_text().splitlines()
    assert tuple(header.split("\t")) == COLUMNS
    return [dict(zip(COLUMNS, row.split("\t"), strict=True)) for row in rows]


def timeless(read):
    """What JSON holds, without seconds and energy."""
    if isinstance(read, list):
        return [timeless(one) for one in read]
    if not isinstance(read, dict):
        return read
    return {
        key: timeless(one)
        for key, one in read.items()
        if key not in ("seconds", "energy_kwh")
    }


def contents(folder, *, but_seconds=True):
    """Every file of an ablation, without seconds, energy and what they alter."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_dir() or path.name == "rankbound.manifest.json":
            continue
        data = path.read_bytes()
        if but_seconds and path.name == "ablation.tsv":
            data = [{**row, "seconds": ""} for row in table(folder)]
        if but_seconds and path.name == "ablation.json":
            data = [timeless(json.loads(data))]
        if but_seconds and path.parent.name == "cells":
            read = timeless(json.loads(data))
            place = COLUMNS.index("seconds")
            for part in read.get("parts", ()):
                part["rows"] = [r[:place] + r[place + 1 :] for r in part["rows"]]
            data = [read]
        found[str(path.relative_to(folder))] = data
    return found


def ablated(where, name, *, within=None):
    """Ablate in a process of its own; whether it was killed after some seconds."""
    # Nothing has started threads here, and importing all once more takes seconds
    child = os.fork()
    if child == 0:
        try:
            rb.ablate([where / "world"], where / name, **GRID)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    end = time.monotonic() + (within or float("inf"))
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert status == 0, f"`ablate` failed: {status}"
            return False
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def main(where, kills, seed):
    """Tell the kills, and which files are not as without any."""
    assert run  # what a child needs is imported
    world(where / "world")
    began = time.monotonic()
    ablated(where, "whole")
    whole = time.monotonic() - began
    rng = random.Random(seed)
    killed = 0
    while killed < kills:
        if ablated(where, "killed", within=rng.uniform(0.1, 0.9) * whole):
            killed += 1
        else:
            shutil.rmtree(where / "killed")
    ablated(where, "killed")
    found, wanted = contents(where / "killed"), contents(where / "whole")
    differ = [one for one in {*found, *wanted} if found.get(one) != wanted.get(one)]
    said = {"kills": killed, "differ": sorted(differ), "seconds": whole}
    print(json.dumps(said))  # noqa: T201
    return bool(differ)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
