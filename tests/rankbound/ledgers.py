"""Ledgers made up by hand, whole, so that a test changes what it is about."""

from msgspec.structs import replace

from rankbound.commands.measure.paper_form import PaperForm
from rankbound.commands.measure.result import (
    Bin,
    Calibration,
    Ceiling,
    Diameter,
    Estimate,
    Floor,
    Intervals,
    Judged,
    Ledger,
    LossRange,
    Norms,
    Relevance,
    Shape,
    StudentResult,
    Teacher,
    TwoNn,
)
from rankbound.provenance import Input

LN2 = 0.6931471805599453
NO_DIAMETER = Diameter(max=None, quantile_99=None, mean_distance=None)


def student(risk=0.5, upper=0.6, **changes):
    made = StudentResult(
        risk=risk,
        entropy=0.4,
        divergence=risk - 0.4,
        range=LossRange(
            B=10.0, width=5.0, source="lemma-2c, all pairs, k = 16", low=0.0, high=5.0
        ),
        limits={"hoeffding": upper + 0.1, "betting": upper},
        upper=upper,
        upper_any_size=None,
        method="betting",
        vacuous=upper >= LN2,
        dominating="entropy",
        n_needed=100,
        deviation=upper - risk,
        intervals=Intervals(
            risk=(risk - 0.1, risk + 0.1),
            entropy=(0.3, 0.5),
            divergence=(risk - 0.5, risk - 0.3),
        ),
        n_queries=6,
        kind="logit",
        kind_evidence="as given",
        temperature=1.0,
        clipped_share=0.0,
        missing_share=0.0,
        dropped={},
        locality=None,
        paper_form=PaperForm(
            statement="paper-form",
            status="reconstructed",
            weights=1.1e8,
            layers=12,
            pseudo_dimension=1e10,
            limit=9.0,
            n_needed=10**14,
        ),
        verdict="as the sentence says",
    )
    return replace(made, **changes)


def judged():
    """Relevance with a reliability table of three rows."""
    bins = tuple(
        Bin(
            from_=0.5 + 0.05 * place,
            to=0.55 + 0.05 * place,
            student="agrees",
            n_pairs=9,
            n_queries=6,
            mean_p=0.52 + 0.05 * place,
            observed=0.6,
            interval=(0.5, 0.7),
        )
        for place in range(3)
    )
    part = Estimate(value=0.2, interval=(0.1, 0.3))
    three = {
        "misranking": part,
        "ceiling": Ceiling(value=0.4, from_divergence=0.5, from_risk=0.6, limit=0.7),
        "floor": Floor(
            value=0.1, limit=0.05, from_entropy=0.08, from_entropy_limit=0.04
        ),
    }
    found = Judged(
        n_queries=6,
        n_pairs=27,
        **three,
        observed_misranking=replace(part, upper=0.28),
        calibration_shift=replace(part, value=0.01, interval=(-0.1, 0.1)),
        calibration_term=0.02,
        ceiling_with_calibration=0.42,
        reliability=bins,
    )
    return Relevance(**three, judged=found, judged_missing_because=None, assumptions=())


def shape():
    return Shape(
        distances=(0.0, 0.8, 1.0, 1.2),
        shares=(0.0, 0.1, 0.6, 1.0),
        share_at_distance_0=0.0,
        documents=30,
        equal_documents=2,
        norms=Norms(edges=(0.99, 1.0, 1.01), counts=(10, 20)),
        two_nn=TwoNn(
            dimension=4.0,
            documents=3,
            log_ratio=(0.1, 0.3, 0.6),
            minus_log_rest=(0.2, 0.7, 1.8),
        ),
    )


def diameter(**changes):
    made = Diameter(
        max=1.2,
        quantile_99=1.1,
        mean_distance=0.9,
        rms_distance=0.95,
        mean_diameter=1.1,
        metric="euclidean",
        status="descriptive",
        shape=shape(),
    )
    return replace(made, **changes)


def ledger(students=None, **changes):
    made = Ledger(
        unit="nats",
        n_queries=6,
        delta=0.05,
        trivial=LN2,
        students={} if students is None else students,
        teacher=Teacher(
            entropy=0.4,
            entropy_lower=0.3,
            entropy_upper=0.5,
            temperature=1.0,
            kind="logit",
            kind_evidence="as given",
            mean_margin=2.0,
            entropy_floor=0.2,
        ),
        diameter=NO_DIAMETER,
        calibration=Calibration(n_calibration=0, n_certificate=6, share=0.0, seed=0),
        pairs="all",
        groups="as given in g.jsonl",
        dropped={},
        repairs={},
        warnings=(),
        assumptions=(),
        definitions={},
        statements={},
        inputs=(Input(path="t.json", sha256=None),),
        command="",
        versions={},
    )
    return replace(made, **changes)
