"""Intervals, verdicts and associations, and machine checks of every statement."""

if __name__ != "rankbound.validation":
    raise ImportError("import rankbound.validation, not validation")
