"""Scores encoders and controls on subjects that were not trained on.

Three words have one meaning each:

- A *task* is what is fitted on the windows of a fold and then predicts a label
  or a target: a probe on frozen embeddings (`LinearProbe`, `MLPProbe`,
  `RidgeProbe`) or a network (`FineTune`, `FromScratch`).
- A *protocol* says which subjects are tested. It is a list of `Fold`s, each of
  which names its training, validation and test subjects. `cross_validate` runs
  a task with a protocol.
- A *benchmark* is a data set with its windows, its protocol, its task and the
  published scores to compare with, under one name. `run_benchmark` runs it.
"""

import importlib
import warnings
from typing import TYPE_CHECKING

from keras_relcon.evaluation.benchmark import BENCHMARKS, run_benchmark
from keras_relcon.evaluation.cross_validate import cross_validate
from keras_relcon.evaluation.embed import embed
from keras_relcon.evaluation.embed_windows import embed_windows
from keras_relcon.evaluation.embeddings import Embeddings
from keras_relcon.evaluation.features import handmade_features
from keras_relcon.evaluation.metrics.calibration import (
    expected_calibration_error,
)
from keras_relcon.evaluation.metrics.classification import (
    classification_metrics,
    recording_metrics,
)
from keras_relcon.evaluation.metrics.rare_events import rare_event_metrics
from keras_relcon.evaluation.metrics.regression import regression_metrics
from keras_relcon.evaluation.out_of_distribution import (
    amplitude_matched,
    out_of_distribution_auroc,
)
from keras_relcon.evaluation.protocols.folds import Fold, few_labels
from keras_relcon.evaluation.protocols.splits import (
    grouped_k_fold,
    held_out,
    leave_one_subject_out,
    repeated_held_out,
    validation_folds,
)
from keras_relcon.evaluation.protocols.wisdm_watch import (
    wisdm_watch_pretraining_subjects,
)
from keras_relcon.evaluation.ranking import (
    euclidean_distance,
    motif_distance_auc,
)
from keras_relcon.evaluation.report.published import (
    PublishedRow,
    published_rows,
)
from keras_relcon.evaluation.report.report import Report
from keras_relcon.evaluation.representations import untrained_copy
from keras_relcon.evaluation.streaming_embedder import StreamingEmbedder
from keras_relcon.evaluation.suite.rival_encoder import RivalEncoder
from keras_relcon.evaluation.suite.suite import suite
from keras_relcon.evaluation.suite.suite_result import SuiteResult
from keras_relcon.evaluation.tasks.fine_tune import FineTune
from keras_relcon.evaluation.tasks.from_scratch import FromScratch
from keras_relcon.evaluation.tasks.linear_probe import LinearProbe
from keras_relcon.evaluation.tasks.mlp_probe import MLPProbe
from keras_relcon.evaluation.tasks.ridge_probe import RidgeProbe
from keras_relcon.evaluation.transfer.label_map import LabelMap, activity_map
from keras_relcon.evaluation.transfer.transfer_matrix import transfer_matrix
from keras_relcon.evaluation.transfer.transfer_result import TransferResult
from keras_relcon.evaluation.view_norms import head_outputs, view_norm_scores

__all__ = [
    "BENCHMARKS",
    "Embeddings",
    "FineTune",
    "Fold",
    "FromScratch",
    "LabelMap",
    "LinearProbe",
    "MLPProbe",
    "PublishedRow",
    "Report",
    "RidgeProbe",
    "RivalEncoder",
    "StreamingEmbedder",
    "SuiteResult",
    "TransferResult",
    "activity_map",
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
    "head_outputs",
    "held_out",
    "leave_one_subject_out",
    "motif_distance_auc",
    "out_of_distribution_auroc",
    "published_rows",
    "rare_event_metrics",
    "recording_metrics",
    "regression_metrics",
    "repeated_held_out",
    "run_benchmark",
    "suite",
    "transfer_matrix",
    "untrained_copy",
    "validation_folds",
    "view_norm_scores",
    "wisdm_watch_pretraining_subjects",
]

