from keras_relcon.evaluation.benchmark import (
    BENCHMARKS,
    Benchmark,
    run_benchmark,
)
from keras_relcon.evaluation.cross_validate import cross_validate
from keras_relcon.evaluation.embed import Embeddings, embed, embed_windows
from keras_relcon.evaluation.features import handmade_features
from keras_relcon.evaluation.metrics.calibration import (
    expected_calibration_error,
)
from keras_relcon.evaluation.metrics.classification import (
    classification_metrics,
)
from keras_relcon.evaluation.metrics.recordings import recording_metrics
from keras_relcon.evaluation.metrics.regression import regression_metrics
from keras_relcon.evaluation.out_of_distribution import (
    amplitude_matched,
    motif_scores,
    neighbor_scores,
    norm_scores,
    out_of_distribution_auroc,
    std_scores,
)
from keras_relcon.evaluation.protocols.few_labels import few_labels
from keras_relcon.evaluation.protocols.folds import (
    Fold,
    LeakyFold,
    grouped_k_fold,
    held_out,
    leave_one_subject_out,
    validation_folds,
)
from keras_relcon.evaluation.protocols.hhar_table4 import (
    hhar_folds,
    hhar_windows,
)
from keras_relcon.evaluation.protocols.ipol_gait import (
    ipol_gait_folds,
    ipol_gait_windows,
)
from keras_relcon.evaluation.protocols.motionsense_table4 import (
    motionsense_folds,
    motionsense_windows,
)
from keras_relcon.evaluation.protocols.opportunity_table3 import (
    opportunity_folds,
    opportunity_windows,
)
from keras_relcon.evaluation.protocols.pamap2_ankle_table4 import (
    pamap2_ankle_folds,
    pamap2_ankle_windows,
)
from keras_relcon.evaluation.protocols.pamap2_wrist_table3 import (
    pamap2_wrist_folds,
    pamap2_wrist_windows,
)
from keras_relcon.evaluation.protocols.repeated_held_out import (
    repeated_held_out,
)
from keras_relcon.evaluation.protocols.wisdm_watch import (
    wisdm_watch_folds,
    wisdm_watch_pretraining_subjects,
    wisdm_watch_windows,
)
from keras_relcon.evaluation.ranking import (
    euclidean_distance,
    motif_distance_auc,
    ranking_auc,
)
from keras_relcon.evaluation.report.fold_result import FoldResult
from keras_relcon.evaluation.report.paired_difference import PairedDifference
from keras_relcon.evaluation.report.plots.calibration import plot_calibration
from keras_relcon.evaluation.report.plots.confusion_matrix import (
    plot_confusion_matrix,
)
from keras_relcon.evaluation.report.plots.embedding_map import (
    plot_embedding_map,
)
from keras_relcon.evaluation.report.plots.loss_curves import plot_loss_curves
from keras_relcon.evaluation.report.plots.predictions import plot_predictions
from keras_relcon.evaluation.report.plots.roc_curves import plot_roc_curves
from keras_relcon.evaluation.report.published import published_rows
from keras_relcon.evaluation.report.published_row import PublishedRow
from keras_relcon.evaluation.report.report import Report
from keras_relcon.evaluation.representations import untrained_copy
from keras_relcon.evaluation.tasks.fine_tune import FineTune
from keras_relcon.evaluation.tasks.from_scratch import FromScratch
from keras_relcon.evaluation.tasks.linear_probe import LinearProbe
from keras_relcon.evaluation.tasks.mlp_probe import MLPProbe
from keras_relcon.evaluation.tasks.ridge_probe import RidgeProbe

__all__ = [
    "BENCHMARKS",
    "Benchmark",
    "Embeddings",
    "FineTune",
    "Fold",
    "FoldResult",
    "FromScratch",
    "LeakyFold",
    "LinearProbe",
    "MLPProbe",
    "PairedDifference",
    "PublishedRow",
    "Report",
    "RidgeProbe",
    "amplitude_matched",
    "classification_metrics",
    "cross_validate",
    "embed",
    "embed_windows",
    "euclidean_distance",
    "expected_calibration_error",
    "few_labels",
    "grouped_k_fold",
    "handmade_features",
    "held_out",
    "hhar_folds",
    "hhar_windows",
    "ipol_gait_folds",
    "ipol_gait_windows",
    "leave_one_subject_out",
    "motif_distance_auc",
    "motif_scores",
    "motionsense_folds",
    "motionsense_windows",
    "neighbor_scores",
    "norm_scores",
    "opportunity_folds",
    "opportunity_windows",
    "out_of_distribution_auroc",
    "pamap2_ankle_folds",
    "pamap2_ankle_windows",
    "pamap2_wrist_folds",
    "pamap2_wrist_windows",
    "plot_calibration",
    "plot_confusion_matrix",
    "plot_embedding_map",
    "plot_loss_curves",
    "plot_predictions",
    "plot_roc_curves",
    "published_rows",
    "ranking_auc",
    "recording_metrics",
    "regression_metrics",
    "repeated_held_out",
    "run_benchmark",
    "std_scores",
    "untrained_copy",
    "validation_folds",
    "wisdm_watch_folds",
    "wisdm_watch_pretraining_subjects",
    "wisdm_watch_windows",
]
