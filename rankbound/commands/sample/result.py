"""The result of `sample`: which groups were drawn, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from msgspec.structs import replace

from rankbound.data.groups import Groups
from rankbound.provenance import Input
from rankbound.results import Record, Result


class Written(Record, frozen=True, kw_only=True):
    """The file of groups, and whether it holds the sampling probabilities."""

    path: str
    format: str
    sha256: str
    probabilities: bool


class Sample(
    Result,
    frozen=True,
    kw_only=True,
    tag_field="schema",
    tag="rankbound.sample/1",
):
    """Training groups that were drawn by one sampling.

    Attributes
    ----------
    sampling : str
        The name as given.
    law : str
        What is drawn, in words.
    size : int
        Documents of a full group, with its positive.
    seed : int
    positives : str
        Where positives come from: "judgements", "groups" or "the teacher's best".
    n_groups, n_queries, n_documents : int
        What was drawn; `n_documents` counts documents of all groups.
    n_short : int
        Groups that have fewer documents than `size`, for want of candidates.
    dropped : dict of str to int
        Counts of what was left out, by reason.
    suspected : int or None
        Negatives that were left out since the teacher scores them above the positive;
        None if that was not asked for.
    probabilities : str
        How likely each negative was, in words; or why that is not known.
    notes : tuple of str
        What a reader should know before training on the groups.
    warnings : tuple of str
        What readers left unused, and what `inspect` warns of in the files.
    temperature : float
        The teacher's, which divides the margin of suspected negatives.
    positives_kept : bool
        Whether groups hold their positives.
    file : Written or None
        None as long as nothing is written.

    Examples
    --------
    >>> import rankbound as rb
    >>> scores = {"q1": {"a": 3.0, "b": 2.0, "c": 1.0}}
    >>> made = rb.sample(scores, sampling="top", size=2, qrels={"q1": {"a": 1}})
    >>> made.groups.docnos[made.groups.codes].tolist(), made.n_short
    (['a', 'b'], 0)
    """

    KIND = "sample"
    FILE = "sample.json"

    sampling: str
    law: str
    size: int
    seed: int
    positives: str
    n_groups: int
    n_queries: int
    n_documents: int
    n_short: int
    dropped: dict[str, int]
    suspected: int | None
    probabilities: str
    notes: tuple[str, ...]
    temperature: float = 1.0
    file: Written | None
    inputs: tuple[Input, ...]
    command: str
    versions: dict[str, str]
    warnings: tuple[str, ...] = ()
    positives_kept: bool = True

    @property
    def groups(self) -> Groups:
        """The groups themselves.

        Raises
        ------
        UsageError
            If the result was read from a file, which does not hold them.
        """
        from rankbound.errors import UsageError

        found: Groups | None = self.__dict__.get("drawn_groups")
        if found is None:
            raise UsageError(
                "this sample was read from a file that describes it; read the groups "
                "with `read_groups`"
            )
        return found

    def with_groups(self, groups: Groups) -> Self:
        """The same result with the groups at hand."""
        return self._holding(drawn_groups=groups)

    def at(self, path: Path | str, *, format: str, digest: str, chances: bool) -> Self:
        """The same result with the file that was written."""
        written = Written(
            path=str(path), format=format, sha256=digest, probabilities=chances
        )
        return replace(self, file=written).with_groups(self.groups)
