"""The house rules that a machine can check: layers, purposes, light imports."""

import os
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    *("bounds", "estimators", "validation", "figures", "rankbound"),
    *("benchmarks", "paper_appendix"),
)
HEAVY = (
    *("torch", "jax", "sklearn", "matplotlib", "pandas", "sympy"),
    *("sentence_transformers", "transformers", "datasets", "lightning", "pyterrier"),
)


def test_imports_point_down_only():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_imports_go_in_a_circle():
    """Those inside functions and those for types count, too."""
    graph = grimp.build_graph("rankbound")
    imported = {
        module: graph.find_modules_directly_imported_by(module)
        for module in graph.modules
    }
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_wrong_formulas_are_reached_from_functions_alone():
    """`--compat reference` asks for them; no other command loads them."""
    early = [
        path
        for folder in FOLDERS[:5]
        for path in modules(folder)
        if "reference" not in path.parts
        if re.search(r"^(from|import) rankbound\.reference", path.read_text(), re.M)
    ]
    assert early == []


def modules(folder):
    """The modules in a folder; links inside rankbound/ are not followed."""
    for place, _, names in os.walk(ROOT / folder):
        yield from (Path(place, name) for name in names if name.endswith(".py"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_module_says_what_it_is_for(folder):
    found = [*modules(folder)]
    silent = [
        path
        for path in found
        if path.stat().st_size
        if not re.match(r'r?"""\S.{15,}', path.read_text(encoding="utf-8"))
    ]
    assert found
    assert silent == []


@pytest.mark.parametrize(
    "code",
    [
        "import rankbound",
        "from rankbound.cli import main\ntry:\n    main(['--help'])\n"
        "except SystemExit:\n    pass",
        "import rankbound.bounds.limits",
    ],
)
def test_light_imports_load_nothing_heavy(code):
    check = f"{code}\nimport sys\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_measuring_loads_no_framework():
    check = (
        "import rankbound.commands.measure.run, rankbound.terminal.measure, sys\n"
        "print([m for m in ('torch', 'jax', 'sklearn', 'matplotlib', 'pandas')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_inspecting_loads_no_symbols():
    check = (
        "import rankbound.commands.inspect.run, rankbound.terminal.files, sys\n"
        "print([m for m in ('sympy', 'scipy.stats', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_public_names_exist_and_are_documented():
    import rankbound as rb

    for name in rb.__all__:
        value = getattr(rb, name)
        assert value.__doc__ or name == "REGISTRY", name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        rb.nothing  # noqa: B018
    with pytest.raises(AttributeError, match="'ledger'; use the to_dict of what rb"):
        rb.ledger  # noqa: B018


def test_the_notes_name_files_that_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.findall(r"`([\w.-]+/[\w./-]*)`", text)
    places = (ROOT, ROOT / "rankbound")
    lost = [name for name in found if not any((p / name).exists() for p in places)]
    assert len(found) > 10
    assert lost == []
