from keras_relcon.baselines.adaptive_resolution import AdaptiveResolution
from keras_relcon.baselines.aug_pred import AugPred
from keras_relcon.baselines.autoencoder import Autoencoder
from keras_relcon.baselines.byol import BYOL
from keras_relcon.baselines.class_extremes import catch22_features, extremes
from keras_relcon.baselines.cpc import CPC
from keras_relcon.baselines.cross_view import CrossView
from keras_relcon.baselines.excon import Excon, excon_classifier
from keras_relcon.baselines.masked_motif_distance import MaskedMotifDistance
from keras_relcon.baselines.masked_reconstruction import MaskedReconstruction
from keras_relcon.baselines.outlier_exposure import OutlierExposure
from keras_relcon.baselines.outside_windows import OutsideWindows
from keras_relcon.baselines.overlapping_views import OverlappingViews
from keras_relcon.baselines.predicted_views import PredictedViews
from keras_relcon.baselines.pretraining_method import PretrainingMethod
from keras_relcon.baselines.rebar import REBAR
from keras_relcon.baselines.renyi_cl import RenyiCL
from keras_relcon.baselines.simclr import SimCLR
from keras_relcon.baselines.simsiam import SimSiam
from keras_relcon.baselines.slow_two_views import SlowTwoViews
from keras_relcon.baselines.slr import SLR
from keras_relcon.baselines.supervised_references import (
    conv_classifier,
    deep_conv_lstm,
    lstm_classifier,
)
from keras_relcon.baselines.taxonomy import COMBINATIONS, Taxonomy
from keras_relcon.baselines.ts2vec import TS2Vec
from keras_relcon.baselines.two_views import TwoViews
from keras_relcon.baselines.view_pairs import ViewPairs

__all__ = [
    "AdaptiveResolution",
    "AugPred",
    "Autoencoder",
    "BYOL",
    "COMBINATIONS",
    "CPC",
    "CrossView",
    "Excon",
    "MaskedMotifDistance",
    "MaskedReconstruction",
    "OutlierExposure",
    "OutsideWindows",
    "OverlappingViews",
    "PredictedViews",
    "PretrainingMethod",
    "REBAR",
    "RenyiCL",
    "SLR",
    "SimCLR",
    "SimSiam",
    "SlowTwoViews",
    "TS2Vec",
    "Taxonomy",
    "TwoViews",
    "ViewPairs",
    "catch22_features",
    "conv_classifier",
    "deep_conv_lstm",
    "excon_classifier",
    "extremes",
    "lstm_classifier",
]
