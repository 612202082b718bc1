"""The reference study's quantities as its scripts compute them, beside ours.

Every function says what it reproduces and what is wrong with it. The formulas were
derived again from a description of what the scripts return. They serve comparison with
published numbers and nothing else, and no statement of `bounds` is about them. Where a
formula has no value, its function returns NaN or infinity, and a companion named
``why_...`` gives the reason.
"""
