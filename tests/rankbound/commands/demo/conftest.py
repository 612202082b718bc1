"""Two small packages of invented docstrings, and the story of the demo on them."""

import random
from types import SimpleNamespace

import pytest

from rankbound.commands.demo.experiment import Sizes, run_experiment
from rankbound.commands.demo.run import make_demo

PACKAGE, FRESH = "invented_package", "invented_fresh"
SIZES = Sizes(
    documents=150,
    teacher_queries=40,
    student_queries=60,
    heldout_queries=30,
    dimensions=12,
)
SEED = 3


def invented_source(n_functions, *, seed):
    """Functions whose summaries share some words with their bodies, and many noise."""
    rng = random.Random(seed)
    words = [f"{a}{b}{c}" for a in "bdfg" for b in "aeiou" for c in "lmnrst"]
    lines = []
    for number in range(n_functions):
        topic = rng.sample(words, 6)
        body = rng.choices(topic, k=12) + rng.choices(words, k=40)
        rng.shuffle(body)
        summary = [*rng.sample(topic, 4), rng.choice(words)]
        lines += [
            f"def function_{number:03d}():",
            f'    """{" ".join(summary)}.',
            "",
            f"    {' '.join(body)}",
            '    """',
            "",
        ]
    return "\n".join(lines)


@pytest.fixture(scope="session")
def package_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    for seed, (name, size) in enumerate({PACKAGE: 170, FRESH: 45}.items()):
        root = folder / name
        root.mkdir()
        root.joinpath("__init__.py").write_text('raise RuntimeError("imported")')
        root.joinpath("work.py").write_text(invented_source(size, seed=seed))
    return folder


@pytest.fixture
def package(package_folder, monkeypatch):
    monkeypatch.syspath_prepend(package_folder)
    return PACKAGE


@pytest.fixture(scope="session")
def experiment(package_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(package_folder)
        return run_experiment(
            (PACKAGE,), fresh=(FRESH,), sizes=SIZES, seed=SEED, progress=len
        )


@pytest.fixture(scope="session")
def sizes():
    return SIZES


@pytest.fixture(scope="session")
def told(package_folder, tmp_path_factory):
    """The whole story, its stages, and the folder of its files."""
    folder, stages = tmp_path_factory.mktemp("story"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(package_folder)
        story = make_demo(
            folder,
            seed=SEED,
            progress=stages.append,
            packages=(PACKAGE,),
            fresh=(FRESH,),
            sizes=SIZES,
        )
    return SimpleNamespace(story=story, stages=stages, folder=folder)
