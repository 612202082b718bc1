"""A file of every kind of result, as the commands leave it, from small real runs."""

import contextlib
import io
import json

from rankbound.cli import main
from rankbound.commands.convert.run import convert
from tests.rankbound.beir import world
from tests.rankbound.files import group_text, project, written

MODELS = "--teacher t.json --teacher-kind logit"
STUDENT = "--student s=s.run --student-kind logit"
NUMBERS = "--diameter 2 --lipschitz 5 --entropy 0.42 --divergence 0 --n 1000"
# Kind of result: the command line, and the file that it writes or else prints
RUNS = {
    "ledger": (
        f"measure {MODELS} {STUDENT} --groups g.jsonl --embeddings v.npy --ids v.ids "
        "--qrels judged.qrels --out ledger",
        "ledger/ledger.json",
    ),
    "comparison": (
        f"compare {MODELS} --groups random=g.jsonl hard=h.jsonl --embeddings v.npy "
        "--ids v.ids --resamples 200 --out comparison",
        "comparison/comparison.json",
    ),
    "validation": (
        f"validate {MODELS} {STUDENT} --qrels judged.qrels --out validation "
        "--resamples 200 --permutations 99",
        "validation/validation.json",
    ),
    "inspection": (
        "inspect t.json s.run g.jsonl judged.qrels --json inspection/inspection.json",
        "inspection/inspection.json",
    ),
    "power": (
        "power --n 43 97 --sd 0.1 --margin 0.02 --json power/power.json",
        "power/power.json",
    ),
    "sample": (
        "sample --teacher t.json --qrels judged.qrels --sampling stratified --size 4 "
        "--out drawn.jsonl --force --json sample/sample.json",
        "sample/sample.json",
    ),
    "ablation": (
        "ablate --collection beir --samplings random bm25 --losses kl --architectures "
        "cross --seeds 1 --group-size 4 --out ablation",
        "ablation/ablation.json",
    ),
    "study": ("study set --config study.toml --out study", "study/study.json"),
    "cut": (f"cut {MODELS} --groups g.jsonl --out cut", "cut/manifest.json"),
    "bound": (f"bound {NUMBERS} --solve n --json", ""),
    "augmentation": (f"bound {NUMBERS} --augment --after-diameter 1.2 --json", ""),
    "change": ("bound --before ledger --after ledger-again --json", ""),
    "certify": (
        "certify --statement constant-a_0 --json certify/certify.json",
        "certify/certify.json",
    ),
}


def prepared(folder):
    """The files that the command lines read."""
    project(folder)
    world(folder / "beir")
    teacher = json.loads((folder / "t.json").read_text())
    hard = group_text((qid, [*row][3:]) for qid, row in teacher.items())
    written(folder, hard, "h.jsonl")
    (folder / "set").mkdir()
    for name in ("t.json", "s.run", "g.jsonl", "h.jsonl", "judged.qrels"):
        (folder / "set" / name).write_bytes((folder / name).read_bytes())
    settings = 'teacher = "t.json"\n[compare]\nresamples = 200\n'
    settings += "[validate]\nresamples = 200\npermutations = 99\n"
    written(folder, settings, "study.toml")
    for name in ("ledger", "ledger-again"):
        line, _ = RUNS["ledger"]
        line = line.replace("--out ledger", f"--out {name}")
        with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
            main(line.split())
    return folder


def sample(kind, folder):
    """The file of a kind of result, in a folder of its own below a prepared one."""
    if kind == "conversion":  # the command prints it in words only
        with contextlib.chdir(folder):
            made = convert("s.run", f"{kind}.parquet")
            return folder / made.save(kind)
    line, name = RUNS[kind]
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as said:
        code = main(line.split())
    assert code in (0, 1), line  # controls may fail on so few queries
    if name:
        return folder / name
    target = folder / kind / f"{kind}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(said.getvalue(), encoding="utf-8")
    return target
