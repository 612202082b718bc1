"""Installed in every way that people install it, rankbound is one package that runs.

Nothing is downloaded: what rankbound depends on comes from the environment of the
tests, rankbound itself from the installation. Every program starts in a folder whose
names could be taken for ours.
"""

import json
import os
import re
import shutil
import site
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from email.parser import Parser
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

import rankbound
from tests.optional import needs_git, needs_module, only_deep

ROOT = Path(__file__).resolve().parents[1]
MOVED = ("bounds", "estimators", "validation", "figures")
LEFT_OUT = {"build", "dist", "out", "demo-out", "shared", "__pycache__"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PROJECT["tool"]["setuptools"]
WAYS = (
    *("wheel", "sdist", "editable"),
    *(
        pytest.param(way, marks=(needs_git, only_deep))
        for way in ("zip", "links-as-text")
    ),
)
# Of extras that are not installed for tests
TRAINERS = ("lightning", "sentence_transformers", "transformers")
# Where each module was imported from, the version and the files that the page reads
CHECK = """
import importlib, json
from importlib.metadata import version
from importlib.util import find_spec
from importlib.resources import files
modules = json.loads({modules!r})
found = {{name: importlib.import_module(name).__file__ for name in modules}}
templates = files("rankbound.page").joinpath("templates").iterdir()
names = sorted(path.name for path in templates)
print(json.dumps([found, version("rankbound"), names]))
"""
BOUND = (
    *("bound", "--diameter", "1.4", "--lipschitz", "5", "--entropy", "0.42"),
    *("--divergence", "0.06", "--n", "500000", "--kappa", "1.01"),
)

pytestmark = pytest.mark.xdist_group("packaging")


def environment():
    """The variables of this process without those that lead Python to a checkout."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}


def done(words, folder):
    """What a program prints; its complaints if it fails."""
    made = subprocess.run(
        [*map(str, words)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout


def pip(*words, folder):
    """Run pip of the tests' environment without network and without other builders."""
    return done(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words], folder
    )


