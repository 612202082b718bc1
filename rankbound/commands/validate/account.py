"""`validation.json`: the account of a validation, for programs and for the record."""

from __future__ import annotations

from typing import Any, Final

from rankbound.commands.measure.given import Given, inputs_of
from rankbound.commands.validate.associating import NAME, PARTIAL_NAME
from rankbound.commands.validate.run import Validation
from rankbound.provenance import versions
from rankbound.validation.configurations import NEEDED
from rankbound.validation.judging import POWER

SCHEMA: Final = "rankbound.validation/1"
DEFINITIONS: Final = {
    "lower, upper": "BCa bootstrap interval of Spearman's rho at level 1 - delta, "
    "queries drawn with replacement; each is valid by itself",
    "p": "two-sided permutation test of Spearman's rho, (b + 1) / (m + 1)",
    "p_holm": "Holm over the family; p_bh is Benjamini and Hochberg's",
    "partial": "Spearman's rho given the teacher's own effectiveness, the number of "
    "relevant documents and the group size, by ranks; those that do not vary are left "
    "out. partial_p: signs of the products of the residuals drawn at random, "
    "(b + 1) / (m + 1)",
    "pearson_lower, pearson_upper": "BCa too; Pearson's r is far from normal in small "
    "samples, where these cover less than the level: 93 to 94 % at 95 % with 34 to 97 "
    "queries of a normal population",
    "detectable": f"the smallest |rho| found with {POWER:.0%} power at the first step "
    "of the correction",
    "verdict": "associated: the corrected p is at most delta; no association beyond R: "
    "the interval lies inside (-R, R); inconclusive otherwise",
    "loss of M": "the teacher's M minus the student's",
    "locality": "L x diameter with one plug-in L per student: the same ranks as the "
    "diameter, so it costs no further test (same_as)",
    "(pooled)": "mean of the data sets' coefficients, weighted by queries; resampled "
    "and permuted within each",
    "configurations": "terms from a random half of the queries, risk and effectiveness "
    "from the other half; only pairs within a data set count, since data sets "
    "differ in both; intervals over configurations, taken for independent",
    "certificates": "over random halves: held counts halves whose risk is at most the "
    "certificate of the other, refuted those whose lower limit is above it",
    "effectiveness": "by ir-measures on ranks: scores compared as float64, ties by "
    "docno descending",
}


def account(validation: Validation, *, hashed: bool = True) -> dict[str, Any]:
    """The validation as plain data, ready for JSON.

    Parameters
    ----------
    validation : Validation
    hashed : bool
        Whether to read every input again for its hash; the hashes are None otherwise.
    """
    configurations = validation.configurations
    return {
        "schema": SCHEMA,
        "family": family(validation),
        "per_query": validation.associations.rows,
        "configurations": configurations.orders,
        "certificates": validation.certificates,
        "configuration_values": configurations.values,
        "predictions": configurations.predictions,
        "dependence": validation.dependence,
        "means": validation.equivalence.means,
        "equivalence": validation.equivalence.pairs,
        "controls": validation.controls,
        "datasets": [_case(validation, key) for key in validation.measurements],
        "absent_terms": absent_terms(validation),
        "dropped": dropped(validation),
        "warnings": list(validation.warnings),
        "definitions": DEFINITIONS,
        "inputs": [
            one.to_dict() for one in inputs_of(_paths(validation), hashed=hashed)
        ],
        "command": validation.options.command,
        "versions": {**versions(), **_more_versions()},
    }


def family(validation: Validation) -> dict[str, Any]:
    """What was tested together, and how errors are controlled."""
    options, found = validation.options, validation.associations
    judging = options.family
    return {
        "name": NAME,
        "n_tests": found.n_tests,
        "test": "permutation test of Spearman's rho",
        "correction": judging.correction,
        "delta": judging.delta,
        "band": judging.band,
        "permutations": found.permutations,
        "resamples": options.resamples,
        "interval": "BCa bootstrap by query",
        "power": POWER,
        "seed": options.seed,
        "partial": {"name": PARTIAL_NAME, "n_tests": found.n_partial_tests},
        "configurations": {
            "name": "every predictor x target over configurations",
            "n_tests": validation.configurations.n_tests,
            "needed": NEEDED,
        },
        "equivalence": {
            "name": "every pair of systems x measure x data set",
            "n_tests": validation.equivalence.n_comparisons,
            "margin": options.margin,
        },
    }


def _case(validation: Validation, key: tuple[str, str]) -> dict[str, Any]:
    dataset, sampling = key
    made, judged = validation.measurements[key], validation.judged[dataset]
    return {
        "dataset": dataset,
        "sampling": sampling,
        "n_judged": len(judged.relevant),
        "n_certificate": made.split.n_certificate,
        "n_calibration": made.split.n_calibration,
        "measures": list(judged.measures),
        "relevant": validation.options.relevant,
        "missing_queries": validation.options.missing_queries,
        "teacher": {
            "kind": made.inputs.kind.value,
            "kind_evidence": made.inputs.evidence,
            "temperature": made.temperature,
        },
        "students": {
            result.student.name: {
                "kind": result.student.kind.value,
                "kind_evidence": result.student.evidence,
                "temperature": result.student.temperature,
                "missing_share": result.student.missing_share,
                "clipped_share": result.student.clipped_share,
            }
            for result in made.students
        },
    }


def absent_terms(validation: Validation) -> dict[str, str]:
    """Terms that no row holds, and why."""
    found: dict[str, str] = {}
    present = {name for panel in validation.panels for name in panel.names}
    for panel in validation.panels:
        found.update(panel.terms.absent)
    return {name: why for name, why in found.items() if name not in present}


def dropped(validation: Validation) -> dict[str, int]:
    """Everything that was left out, by reason."""
    total: dict[str, int] = {}
    for (dataset, sampling), made in validation.measurements.items():
        parts = {"": made.inputs.dropped}
        parts |= {f"{r.student.name}: ": r.student.dropped for r in made.students}
        for who, counts in parts.items():
            for reason, number in counts.items():
                total[f"{dataset}, {sampling}: {who}{reason}"] = number
    for panel in validation.panels:
        for reason, number in panel.dropped.items():
            place = f"{panel.dataset}, {panel.sampling}: {panel.student}: {reason}"
            total[place] = number
    return total


def _paths(validation: Validation) -> list[Given]:
    found: dict[Given, None] = {}
    for case in validation.options.cases:
        made = validation.measurements[case.dataset, case.sampling]
        students = (path for r in made.students for path in r.student.paths)
        ranked = case.rankings.values()
        found |= dict.fromkeys([*made.inputs.paths, *students, *ranked])
    if validation.options.design is not None:
        found[validation.options.design] = None
    return list(found)


def _more_versions() -> dict[str, str]:
    from importlib.metadata import version

    names = ("ir-measures", "pytrec-eval-terrier", "statsmodels", "scikit-learn")
    return {name: version(name) for name in names}
