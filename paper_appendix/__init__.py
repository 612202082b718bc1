"""The appendix: every statement of the registry with its proof, as one document.

``python -m paper_appendix`` writes `statements.md`, and ``--check`` says whether it is
up to date. ``--tables`` rebuilds the tables that compare the variants of the bound and
prints them with a description of the simulation behind them. ``rankbound appendix``
writes the whole document, with the same tables, as LaTeX.
"""
