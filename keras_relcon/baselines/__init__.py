from keras_relcon.baselines.adaptive_resolution import AdaptiveResolution
from keras_relcon.baselines.aug_pred import AugPred
from keras_relcon.baselines.byol import BYOL
from keras_relcon.baselines.masked_motif_distance import MaskedMotifDistance
from keras_relcon.baselines.overlapping_views import OverlappingViews
from keras_relcon.baselines.rebar import REBAR
from keras_relcon.baselines.simclr import SimCLR
from keras_relcon.baselines.simsiam import SimSiam
from keras_relcon.baselines.supervised_references import (
    conv_classifier,
    deep_conv_lstm,
    lstm_classifier,
)
from keras_relcon.baselines.ts2vec import TS2Vec
from keras_relcon.baselines.two_views import TwoViews
from keras_relcon.baselines.view_pairs import ViewPairs

__all__ = [
    "AdaptiveResolution",
    "AugPred",
    "BYOL",
    "MaskedMotifDistance",
    "OverlappingViews",
    "REBAR",
    "SimCLR",
    "SimSiam",
    "TS2Vec",
    "TwoViews",
    "ViewPairs",
    "conv_classifier",
    "deep_conv_lstm",
    "lstm_classifier",
]
