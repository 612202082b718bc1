"""Files that researchers have, read into columns: runs, qrels, scores, groups, vectors.

Each reader is strict: what it cannot understand is a `FormatError` with path:line, the
rule, what was found and the remedy.
"""
