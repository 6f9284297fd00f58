from keras_relcon.evaluation.cross_validate import cross_validate
from keras_relcon.evaluation.embed import Embeddings, embed, embed_windows
from keras_relcon.evaluation.features import handmade_features
from keras_relcon.evaluation.metrics.classification import (
    classification_metrics,
)
from keras_relcon.evaluation.out_of_distribution import (
    amplitude_matched,
    motif_scores,
    neighbor_scores,
    norm_scores,
    out_of_distribution_auroc,
    std_scores,
)
from keras_relcon.evaluation.protocols.folds import (
    Fold,
    LeakyFold,
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
from keras_relcon.evaluation.report.plots import (
    plot_confusion_matrix,
    plot_embedding_map,
    plot_loss_curves,
)
from keras_relcon.evaluation.report.report import PairedDifference, Report
from keras_relcon.evaluation.representations import untrained_copy
from keras_relcon.evaluation.tasks.linear_probe import LinearProbe

__all__ = [
    "Embeddings",
    "Fold",
    "FoldResult",
    "LeakyFold",
    "LinearProbe",
    "PairedDifference",
    "Report",
    "amplitude_matched",
    "classification_metrics",
    "cross_validate",
    "embed",
    "embed_windows",
    "euclidean_distance",
    "grouped_k_fold",
    "handmade_features",
    "held_out",
    "leave_one_subject_out",
    "motif_distance_auc",
    "motif_scores",
    "motionsense_folds",
    "motionsense_windows",
    "neighbor_scores",
    "norm_scores",
    "out_of_distribution_auroc",
    "plot_confusion_matrix",
    "plot_embedding_map",
    "plot_loss_curves",
    "ranking_auc",
    "std_scores",
    "untrained_copy",
]
