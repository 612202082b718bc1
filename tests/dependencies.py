"""The table of dependencies in SECURITY.md, and whether it is still true.

``python -m tests.dependencies`` compares it with `pyproject.toml`, `constraints.txt`
and the metadata of what is installed; with ``--write`` it writes the table anew. What
is not installed is named. ``--audit`` asks public lists of known faults, by pip-audit.
"""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "SECURITY.md"
START, END = "<!-- dependencies -->\n", "<!-- end of dependencies -->\n"
# Package: what for, and its licence by its own metadata, in the words of SPDX
KNOWN = {
    "array-api-compat": ("the same formulas over NumPy, torch and jax", "MIT"),
    "ir-measures": ("effectiveness measures of trec_eval", "Apache-2.0"),
    "jinja2": ("the HTML page", "BSD-3-Clause"),
    "matplotlib": ("figures", "PSF-2.0"),
    "msgspec": ("results as typed records, and their JSON", "BSD-3-Clause"),
    "numpy": ("numbers", "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0"),
    "orjson": ("fast JSON", "MPL-2.0 AND (Apache-2.0 OR MIT)"),
    "pandas": ("frames that users give and get", "BSD-3-Clause"),
    "pyarrow": ("columns: parquet, Arrow, CSV, packings", "Apache-2.0"),
    "rich": ("tables on a terminal", "MIT"),
    "scikit-learn": ("the demo's students; predictions of validate", "BSD-3-Clause"),
    "scipy": ("distributions, roots, distances", "BSD-3-Clause"),
    "seaborn": ("ridges and distribution functions in figures", "BSD-3-Clause"),
    "sympy": ("the statements as expressions", "BSD-3-Clause"),
    "torch": ("losses for training; tensors as input", "BSD-3-Clause and others"),
    "sentence-transformers": ("its trainers, in rankbound.training", "Apache-2.0"),
    "datasets": ("training sets of these trainers", "Apache-2.0"),
    "lightning": ("its trainer, in rankbound.training", "Apache-2.0"),
    "python-terrier": ("pipelines and experiments, in rb.pt", "MPL-2.0"),
    "jax": ("arrays as input", "Apache-2.0"),
    "transformers": ("encoders that ablate fine-tunes", "Apache-2.0"),
    "bm25s": ("BM25 of the demo", "MIT"),
    # Its wheel holds FLINT, GMP and MPFR
    "python-flint": ("interval arithmetic of certify", "MIT AND LGPL-3.0-or-later"),
    "isal": ("faster gzip", "PSF-2.0"),
    "npids": ("ids of FlexIndex folders", "none stated"),
    "faiss-cpu": ("FAISS indexes that are not flat", "MIT"),
    "ir-datasets": ("data sets by their id", "Apache-2.0 (metadata: MIT)"),
    "distributed": ("workers of a cluster", "BSD-3-Clause"),
    "numba": ("compiled sums over pairs of long lists", "BSD-2-Clause"),
    "codecarbon": ("energy of the stages of ablate", "MIT"),
    "ipykernel": ("notebooks of the documentation", "BSD-3-Clause"),
    "myst-nb": ("notebooks and Markdown of the documentation", "BSD-3-Clause"),
    "numpydoc": ("docstrings in the documentation", "BSD-3-Clause"),
    "pydata-sphinx-theme": ("the look of the documentation", "BSD-3-Clause"),
    "sphinx": ("the documentation", "BSD-2-Clause"),
    "sphinx-mathjax-offline": ("formulas without the network", "Apache-2.0"),
    "atheris": (
        "coverage-guided fuzzing of the readers",
        "Apache-2.0 (metadata: none stated)",
    ),
    "axe-playwright-python": ("accessibility of the page", "none stated"),
    "hypothesis": ("random tests", "MPL-2.0"),
    "import-linter": ("layers of the code", "BSD-2-Clause"),
    "lxml": ("the page in tests", "BSD-3-Clause"),
    "lz4": ("packed files in tests", "BSD-3-Clause"),
    "mypy": ("types", "MIT"),
    "playwright": ("the page in a browser", "Apache-2.0"),
    "polars": ("frames as input", "MIT"),
    "pytest": ("tests", "MIT"),
    "pytest-xdist": ("tests on several cores", "MIT"),
    "ruff": ("format and lint", "MIT"),
    "safetensors": ("files of the real library in tests", "Apache-2.0"),
    "setuptools": ("builds the package", "MIT"),
    "statsmodels": ("a second computation of statistics in tests", "BSD-3-Clause"),
    "vulture": ("dead code", "MIT"),
}
# The last release and its month, as the package index had them in November 2026
RELEASED = {
    "array-api-compat": "1.16.0, 2026-10",
    "ir-measures": "0.4.3, 2025-11",
    "jinja2": "3.1.6, 2025-03",
    "matplotlib": "3.11.2, 2026-09",
    "msgspec": "0.23.0, 2026-11",
    "numpy": "2.5.5, 2026-11",
    "orjson": "3.13.0, 2026-10",
    "pandas": "3.1.1, 2026-11",
    "pyarrow": "26.0.1, 2026-11",
    "rich": "15.0.0, 2026-04",
    "scikit-learn": "1.9.1, 2026-09",
    "scipy": "1.18.1, 2026-08",
    "seaborn": "0.13.2, 2024-01",
    "sympy": "1.14.0, 2025-04",
    "torch": "2.15.0, 2026-10",
    "sentence-transformers": "6.2.0, 2026-10",
    "datasets": "5.2.0, 2026-11",
    "lightning": "2.6.6, 2026-09",
    "python-terrier": "1.0, 2025-11",
    "jax": "0.12.0.1, 2026-10",
    "transformers": "5.24.0, 2026-11",
    "bm25s": "0.3.16, 2026-10",
    "python-flint": "0.9.0, 2026-07",
    "isal": "1.9.1, 2026-11",
    "npids": "0.1.3, 2025-02",
    "faiss-cpu": "1.15.1, 2026-09",
    "ir-datasets": "0.6.3, 2026-07",
    "distributed": "2026.8.0, 2026-08",
    "numba": "0.68.1, 2026-10",
    "codecarbon": "3.3.2, 2026-10",
    "ipykernel": "7.4.0, 2026-09",
    "myst-nb": "1.4.0, 2026-03",
    "numpydoc": "1.11.0, 2026-09",
    "pydata-sphinx-theme": "0.24.0, 2026-11",
    "sphinx": "9.2.0, 2026-10",
    "sphinx-mathjax-offline": "0.0.2, 2022-12",
    "atheris": "3.1.0, 2026-06",
    "axe-playwright-python": "0.1.8, 2026-07",
    "hypothesis": "6.170.15, 2026-11",
    "import-linter": "2.16, 2026-11",
    "lxml": "6.1.3, 2026-09",
    "lz4": "4.4.5, 2025-11",
    "mypy": "2.4.1, 2026-10",
    "playwright": "1.65.2, 2026-11",
    "polars": "2.1.0, 2026-10",
    "pytest": "9.2.0, 2026-10",
    "pytest-xdist": "3.8.0, 2025-07",
    "ruff": "0.17.5, 2026-11",
    "safetensors": "0.8.0, 2026-06",
    "setuptools": "84.2.1, 2026-10",
    "statsmodels": "0.15.0, 2026-08",
    "vulture": "2.16, 2026-03",
}
OF_ITSELF = ("rankbound", "pip")


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def needed():
    """Packages that `pyproject.toml` names, and the extras that need them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = defaultdict(list)
    extras = {"": project["dependencies"], **project["optional-dependencies"]}
    for extra, lines in extras.items():
        for line in lines:
            name = normal(re.match(r"[\w.-]+", line)[0])
            if name not in OF_ITSELF:
                found[name].append(extra)
    return found


def pinned():
    """Versions that `constraints.txt` gives."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {normal(name): version.strip() for name, version in pairs}


def numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)]


def installed():
    """Versions of what is installed, without a label of where it was built."""
    return {
        normal(one.metadata["Name"]): one.version.partition("+")[0]
        for one in importlib.metadata.distributions()
    }


def licence(name):
    """What a package's metadata says of its licence, as one text."""
    about = importlib.metadata.metadata(name)
    classes = [c for c in about.get_all("Classifier", []) if c.startswith("License")]
    stated = [about.get("License-Expression"), about.get("License"), *classes]
    return " ".join(one for one in stated if one)


def agrees(wanted, stated):
    """Whether metadata name a licence, by its family.

    Where they do not name that of the file in the package, both are in the table.
    """
    apart = re.search(r"\(metadata: (.*)\)", wanted)
    wanted = apart[1] if apart else wanted
    family = wanted.split("-")[0].split(" ")[0]
    words = {"PSF": "PSF|Python Software Foundation|matplotlib", "none": "^$"}
    return re.search(words.get(family, family), stated) is not None


HEAD = "| package | for | pinned | last release | licence | needed by |\n"


def table():
    pins, rows = pinned(), [HEAD, "| --- | --- | --- | --- | --- | --- |\n"]
    for name, extras in needed().items():
        purpose, terms = KNOWN[name]
        by = ", ".join(one or "rankbound" for one in extras)
        cells = name, purpose, pins[name], RELEASED[name], terms, by
        rows.append(f"| {' | '.join(cells)} |\n")
    return "".join(rows)


