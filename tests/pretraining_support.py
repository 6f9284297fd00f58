"""What the tests of pretraining from a config share."""

import importlib.util
import types

import keras_relcon as kr
from keras_relcon.presets import from_preset

HAS_TENSORBOARD = all(
    importlib.util.find_spec(name) for name in ("tensorflow", "tensorboard")
)


def pretraining_values(recordings, output):
    """A config of a pretraining that takes a second."""
    return {
        "data": str(recordings),
        "output": str(output),
        "held_out_subjects": ["s03"],
        "recordings": {"sample_rate_hz": 50},
        "windows": {"sample_rate_hz": 50, "window_length": 40},
        "motif_distance": {
            "epochs": 1,
            "batch_size": 8,
            "embedding_dim": 8,
            "kernel_size": 3,
            "num_dilated_blocks": 1,
        },
        "encoder": {
            "embedding_dim": 8,
            "num_blocks": [1],
            "widths": [8],
            "kernel_sizes": [3],
            "strides": [2],
        },
        "relcon": {
            "batch_size": 4,
            "num_candidates": 2,
            "steps": 2,
            "steps_per_epoch": 2,
            "temperature": 0.1,
        },
        "facts": {"intended_use": "a test"},
    }


def skip_score(monkeypatch):
    """No same-activity AUC, which takes JAX a while."""
    monkeypatch.setattr(
        "keras_relcon.recipes.pretraining.same_activity_auc",
        lambda *args: None,
    )


def skip_training(monkeypatch):
    """Training that only builds; returns the kernel sizes of the distances."""
    trained = []

    def fit_distance(self, x, **kwargs):
        self.build(x[0].shape)
        trained.append(self.kernel_size)

    def fit_relcon(self, groups, **kwargs):
        self.build({name: x.shape for name, x in groups[0].items()})
        history = {"loss": [1.0], "loss_per_candidate": [0.5]}
        self.history = types.SimpleNamespace(history=history)

    monkeypatch.setattr(kr.MotifDistance, "fit", fit_distance)
    monkeypatch.setattr(kr.RelConModel, "fit", fit_relcon)
    return trained


def everything(values):
    """A config of all that may be said of the training."""
    del values["motif_distance"]["epochs"]
    values["motif_distance"]["steps"] = 2
    values["motif_distance"].update(schedule="cosine", warmup_steps=1)
    values["encoder"].update(
        pooling="mean_std", final_norm=True, precision="mixed_bfloat16"
    )
    values["views"] = {
        "weight": 2,
        "projector": [5],
        "temperature": 0.2,
        "augmentations": ["noise", "rotation"],
        "num_augmentations": 1,
    }
    values["relcon"].update(
        steps=5,
        schedule="cosine",
        warmup_steps=2,
        projector=[6, 4],
        policy="recording",
        minimum_std_g=1e-4,
        skip_nonfinite=True,
    )
    values["run"] = {"checkpoint_steps": 1, "tensorboard": HAS_TENSORBOARD}
    return values


def weights_of(path):
    model = from_preset(path, task="pretrain")
    return [
        *model.encoder.get_weights(),
        *model.motif_distance.get_weights(),
        *model.projector.get_weights(),
    ]
