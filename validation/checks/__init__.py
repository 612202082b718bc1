"""Checks of the statements, a module for every chapter of the theory.

Each module holds a table `CHECKS` from keys of the registry to functions of a
`validation.findings.Case`. `validation.suite` joins them.
"""
