import numpy as np
from support import small_encoder


def test_settings_reach_the_model():
    from keras_relcon import layers, losses
    from keras_relcon.tuning import ARMS
    from keras_relcon.tuning.settings import complete, make_model

    settings = complete(
        {"temperature": 0.3, "learning_rate": 0.01, "num_augmentations": 1}
    )
    model = make_model(settings, small_encoder)
    assert model.temperature == 0.3
    assert model.motif_distance.augmentation.num_augmentations == 1
    np.testing.assert_allclose(float(model.optimizer.learning_rate), 0.01)
    kinds = {
        "binary_loss": losses.BinaryContrastiveLoss,
        "log_ratio_loss": losses.LogRatioLoss,
    }
    for arm, kind in kinds.items():
        model = make_model({**settings, **ARMS[arm]}, small_encoder)
        assert isinstance(model.loss, kind)
        assert getattr(model.loss, "temperature", 0.3) == 0.3
    model = make_model({**settings, **ARMS["resnet1d18"]}, small_encoder)
    assert isinstance(model.encoder, layers.ResNet1D18)
