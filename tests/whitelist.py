"""What the package defines and does not call itself: vulture takes it for used.

Users call the first; the second are statements as functions, for whoever reads the
theory; the third are found by their names in strings or read by templates; the fourth
are facts that a record carries, and definitions that texts refer to.
"""

import rankbound as rb
from benchmarks import readers
from paper_appendix import bibliography
from rankbound import rendering, results
from rankbound.bounds import (
    bregman,
    calibration,
    diameters,
    listwise,
    misranking,
    notation,
    statements,
    theorem1_uniform,
    theorem5,
    truncation,
)
from rankbound.commands.demo import features, prepare, student
from rankbound.estimators import dimension, pairs
from rankbound.page import pictures, queries
from rankbound.reference import equivalence
from rankbound.terminal import inspect
from rankbound.validation import holdout

_ = (
    rb.align,
    rb.list_entropy,
    rb.quantile_diameter,
    rb.queries_for_difference,
    rb.read_any,
    rb.read_groups,
    rb.read_qrels,
    rb.read_scores,
    rb.Groups.to_frame,
    rb.PerQuery.to_frame,
    rb.Scores.from_dict,
    rb.Scores.to_frame,
    rb.Scores.to_ir_measures,
    rb.Scores.to_ranx_dict,
    results.Result.to_frame,
    results.Result.to_latex,
)
_ = (
    bregman.ensemble_parts,
    bregman.label_information,
    bregman.margin_information,
    calibration.calibration_gap,
    calibration.risk_shift,
    diameters.group_diameter_limit,
    diameters.pair_quantile_limit,
    listwise.listwise_parts,
    misranking.discordant_divergence,
    notation.U_D,
    notation.U_H,
    notation.z_high,
    notation.z_low,
    statements.Statement.elasticities,
    theorem1_uniform.norm_step,
    theorem5.finite_complexity,
    truncation.tail_excesses,
    truncation.truncated_risks,
)
_ = (
    inspect.as_text,
    results.Named.__class_getitem__,
    rendering.whole_text_of,
    equivalence.ReferenceTost.shows_equivalence,
    queries.QueryTable.units,
    pictures.Picture.description,
    dimension.knn_density,
    pairs.padded,
    queries.QueryTable.cap,
    readers.warm,
)
_ = (
    bibliography.REFERENCES,
    features.FEATURES,
    holdout.HeldOut.n_held_out,
    prepare.DemoFiles.n_filled,
    prepare.DemoFiles.n_teacher_scores,
    prepare.DemoFiles.train,
    student.Student.iterations,
    student.loss_and_gradient,
)