# Names that were once imported from here, and the module that has them now.
# They still work from here for one release.
MOVED = {
    "Benchmark": "benchmark",
    "FoldResult": "report.fold_result",
    "LeakyFold": "protocols.folds",
    "PairedDifference": "report.paired_difference",
    "hhar_folds": "protocols.hhar_table4",
    "hhar_windows": "protocols.hhar_table4",
    "ipol_gait_folds": "protocols.ipol_gait",
    "ipol_gait_windows": "protocols.ipol_gait",
    "motif_scores": "out_of_distribution",
    "motionsense_folds": "protocols.motionsense_table4",
    "motionsense_windows": "protocols.motionsense_table4",
    "neighbor_scores": "out_of_distribution",
    "norm_scores": "out_of_distribution",
    "opportunity_folds": "protocols.opportunity_table3",
    "opportunity_windows": "protocols.opportunity_table3",
    "pamap2_ankle_folds": "protocols.pamap2",
    "pamap2_ankle_windows": "protocols.pamap2",
    "pamap2_wrist_folds": "protocols.pamap2",
    "pamap2_wrist_windows": "protocols.pamap2",
    "plot_calibration": "report.plots.curves",
    "plot_confusion_matrix": "report.plots.predictions",
    "plot_embedding_map": "report.plots.embedding_map",
    "plot_loss_curves": "report.plots.curves",
    "plot_predictions": "report.plots.predictions",
    "plot_roc_curves": "report.plots.curves",
    "ranking_auc": "ranking",
    "std_scores": "out_of_distribution",
    "wisdm_watch_folds": "protocols.wisdm_watch",
    "wisdm_watch_windows": "protocols.wisdm_watch",
}

if TYPE_CHECKING:  # What `MOVED` names.
    from keras_relcon.evaluation.benchmark import (  # noqa: F401
        Benchmark,
    )
    from keras_relcon.evaluation.out_of_distribution import (  # noqa: F401
        motif_scores,
        neighbor_scores,
        norm_scores,
        std_scores,
    )
    from keras_relcon.evaluation.protocols.folds import (  # noqa: F401
        LeakyFold,
    )
    from keras_relcon.evaluation.protocols.hhar_table4 import (  # noqa: F401
        hhar_folds,
        hhar_windows,
    )
    from keras_relcon.evaluation.protocols.ipol_gait import (  # noqa: F401
        ipol_gait_folds,
        ipol_gait_windows,
    )
    from keras_relcon.evaluation.protocols.motionsense_table4 import (  # noqa: F401
        motionsense_folds,
        motionsense_windows,
    )
    from keras_relcon.evaluation.protocols.opportunity_table3 import (  # noqa: F401
        opportunity_folds,
        opportunity_windows,
    )
    from keras_relcon.evaluation.protocols.pamap2 import (  # noqa: F401
        pamap2_ankle_folds,
        pamap2_ankle_windows,
        pamap2_wrist_folds,
        pamap2_wrist_windows,
    )
    from keras_relcon.evaluation.protocols.wisdm_watch import (  # noqa: F401
        wisdm_watch_folds,
        wisdm_watch_windows,
    )
    from keras_relcon.evaluation.ranking import (  # noqa: F401
        ranking_auc,
    )
    from keras_relcon.evaluation.report.fold_result import (  # noqa: F401
        FoldResult,
    )
    from keras_relcon.evaluation.report.paired_difference import (  # noqa: F401
        PairedDifference,
    )
    from keras_relcon.evaluation.report.plots.curves import (  # noqa: F401
        plot_calibration,
        plot_loss_curves,
        plot_roc_curves,
    )
    from keras_relcon.evaluation.report.plots.embedding_map import (  # noqa: F401
        plot_embedding_map,
    )
    from keras_relcon.evaluation.report.plots.predictions import (  # noqa: F401
        plot_confusion_matrix,
        plot_predictions,
    )
else:

    def __getattr__(name):
        if name not in MOVED:
            raise AttributeError(
                f"module {__name__!r} has no attribute {name!r}"
            )
        module = f"{__name__}.{MOVED[name]}"
        warnings.warn(
            f"`{__name__}.{name}` will be removed in the next release. "
            f"Write `from {module} import {name}`.",
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(importlib.import_module(module), name)
