import subprocess

from rankbound.booktabs import escaped
from rankbound.commands.validate.markup import Cell, Table, latex, markdown
from rankbound.commands.validate.tables import tables
from tests.optional import needs_latex

LATEX = r"\documentclass{article}\usepackage{booktabs}"

NASTY = Table(
    "nasty",
    r"50 % of a_b & {c} \ $ # ~ ^ | <x>",
    ("name_1", "x & y"),
    ((Cell("a|b", "c,d", bold=True), Cell("1.0")),),
)


def test_markdown_escapes_bars_and_marks_cells():
    text = markdown([NASTY])
    assert "| **a\\|b**<sup>c,d</sup> | 1.0 |" in text
    assert text.startswith("**50 % of")


def test_latex_escapes_everything():
    text = latex([NASTY])
    assert r"name\_1 & x \& y \\" in text
    assert r"\textbf{a\textbar{}b}$^{\mathrm{c,d}}$ & 1.0 \\" in text
    assert escaped("\\") == r"\textbackslash{}"


@needs_latex(LATEX)
def test_latex_compiles(validation, tmp_path):
    (tmp_path / "tables.tex").write_text(latex([NASTY, *tables(validation)]))
    (tmp_path / "all.tex").write_text(
        LATEX + "\\begin{document}\\input{tables.tex}\\end{document}\n"
    )
    done = subprocess.run(
        [
            "pdflatex",
            "-draftmode",
            "-interaction=nonstopmode",
            "-halt-on-error",
            "all.tex",
        ],
        cwd=tmp_path,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