def _releases(wanted, pins):
    for name in wanted.keys() ^ RELEASED.keys():
        yield f"{name} is in pyproject.toml or RELEASED of tests/dependencies.py alone"
    for name in wanted.keys() & pins.keys() & RELEASED.keys():
        found = re.fullmatch(r"([\d.]+), 20\d\d-[01]\d", RELEASED[name])
        if found is None or numbers(found[1]) < numbers(pins[name]):
            yield f"the last release of {name} is not {RELEASED[name]}: {pins[name]} is"


def faults():
    """What is not true, in sentences."""
    pins, there, wanted = pinned(), installed(), needed()
    for name in wanted.keys() ^ KNOWN.keys():
        yield f"{name} is in pyproject.toml or tests/dependencies.py alone"
    for name in wanted.keys() - pins.keys():
        yield f"constraints.txt does not pin {name}"
    yield from _releases(wanted, pins)
    for name, version in there.items():
        if name in OF_ITSELF or pins.get(name) == version:
            continue
        yield f"{name} {version} is installed, constraints.txt has {pins.get(name)}"
    for name in wanted.keys() & there.keys() & KNOWN.keys():
        stated = licence(name)
        if not agrees(KNOWN[name][1], stated):
            yield f"{name}: its metadata say {stated[:60]!r}, not {KNOWN[name][1]}"
    shown = PAGE.read_text(encoding="utf-8")
    if f"{START}{table()}{END}" not in shown:
        yield "SECURITY.md shows another table; python -m tests.dependencies --write"


def audit():
    """Known faults of the pinned versions, where the tool and the network are there."""
    words = ["-r", "constraints.txt", "--no-deps", "--disable-pip"]
    try:
        done = subprocess.run(
            ["pip-audit", *words, "--progress-spinner", "off"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        sys.stdout.write(f"SKIPPED: pip-audit cannot be run ({error.strerror})\n")
        return 0
    said = f"{done.stdout}{done.stderr}"
    if done.returncode and "vulnerabilit" not in said:
        last = (said.strip().splitlines() or [""])[-1]
        sys.stdout.write(f"SKIPPED: pip-audit cannot work here ({last[:200]})\n")
        return 0
    sys.stdout.write(said)
    return done.returncode


def main(*words):
    if "--audit" in words:
        return audit()
    if "--write" in words:
        text = PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(START)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{START}{table()}{END}{after}", encoding="utf-8")
    found = [*faults()]
    absent = sorted(needed().keys() - installed().keys())
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    sys.stdout.write(f"not installed, so not compared: {', '.join(absent) or 'none'}\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
