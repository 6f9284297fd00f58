"""The defaults of a pretraining, each beside the place it is published in.

Sections of [RelCon](https://arxiv.org/abs/2411.18822).
"""

from keras_relcon.recipes import complete_config


def test_a_config_of_two_keys_is_the_training_of_the_paper():
    config = complete_config({"data": "recordings", "output": "preset"})
    # 4.1: 2.56 s of the raw 100 Hz signal
    assert config["windows"] == {"sample_rate_hz": 100.0, "window_length": 256}
    relcon = config["relcon"]
    # A.1: batch-size of 64, temperature of 1, candidate set size of 20
    assert relcon["batch_size"] == 64
    assert relcon["temperature"] == 1.0
    assert relcon["num_candidates"] == 20
    # 3.2: candidates of the same user, across time; no projector
    assert relcon["policy"] == "subject"
    assert relcon["projector"] == []
    # A.3: no filter, nothing at rest left out
    assert relcon["minimum_std_g"] is None
    # Released code, D11 of the protocols: Adam at 1e-3, batches of 64
    assert config["motif_distance"]["batch_size"] == 64
    assert config["motif_distance"]["learning_rate"] == 1e-3
    # 4.1: mean over time; E2: no norm after the last block
    assert config["encoder"]["pooling"] == "mean"
    assert config["encoder"]["final_norm"] is False
    # Not in the paper, so off
    assert config["views"]["weight"] == 0.0
