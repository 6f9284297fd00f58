from keras_relcon.baselines.conv_classifier import conv_classifier
from keras_relcon.baselines.deep_conv_lstm import deep_conv_lstm
from keras_relcon.baselines.lstm_classifier import lstm_classifier

__all__ = ["conv_classifier", "deep_conv_lstm", "lstm_classifier"]
