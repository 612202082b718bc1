"""Checks of the statements, by chapters of the theory.

Each module has a table `CHECKS` from keys of the registry to functions of a
`validation.findings.Case`. `validation.suite` joins these tables.
"""
