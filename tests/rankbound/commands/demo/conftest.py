"""A small package of invented docstrings, and an experiment on it."""

import random

import pytest

from rankbound.commands.demo.experiment import Sizes, run_experiment

PACKAGE = "invented_package"
SIZES = Sizes(
    documents=150,
    teacher_queries=40,
    student_queries=60,
    heldout_queries=30,
    dimensions=12,
)


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
    root = folder / PACKAGE
    root.mkdir()
    root.joinpath("__init__.py").write_text('raise RuntimeError("imported")')
    root.joinpath("work.py").write_text(invented_source(170, seed=0))
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
            (PACKAGE,), sizes=SIZES, seed=3, progress=lambda _stage: None
        )


@pytest.fixture(scope="session")
def sizes():
    return SIZES