ALONE = ("--no-index", "--no-deps", "--no-build-isolation", "--quiet")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of the tree, since building leaves things behind."""
    made = tmp_path_factory.mktemp("source") / "rankbound"
    made.mkdir()
    for path in ROOT.iterdir():
        name = path.name
        if (name[0] == "." and name != ".gitignore") or name in LEFT_OUT:
            continue
        if path.is_dir() and not name.endswith(".egg-info"):
            ignored = shutil.ignore_patterns(*LEFT_OUT)
            shutil.copytree(path, made / name, symlinks=True, ignore=ignored)
        elif path.is_file():
            shutil.copy2(path, made / name)
    return made


@pytest.fixture(scope="module")
def repository(source, tmp_path_factory):
    """The same tree under git."""
    made = tmp_path_factory.mktemp("repository") / "rankbound"
    shutil.copytree(source, made, symlinks=True)
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for words in (
        ("init", "--quiet"),
        ("add", "--all"),
        (*who, "-c", "commit.gpgsign=false", "commit", "--quiet", "-m", "all"),
    ):
        done(["git", *words], made)
    return made


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """A folder with what the tests can import from installations, but for rankbound."""
    made = tmp_path_factory.mktemp("others")
    paths = {*map(Path, site.getsitepackages()), Path(sysconfig.get_path("purelib"))}
    if site.ENABLE_USER_SITE:
        paths.add(Path(site.getusersitepackages()))
    for folder in sorted(path for path in paths if path.is_dir()):
        for path in folder.iterdir():
            ours = "rankbound" in path.name or path.name.endswith(".pth")
            if not ours and not (made / path.name).exists():
                try:
                    (made / path.name).symlink_to(path)
                except OSError:
                    pytest.skip("symbolic links cannot be made here")
    return made


@pytest.fixture(scope="module")
def decoys(tmp_path_factory):
    """A working folder of somebody who names things as we do."""
    made = tmp_path_factory.mktemp("decoys")
    raising = "raise RuntimeError('a decoy was imported')\n"
    (made / "bounds").mkdir()
    (made / "bounds" / "__init__.py").write_text(raising)
    for name in ("estimators", "validation", "figures"):
        (made / f"{name}.py").write_text(raising)
    return made


class Environment:
    """A fresh virtual environment."""

    def __init__(self, folder, others):
        venv.create(folder, symlinks=os.name != "nt", with_pip=False)
        self.folder = folder
        self.scripts = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / Path(sys.executable).name.replace("3.exe", ".exe")
        where = "import sysconfig; print(sysconfig.get_path('purelib'))"
        self.packages = Path(done([self.python, "-c", where], folder).strip())
        (self.packages / "others.pth").write_text(f"{others}\n")

    def install(self, *words):
        """Install with pip."""
        pip(
            *("--python", str(self.python), "install", *ALONE, *words),
            folder=self.folder,
        )


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    """The wheel of the tree."""
    out = tmp_path_factory.mktemp("wheel")
    pip("wheel", *ALONE, "--wheel-dir", str(out), str(source), folder=out)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def sdist(source, tmp_path_factory):
    """The source distribution of the tree."""
    out = tmp_path_factory.mktemp("sdist")
    code = f"import setuptools.build_meta as b; b.build_sdist({str(out)!r})"
    done([sys.executable, "-c", code], source)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def from_sdist(sdist, tmp_path_factory):
    """The wheel of the source distribution."""
    out = tmp_path_factory.mktemp("from-sdist")
    pip("wheel", *ALONE, "--wheel-dir", str(out), str(sdist), folder=out)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def unzipped(repository, tmp_path_factory):
    """An unpacked zip export, in which links are text files with their target."""
    made = tmp_path_factory.mktemp("zip") / "rankbound"
    done(["git", "archive", "--format=zip", "--output=../all.zip", "HEAD"], repository)
    with zipfile.ZipFile(repository.parent / "all.zip") as packed:
        packed.extractall(made)
    return made


@pytest.fixture(scope="module")
def linkless(repository, tmp_path_factory):
    """A clone as git makes it where the system has no symbolic links."""
    made = tmp_path_factory.mktemp("clone") / "rankbound"
    words = ("clone", "--quiet", "-c", "core.symlinks=false", repository, made)
    done(["git", *words], repository.parent)
    return made


def names(path):
    """The files inside a wheel."""
    with zipfile.ZipFile(path) as packed:
        return packed.namelist()


def tree():
    """The folders of packages in the tree as (dotted name, folder)."""
    for top in ("rankbound", *MOVED):
        for path in sorted((ROOT / top).rglob("__init__.py")):
            folder = path.parent.relative_to(ROOT)
            through = [ROOT / one for one in (folder, *folder.parents)]
            if not any(one.is_symlink() for one in through):
                dotted = ".".join(folder.parts)
                yield dotted if top == "rankbound" else f"rankbound.{dotted}", folder


def every_module():
    """The dotted names of all modules of the tree."""
    for package, folder in tree():
        for path in sorted((ROOT / folder).glob("*.py")):
            if path.name != "__main__.py":
                yield f"{package}.{path.stem}".removesuffix(".__init__")


def importable_modules():
    """All of them but those on trainers that are not installed."""
    lacking = {
        f"rankbound.training.{one}" for one in TRAINERS if find_spec(one) is None
    }
    return [one for one in every_module() if one not in lacking]


def test_the_list_of_packages_is_that_of_the_folders():
    assert SETUPTOOLS["packages"] == sorted(name for name, _ in tree())
    moved = {name: str(folder) for name, folder in tree() if folder.parts[0] in MOVED}
    tops = {name: folder for name, folder in moved.items() if name.count(".") == 1}
    assert SETUPTOOLS["package-dir"] == tops


def test_every_folder_with_modules_is_a_package():
    folders = {folder for _, folder in tree()}
    for top in ("rankbound", *MOVED):
        for path in (ROOT / top).rglob("*.py"):
            inside = path.parent.relative_to(ROOT)
            linked = any((ROOT / one).is_symlink() for one in (inside, *inside.parents))
            assert linked or inside in folders, path


def test_the_links_lead_to_the_folders():
    for name in MOVED:
        link = ROOT / "rankbound" / name
        assert (
            link.is_symlink() or not link.exists() or link.read_text() == f"../{name}"
        )
        if link.is_symlink():
            assert link.readlink() == Path("..", name)


@needs_module("setuptools")
def test_the_wheel_holds_rankbound_alone_and_whole(wheel):
    found = names(wheel)
    assert {name.split("/")[0] for name in found} == {
        "rankbound",
        f"rankbound-{rankbound.__version__}.dist-info",
    }
    inside = sorted(name for name in found if name.startswith("rankbound/"))
    wanted = []
    for dotted, folder in tree():
        for path in (ROOT / folder).rglob("*"):
            # Files of this package: in its folder, or in one that is no package
            package = next(p for p in path.parents if (p / "__init__.py").is_file())
            made = "__pycache__" in path.parts  # by Python and numba, where they ran
            if path.is_file() and package == ROOT / folder and not made:
                place = path.relative_to(ROOT / folder).as_posix()
                wanted.append(f"{dotted.replace('.', '/')}/{place}")
    assert inside == sorted(wanted)
    assert "rankbound/py.typed" in inside
    assert "rankbound/page/templates/report.html" in inside
    assert not [name for name in found if "test" in name.split("/")[:-1]]


@needs_module("setuptools")
def test_the_wheel_says_what_pyproject_says(wheel):
    with zipfile.ZipFile(wheel) as packed:
        (folder,) = {n.split("/")[0] for n in packed.namelist()} - {"rankbound"}
        said = Parser().parsestr(packed.read(f"{folder}/METADATA").decode())
        top = packed.read(f"{folder}/top_level.txt").decode().split()
        points = packed.read(f"{folder}/entry_points.txt").decode()
    assert said["Version"] == rankbound.__version__ == version("rankbound") == "0.2.0"
    assert top == ["rankbound"]
    assert points.split() == [
        "[console_scripts]",
        "rankbound",
        "=",
        "rankbound.cli:main",
    ]


@needs_module("setuptools")
def test_the_source_distribution_gives_the_same_wheel(wheel, from_sdist):
    def contents(path):
        with zipfile.ZipFile(path) as packed:
            return {n: packed.read(n) for n in packed.namelist() if "RECORD" not in n}

    assert contents(wheel) == contents(from_sdist)


@needs_module("setuptools")
def test_the_version_is_read_without_importing_anything(source, tmp_path):
    code = (
        "import sys, setuptools.build_meta as b\n"
        f"b.prepare_metadata_for_build_wheel({str(tmp_path)!r})\n"
        "print([m for m in ('rankbound', 'numpy', 'msgspec') if m in sys.modules])"
    )
    assert done([sys.executable, "-c", code], source).splitlines()[-1] == "[]"


@pytest.fixture
def installed(request, others, tmp_path):
    """(environment, folder that rankbound must be imported from) for one way."""
    env = Environment(tmp_path / "env", others)
    where = env.packages
    match request.param:
        case "wheel":
            env.install(request.getfixturevalue("wheel"))
        case "sdist":
            env.install(request.getfixturevalue("from_sdist"))
        case "editable":
            where = request.getfixturevalue("source")
            env.install("--editable", where)
        case "zip":
            env.install(request.getfixturevalue("unzipped"))
        case "links-as-text":
            where = request.getfixturevalue("linkless")
            assert (where / "rankbound" / "bounds").read_text() == "../bounds"
            env.install("--editable", where)
    return env, where.resolve()


@pytest.mark.slow
@needs_module("setuptools")
@pytest.mark.parametrize("installed", WAYS, indirect=True)
def test_an_installation_runs_among_files_named_as_ours(installed, decoys):
    env, where = installed
    shown = f"rankbound {rankbound.__version__}\n"
    assert done([env.python, "-m", "rankbound", "--version"], decoys) == shown
    assert done([env.scripts / "rankbound", "--version"], decoys) == shown
    code = CHECK.format(modules=json.dumps([*importable_modules()]))
    files, said, templates = json.loads(done([env.python, "-c", code], decoys))
    assert said == rankbound.__version__
    for path in files.values():
        assert where in Path(path).resolve().parents, path
    folder = ROOT / "rankbound" / "page" / "templates"
    assert templates == sorted(path.name for path in folder.iterdir())
    told = done([env.python, "-m", "rankbound", *BOUND], decoys)
    assert re.search(r"risk|vacuous", told), told


@pytest.mark.parametrize("name", MOVED)
def test_a_folder_of_ours_by_its_bare_name_says_what_to_import(name):
    words = [sys.executable, "-c", f"import {name}"]
    made = subprocess.run(
        words, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert made.returncode == 1
    assert made.stderr.splitlines()[-1] == (
        f"ImportError: import rankbound.{name}, not {name}"
    )


@needs_module("ruff")
@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize("code", ["import {}", "from {} import x", "import {}.y"])
def test_ruff_bans_bare_names(name, code):
    made = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--stdin-filename",
            "rankbound/x.py",
            "-",
        ],
        input=f'"""A module."""\n\n{code.format(name)}\n',
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 1
    assert "TID251" in made.stdout
    assert f"import rankbound.{name}" in made.stdout
