"""A whole distillation experiment on text that every installation already has.

The documents are the docstrings of the installed scientific packages, the queries are
their summary lines, so thousands of known-item queries cost no download. `prepare`
writes the files that people usually bring themselves: runs, teacher scores, groups and
embeddings of a student.
"""
