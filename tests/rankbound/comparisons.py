"""Comparisons made by hand: small, with the numbers that a test asks for."""

from msgspec.structs import replace

from rankbound.commands.compare.result import (
    Bca,
    Comparison,
    Controls,
    Coupling,
    Entropy,
    EntropyRow,
    Family,
    Floor,
    OrderMeans,
    PairedT,
    RanksOnly,
    Row,
    SamplingSummary,
    Sweep,
    SweepTable,
    Target,
    Teacher,
)
from rankbound.results import Named

VERDICTS = ("different", "negligible", "equivalent", "inconclusive")
FACTORS = (0.5, 1.0, 2.0)


def a_row(sampling="bm25", pairs="all", place=0, **changes):
    """A comparison of entropies; `place` moves its numbers and its verdict."""
    made = Row(
        sampling=sampling,
        quantity="entropy",
        pairs=pairs,
        n=24,
        mean=0.38,
        reference_mean=0.45,
        difference=-0.07 + 0.01 * place,
        lower=-0.08 + 0.01 * place,
        upper=-0.06 + 0.01 * place,
        p_holm=0.01,
        effect_size=-0.7 + 0.1 * place,
        margin=0.02,
        smallest_margin=0.08,
        n_for_margin=400,
        verdict=VERDICTS[place % 4],
        unit="nats",
        method="betting",
        p=0.005,
        margin_missing_because=None,
        effect_size_missing_because=None,
        range=(-0.6931471805599453, 0.6931471805599453),
        range_missing_because=None,
        paired_t=PairedT(
            statistic=-3.4, p=0.002, lower=-0.1, upper=-0.04, p_equivalence=0.9
        ),
        bca=Bca(lower=-0.1, upper=-0.04, resamples=999, missing_because=None),
        queries_only_in_sampling=0,
        queries_only_in_reference=0,
        note=None,
    )
    return replace(made, **changes)


def order_means(by_pairs, margin=1.0):
    """Means by pair set from entropies by sampling; every margin is the same."""
    return {
        pairs: OrderMeans(n=9, entropy=means, margin=dict.fromkeys(means, margin))
        for pairs, means in by_pairs.items()
    }


def comparison(rows=None, *, reference="random", **changes):
    """A comparison with these rows, swept, without vectors."""
    rows = (a_row(),) if rows is None else tuple(rows)
    names = tuple(dict.fromkeys(one.sampling for one in rows))
    pairs = tuple(dict.fromkeys(one.pairs for one in rows))
    swept = tuple(
        EntropyRow(**{key: getattr(one, key) for key in EntropyRow.__struct_fields__})
        for one in rows
    )
    everyone = (reference, *names)
    made = Comparison(
        reference=reference,
        family=Family(
            name=f"{len(names)} samplings against {reference}",
            size=len(rows),
            samplings=names,
            quantities=tuple(dict.fromkeys(one.quantity for one in rows)),
            pairs=pairs,
            delta=0.05,
            interval_level=1 - 0.05 / len(rows),
            intervals="Bonferroni",
            p_values="Holm",
        ),
        rows=rows,
        delta=0.05,
        teacher=Teacher(
            kind="logit",
            kind_evidence="as given",
            temperature=1.0,
            fitted=False,
            n_calibration=0,
            calibration_share=0.0,
            students={},
        ),
        samplings=Named(_sampling(name, pairs) for name in everyone),
        target=Target(
            law="the union", rows=(), difference_between_samplings=0.0, because="fixed"
        ),
        orders={"all": everyone},
        order_means=order_means({"all": dict.fromkeys(everyone, 0.4)}),
        decomposition=Named(),
        coupling=coupling(everyone, pairs, lipschitz=None, cut_ratio=None),
        shift=Named(),
        spaces=None,
        shapes=None,
        spaces_missing_because="no vectors were given (--embeddings)",
        spaces_statements={},
        sweep=Sweep(
            temperature=1.0,
            factors=FACTORS,
            tables=tuple(SweepTable(factor=f, rows=swept) for f in FACTORS),
            flips=(),
            note="",
        ),
        ranks_only=RanksOnly(scale=1.0, rows=swept, note=""),
        controls=Controls(rows=(), passed=None, missing_because="not run"),
        sentences=("A sentence.",),
        advice=(),
        cannot_say=(),
        repairs={},
        warnings=(),
        assumptions=(),
        definitions={},
        inputs=(),
        command="rankbound compare",
        seed=0,
        versions={},
    )
    return replace(made, **changes)


def _sampling(name, pairs):
    parts = (
        Entropy(
            pairs=one,
            mean=0.4,
            group_mean=0.4,
            group_mean_bits=0.58,
            mean_margin=1.0,
            ties=0.0,
            share=1.0,
        )
        for one in pairs
    )
    return SamplingSummary(
        sampling=name,
        file=f"{name}.jsonl",
        n_queries=24,
        n_groups=24,
        n_documents=96,
        dropped={},
        groups_without_dimension=None,
        entropy=tuple(parts),
    )


def coupling(names, pairs, *, lipschitz, cut_ratio):
    """Floors of samplings, all with one Lipschitz constant and one cut ratio."""
    return Coupling(
        statement="theorem-4a",
        lipschitz=lipschitz,
        lipschitz_status="diagnostic",
        rows=tuple(
            Floor(
                sampling=name,
                pairs=one,
                entropy=0.4,
                mean_margin=1.0,
                floor=0.3,
                floor_mean_distance=None,
                floor_diameter=None,
                cut_ratio=cut_ratio,
            )
            for name in names
            for one in pairs
        ),
    )
