"""Verdicts: does the theory hold? Machine checks of every statement, without files."""

if __name__ != "rankbound.validation":
    raise ImportError("import rankbound.validation, not validation")
