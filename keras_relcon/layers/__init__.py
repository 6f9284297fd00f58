from keras_relcon.layers.augmentations import (
    Augmentation,
    ChannelShuffle,
    Negation,
    Noise,
    Rotation,
    Scaling,
)
from keras_relcon.layers.candidate_rev_in import CandidateRevIN
from keras_relcon.layers.conv_encoder1d import ConvEncoder1D
from keras_relcon.layers.cross_attention import CrossAttention
from keras_relcon.layers.dilated_conv_encoder1d import (
    DilatedConvBlock1D,
    DilatedConvEncoder1D,
)
from keras_relcon.layers.dilated_conv_qkv import (
    DilatedConvQKV,
    DilatedConvStack,
)
from keras_relcon.layers.edge_renormalized_conv1d import EdgeRenormalizedConv1D
from keras_relcon.layers.fused_batch_norm import FusedBatchNorm
from keras_relcon.layers.gravity_alignment import GravityAlignment
from keras_relcon.layers.random_augmentations import (
    AUGMENTATIONS,
    RandomAugmentations,
)
from keras_relcon.layers.residual_block1d import ResidualBlock1D
from keras_relcon.layers.resnet1d18 import ResNet1D18
from keras_relcon.layers.resnet1d34 import ResNet1D34
from keras_relcon.layers.sequence_decoder1d import SequenceDecoder1D
from keras_relcon.layers.span_mask import SpanMask
from keras_relcon.layers.sparsemax import Sparsemax, sparsemax
from keras_relcon.layers.time_augmentations import (
    SegmentPermutation,
    TimeFlip,
    TimeWarp,
)
from keras_relcon.layers.transformer_encoder1d import TransformerEncoder1D

__all__ = [
    "AUGMENTATIONS",
    "Augmentation",
    "CandidateRevIN",
    "ChannelShuffle",
    "ConvEncoder1D",
    "CrossAttention",
    "DilatedConvBlock1D",
    "DilatedConvEncoder1D",
    "DilatedConvQKV",
    "DilatedConvStack",
    "EdgeRenormalizedConv1D",
    "FusedBatchNorm",
    "GravityAlignment",
    "Negation",
    "Noise",
    "RandomAugmentations",
    "ResNet1D18",
    "ResNet1D34",
    "ResidualBlock1D",
    "Rotation",
    "Scaling",
    "SegmentPermutation",
    "SequenceDecoder1D",
    "SpanMask",
    "Sparsemax",
    "TimeFlip",
    "TimeWarp",
    "TransformerEncoder1D",
    "sparsemax",
]
