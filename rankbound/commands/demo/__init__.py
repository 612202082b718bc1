"""`demo`: a complete distillation experiment on text that is already installed.

The documents are the docstrings of installed scientific packages, and the queries are
their summary lines. That gives thousands of known-item queries without a download. The
demo writes the files that users normally bring themselves: runs, teacher scores, groups
and the embeddings of a student.
"""
