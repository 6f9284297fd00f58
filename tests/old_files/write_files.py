"""Writes the files that a version of keras_relcon leaves on the disk.

    PYTHONPATH=CHECKOUT python write_files.py FOLDER

`CHECKOUT` is the version that writes. What it does not know yet is left out.
`tests/test_old_files.py` reads them with the present one. Nothing here may
use what an early version does not have; PyTorch, as files know no backend.
"""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"
sys.path.append(str(Path(__file__).parent))

import keras
import numpy as np
from old_models import (
    RATE_HZ,
    WINDOW,
    make_encoder,
    make_groups,
    make_model,
    make_optimizer,
    make_recordings,
    make_windows,
    write_pretraining,
)

import keras_relcon as kr


def write_presets(folder, expected):
    windows = make_windows()
    encoder = make_encoder()
    encoder.build((None, WINDOW, 3))
    expected["encoder"] = encoder.predict(windows, verbose=0)
    kwargs = {"sample_rate_hz": RATE_HZ, "window_length": WINDOW}
    kr.presets.save_to_preset(encoder, folder / "encoder", **kwargs)
    model = make_model()
    group = make_groups()[0]
    model.build({name: x.shape for name, x in group.items()})
    expected["ranks"] = keras.ops.convert_to_numpy(model.rank_candidates(group))
    kr.presets.save_to_preset(model, folder / "relcon", **kwargs)
    return encoder


def write_store(folder, expected):
    path = folder / "windows.h5"
    store = kr.data.WindowStore.create(
        path, make_recordings(), RATE_HZ, WINDOW, overwrite=True
    )
    expected["store_starts"] = starts = np.array(
        [piece.start for piece in store.pieces]
    )
    expected["store"] = store.read(starts)
    if hasattr(store, "close"):
        store.close()


def write_embeddings(encoder, folder, expected):
    found = kr.evaluation.embed(
        encoder,
        make_recordings(),
        sample_rate_hz=RATE_HZ,
        window_length=WINDOW,
        verbose=0,
    )
    expected["embeddings"] = np.asarray(found.embeddings)
    expected["embeddings_subjects"] = np.asarray(found.subjects).astype(str)
    for name in ("embeddings.npz", "embeddings.parquet"):
        found.save(folder / name)


def write_checkpoint(folder, expected):
    """Stops a training after three of six steps; another one is not stopped."""

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.optimizer.iterations.numpy() == 3:
                raise KeyboardInterrupt

    for directory, callbacks in (("whole", []), ("checkpoint", [Stop()])):
        model, groups = make_model(), make_groups()
        model.compile(optimizer=make_optimizer())
        kept = kr.training.ResumableTraining(
            folder / directory, groups, every=1
        )
        try:
            model.fit(
                groups,
                epochs=3,
                verbose=0,
                shuffle=False,
                callbacks=[kept, *callbacks],
            )
        except KeyboardInterrupt:
            continue
        for index, weight in enumerate(model.encoder.get_weights()):
            expected[f"trained_{index}"] = weight
    shutil.rmtree(folder / "whole")


def pretrain(folder, *options):
    write_pretraining(folder)
    subprocess.run(
        [sys.executable, "-c"]
        + ["import keras_relcon.cli.main as m; raise SystemExit(m.main())"]
        + ["pretrain", "config.json", *options],
        cwd=folder,
        check=True,
    )


def write_stage(folder):
    """Pauses a pretraining in its first stage."""
    pretrain(folder, "--max-minutes", "0.00001")
    shutil.rmtree(folder / "recordings")


def write_losses(folder, expected):
    """What the same pretraining logs where it is not paused."""
    pretrain(folder)
    for name in ("motif_distance", "relcon"):
        with open(folder / "preset.logs" / f"{name}.csv") as file:
            rows = list(csv.DictReader(file))
        expected[f"losses_{name}"] = np.array([float(r["loss"]) for r in rows])
    shutil.rmtree(folder)


def write_classifier(folder, expected):
    recordings = make_recordings()
    classifier = kr.MotionClassifier(
        str(folder / "encoder"), output="embedding"
    )
    classifier.fit(recordings)
    classifier.save(folder / "classifier")
    timeline = classifier.predict(recordings[0])
    expected["probabilities"] = np.asarray(timeline.probabilities)
    timeline.save(folder / "timeline.parquet")


def write_ranking(folder):
    from keras_relcon.data.streams.stored_ranking import StoredRanking

    starts = np.arange(12).reshape(3, 4)
    ranks = np.tile(np.arange(3, dtype="uint8"), (3, 4, 1))
    facts = {"signal": "0" * 64, "num_candidates": 2, "distance": "x"}
    StoredRanking(starts, ranks, facts).save(folder / "ranking.h5")


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    encoder = write_presets(folder, expected)
    write_store(folder, expected)
    write_embeddings(encoder, folder, expected)
    if hasattr(kr, "training"):
        write_checkpoint(folder, expected)
        write_stage(folder / "pretraining")
        write_losses(folder / "not_paused", expected)
    if hasattr(kr, "MotionClassifier"):
        write_classifier(folder, expected)
        write_ranking(folder)
    np.savez_compressed(folder / "expected.npz", **expected)


if __name__ == "__main__":
    main(sys.argv[1])
