"""The reference study's quantities as its scripts compute them, beside ours.

Every function says what it reproduces and what is wrong with it. The formulas were
derived again from a description of what the scripts return. They are for comparison
with published numbers and for nothing else: no statement of `bounds` is about them.
Where a formula has no value, the functions return NaN or infinity and a companion
named ``why_...`` gives the reason.
"""
