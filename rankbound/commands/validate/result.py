"""What `rankbound validate` finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rankbound.commands.validate.records import (
    Association,
    Configuration,
    Control,
    Dependence,
    HeldOutCertificate,
    JudgedTogether,
    Mean,
    Order,
    Prediction,
    Surveyed,
    SystemPair,
)
from rankbound.commands.validate.tables import (
    association_tables,
    certificates_table,
    configurations_table,
    controls_table,
    effectiveness_tables,
)
from rankbound.provenance import Input
from rankbound.results import Beside, Named, Open, Record, Result, named
from rankbound.tables import Table, latex, markdown


class Validation(
    Result,
    frozen=True,
    kw_only=True,
    tag_field="schema",
    tag="rankbound.validation/1",
):
    """Whether the bound's terms go with measured effectiveness.

    Attributes
    ----------
    family : JudgedTogether
        How errors are controlled.
    per_query : tuple of Association
        Every term against every measure.
    configurations : tuple of Order
        Whether predictors sort configurations as their outcomes do.
    certificates : tuple of HeldOutCertificate
    configuration_values : Open of Configuration
    predictions : tuple of Prediction
    dependence : tuple of Dependence
    means : Open of Mean
        Effectiveness by data set, measure and system.
    equivalence : tuple of SystemPair
    controls : Named of Control
    datasets : tuple of Surveyed
    absent_terms : dict of str to str
        Terms that no row holds, and why.
    dropped : dict of str to int
        What was left out, by reason.
    warnings : tuple of str
        What a reader should know before using the numbers.
    definitions : dict of str to str
    inputs : tuple of Input
    command : str
    versions : dict of str to str
    """

    KIND: ClassVar[str] = "validation"
    FILE: ClassVar[str] = "validation.json"
    BESIDE: ClassVar[tuple[Beside, ...]] = (
        Beside(
            "effectiveness",
            ("effectiveness.tsv",),
            ("dataset", "student", "qid", "measure", "value"),
        ),
    )

    family: JudgedTogether
    per_query: tuple[Association, ...]
    configurations: tuple[Order, ...]
    certificates: tuple[HeldOutCertificate, ...]
    configuration_values: Open[Configuration]
    predictions: tuple[Prediction, ...]
    dependence: tuple[Dependence, ...]
    means: Open[Mean]
    equivalence: tuple[SystemPair, ...]
    controls: Named[Control]
    datasets: tuple[Surveyed, ...]
    absent_terms: dict[str, str]
    dropped: dict[str, int]
    warnings: tuple[str, ...]
    definitions: dict[str, str]
    inputs: tuple[Input, ...]
    command: str
    versions: dict[str, str]

    def __post_init__(self) -> None:
        """Let controls be found by their names."""
        named(self, "controls")

    @property
    def passed(self) -> bool:
        """Whether all controls are as they should be."""
        return all(control.passed for control in self.controls)

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """Associations per query, then all other rows by the name of their field."""
        return {
            "per_query": self.per_query,
            "configurations": self.configurations,
            "certificates": self.certificates,
            "configuration_values": self.configuration_values,
            "predictions": self.predictions,
            "dependence": self.dependence,
            "means": self.means,
            "equivalence": self.equivalence,
            "controls": self.controls,
        }

    def written_tables(self) -> list[Table]:
        """The tables of ``tables.md`` and ``tables.tex``, in the order of reading."""
        family = self.family
        found = [
            *effectiveness_tables(self.means, self.equivalence, self.datasets, family),
            *association_tables(self.per_query, family, partial=False),
            *association_tables(self.per_query, family, partial=True),
        ]
        if self.configurations:
            n = len(self.configuration_values)
            found.append(configurations_table(self.configurations, n, family))
        if self.certificates:
            found.append(certificates_table(self.certificates, family))
        return [*found, controls_table(self.controls, family)]

    def to_files(self) -> dict[str, str | None]:
        """What `save` writes: JSON, effectiveness per query, and tables to print."""
        pages = self.written_tables()
        return {
            **super().to_files(),
            "tables.md": markdown(pages),
            "tables.tex": latex(pages),
        }
