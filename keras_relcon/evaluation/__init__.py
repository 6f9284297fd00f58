from keras_relcon.evaluation.cross_validate import cross_validate
from keras_relcon.evaluation.embed import Embeddings, embed, embed_windows
from keras_relcon.evaluation.features import handmade_features
from keras_relcon.evaluation.metrics.classification import (
    classification_metrics,
)
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
from keras_relcon.evaluation.report.plots import (
    plot_confusion_matrix,
    plot_embedding_map,
    plot_loss_curves,
)
from keras_relcon.evaluation.report.report import PairedDifference, Report
from keras_relcon.evaluation.representations import untrained_copy
from keras_relcon.evaluation.tasks.fine_tune import FineTune
from keras_relcon.evaluation.tasks.from_scratch import FromScratch
from keras_relcon.evaluation.tasks.linear_probe import LinearProbe
from keras_relcon.evaluation.tasks.mlp_probe import MLPProbe
from keras_relcon.evaluation.tasks.ridge_probe import RidgeProbe

__all__ = [
    "Embeddings",
    "FineTune",
    "Fold",
    "FoldResult",
    "FromScratch",
    "LinearProbe",
    "MLPProbe",
    "PairedDifference",
    "Report",
    "RidgeProbe",
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
    "motionsense_folds",
    "motionsense_windows",
    "plot_confusion_matrix",
    "plot_embedding_map",
    "plot_loss_curves",
    "ranking_auc",
    "untrained_copy",
]
