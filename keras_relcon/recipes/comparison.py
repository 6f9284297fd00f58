"""Pretrains one encoder with RelCon and with other methods, and compares."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from keras_relcon import (
    baselines,
    data,
    evaluation,
    kept_files,
    models,
    presets,
)
from keras_relcon.evaluation import Report
from keras_relcon.types import PathLike

TEMPERATURE = 0.1
METHODS = {
    "RelCon": lambda encoder, distance: models.RelConModel(
        encoder, distance, TEMPERATURE
    ),
    "RelCon with views": lambda encoder, distance: models.RelConModel(
        encoder,
        distance,
        TEMPERATURE,
        views=models.AugmentedViews(
            projector=models.mlp_projector((256, 128)), weight=4
        ),
    ),
    "REBAR": lambda encoder, distance: baselines.REBAR(
        encoder, distance, TEMPERATURE
    ),
    "SimCLR": lambda encoder, _: baselines.SimCLR(
        encoder, temperature=TEMPERATURE, seed=0
    ),
    "AugPred": lambda encoder, _: baselines.AugPred(encoder, seed=0),
}


def compare_methods(
    wisdm: PathLike,
    motionsense: PathLike,
    output: PathLike,
    methods: Sequence[str] = tuple(METHODS),
    steps: int = 500,
    batch_size: int = 32,
    num_candidates: int = 8,
    seed: int = 0,
    say: Callable[[str], Any] = print,
) -> list[Report]:
    """Pretrains the encoder of `relcon_small` with each method and probes it.

    Every method trains the encoder from the same weights, on the pretraining
    subjects of WISDM, for the same number of steps with the same number of
    windows. Methods that rank by a motif distance use that of the preset,
    which was trained on the same subjects. Then a linear probe is scored on
    the held-out subjects of WISDM, and on MotionSense in g. Finished parts are
    kept in `output`, so that a comparison that was stopped resumes.

    Args:
        wisdm: path of `wisdm-dataset.zip`.
        motionsense: path of `A_DeviceMotion_data.zip`.
        output: str or path. Folder of encoders, results and reports.
        methods: sequence of names of `METHODS`. Defaults to all.
        steps: int. Training steps. Defaults to `500`.
        batch_size: int. Anchors in a step. Defaults to `32`.
        num_candidates: int. Candidates of each anchor. Defaults to `8`.
        seed: int. Defaults to `0`.
        say: callable. Called with lines of text. Defaults to `print`.

    Returns:
        list of two reports, of `wisdm_watch` and `table4_motionsense`.
    """
    output = Path(output)
    store = data.WindowStore.from_recordings(data.read_wisdm_watch(wisdm))
    store = store.select_subjects(
        evaluation.wisdm_watch_pretraining_subjects(store.subjects)
    )
    encoders = {}
    for name in methods:
        size = f"{steps}x{batch_size}x{num_candidates}"
        path = output / f"{name}-{size}-{seed}.keras"
        if not path.exists():
            preset = presets.from_preset("relcon_small", task="pretrain")
            encoder = evaluation.untrained_copy(preset.encoder, seed)
            say(f"{name}, {steps} steps")
            train_by(
                name,
                encoder,
                preset.motif_distance,
                store,
                steps,
                batch_size,
                num_candidates,
                seed,
            )
            output.mkdir(parents=True, exist_ok=True)
            with kept_files.replacing(path) as temporary:
                encoder.save(temporary)
        encoders[name] = keras.saving.load_model(path)
    reports = []
    for benchmark, source in (
        ("wisdm_watch", wisdm),
        ("table4_motionsense", motionsense),
    ):
        report = evaluation.run_benchmark(
            benchmark,
            source,
            encoders,
            standardize=False,
            seed=seed,
            cache_dir=output / "cache",
            progress=say,
        )
        report.save(output / f"{benchmark}-{seed}")
        reports.append(report)
    return reports


def train_by(
    method, encoder, distance, store, steps, batch_size, num_candidates, seed
):
    """Trains an encoder in place with a method.

    Methods that train on single windows get as many windows as RelCon has
    anchors and candidates.

    Args:
        method: str. A name of `METHODS`.
        encoder: `keras.Model`.
        distance: `MotifDistance`, trained.
        store: `WindowStore`.
        steps, batch_size, num_candidates, seed: see `compare_methods`.
    """
    keras.utils.set_random_seed(seed)
    model = METHODS[method](encoder, distance)
    size = {"steps_per_epoch": math.gcd(steps, 100), "seed": seed}
    if isinstance(model, models.RelConModel):
        batches = data.CandidateGroups(
            store, batch_size, num_candidates, **size
        )
    else:
        num_windows = batch_size * (1 + num_candidates)
        # AugPred draws windows with movement more often, as its source does.
        weighting = "activity" if method == "AugPred" else None
        batches = data.WindowBatches(
            store, num_windows, weighting=weighting, **size
        )
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    model.compile(optimizer=keras.optimizers.Adam(rate))
    epochs = steps // size["steps_per_epoch"]
    model.fit(batches, epochs=epochs, shuffle=False, verbose=2)
