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
from keras_relcon.evaluation.protocols.folds import (
    Fold,
    grouped_k_fold,
    held_out,
    leave_one_subject_out,
)
from keras_relcon.evaluation.protocols.motionsense_table4 import (
    motionsense_folds,
    motionsense_windows,
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
from keras_relcon.evaluation.tasks.linear_probe import LinearProbe

__all__ = [
    "Embeddings",
    "Fold",
    "FoldResult",
    "LinearProbe",
    "PairedDifference",
    "PublishedRow",
    "Report",
    "classification_metrics",
    "cross_validate",
    "embed",
    "embed_windows",
    "euclidean_distance",
    "expected_calibration_error",
    "grouped_k_fold",
    "handmade_features",
    "held_out",
    "leave_one_subject_out",
    "motif_distance_auc",
    "motionsense_folds",
    "motionsense_windows",
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
    "untrained_copy",
]
