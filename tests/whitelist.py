"""What the package defines and does not call itself: vulture takes it for used.

Users call the first; the second are statements as functions, for whoever reads the
theory; the third are found by their names in strings or read by templates; the fourth
are facts that a record carries, and definitions that texts refer to.
"""

import rankbound as rb
from benchmarks import commands, readers
from paper_appendix import bibliography
from rankbound import rendering, results
from rankbound.bounds import (
    lemma5,
    losses,
    notation,
    shift,
    statements,
    theorem1,
    theorem3,
    theorem5,
    theorem7,
)
from rankbound.cli import program
from rankbound.commands.demo import models, prepare
from rankbound.estimators import shape, spread
from rankbound.page import queries
from rankbound.page import rendering as page_rendering
from rankbound.reference import equivalence
from rankbound.terminal import files
from rankbound.validation import configurations

_ = (
    rb.align,
    rb.pt.Risk,
    rb.pt.teacher_entropy,
    lambda: rb.training.lightning.BoundLightningCallback,  # which asks for lightning
    rb.list_entropy,
    rb.quantile_diameter,
    rb.queries_for_difference,
    rb.read_any,
    rb.read_groups,
    rb.read_qrels,
    rb.read_run,
    rb.read_scores,
    rb.Groups.to_frame,
    rb.PerQuery.to_frame,
    rb.Scores.from_dict,
    rb.Scores.to_frame,
    rb.Scores.to_ir_measures,
    rb.validate_ablation,
    rb.Scores.to_ranx_dict,
    results.Result.to_frame,
    results.Result.to_latex,
)
_ = (
    losses.ensemble_parts,
    losses.label_information,
    losses.margin_information,
    theorem3.calibration_gap,
    theorem3.risk_shift,
    lemma5.group_diameter_limit,
    lemma5.pair_quantile_limit,
    losses.listwise_parts,
    theorem3.discordant_divergence,
    notation.U_D,
    notation.U_H,
    notation.z_high,
    notation.z_low,
    shift.density_ratio,
    shift.product_total_variation,
    statements.Statement.elasticities,
    theorem1.norm_step,
    theorem5.finite_complexity,
    theorem7.tail_excesses,
    theorem7.truncated_risks,
)
_ = (
    program.OneLineParser()._negative_number_matcher,
    commands.run_reader,
    files.as_text,
    spread.tie_share,
    results.Named.__class_getitem__,
    rendering.whole_text_of,
    equivalence.ReferenceTost.shows_equivalence,
    queries.QueryTable.units,
    shape.knn_density,
    page_rendering.Picture.description,
    queries.QueryTable.cap,
    readers.warm,
)
_ = (
    bibliography.REFERENCES,
    configurations.HeldOut.n_held_out,
    models.FEATURES,
    prepare.DemoFiles.n_teacher_scores,
    models.Student.iterations,
    models.loss_and_gradient,
)
