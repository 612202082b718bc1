"""Only the golden files are tested here; the libraries are in `make clients`."""

from pathlib import Path

HERE = Path(__file__).parent
collect_ignore = [
    path.name for path in HERE.glob("*.py") if not path.name.startswith("test_")
]
