"""Readers of runs, judgements, scores, training groups and vectors, from any format.

Readers are strict: input that breaks its format is a `FormatError` with path:line, the
rule, the value and the remedy.
"""
