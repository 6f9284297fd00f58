"""Whether the adaptive choice of a resolution is better than any other.

    python benchmarks/resolutions.py DATA ... --epochs 100 --seeds 0 1 2 3 4
    python benchmarks/resolutions.py --synthetic

DATA are archives that `load_recordings` reads. `TS2Vec` is trained with each
choice of `AdaptiveResolution` on the windows of some people, and a logistic
regression of the mean embedding tells the activities of those left out: the
protocol of the adaptive resolution loss, but for its sets. It prints accuracy
and seconds of training of each choice, the entropy of the scores where there
are some, and the difference of `adaptive` to each: a claim for it rests on the
lines of `uniform` and of `ts2vec`, the loss of TS2Vec with its single step. The
interval is over folds, each the mean of its seeds, and wide enough for their
common people. Of several archives there is a table of each, and one of the
folds of all.
"""

import argparse
import time
from pathlib import Path

import keras
import measuring
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keras_relcon.baselines import AdaptiveResolution, TS2Vec
from keras_relcon.data import (
    load_recordings,
    make_windows,
    synthetic_recordings,
)
from keras_relcon.evaluation import grouped_k_fold
from keras_relcon.evaluation.report.paired_difference import paired_difference
from keras_relcon.layers import DilatedConvEncoder1D

ARMS = ("adaptive", "uniform", "finest", "all", "ts2vec")
QUESTION = "Is an adaptive choice of the resolution worth it?"


def make_model(arm, arguments, seed):
    """Of the size of the paper: 16 dimensions, three blocks, mean pooling."""
    keras.utils.set_random_seed(seed)
    encoder = DilatedConvEncoder1D(16, depth=2, pooling="mean", seed=seed)
    resolution = None
    if arm != "ts2vec":
        resolution = AdaptiveResolution(
            arm, arguments.weight, arguments.every, seed=seed
        )
    model = TS2Vec(encoder, resolution, seed=seed)
    model.compile(optimizer=keras.optimizers.AdamW(1e-3))
    return model


class Clock(keras.callbacks.Callback):
    """Keeps the seconds of each epoch."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._start)


def train(arm, windows, arguments, seed):
    """A trained encoder, its seconds, and the mean entropy of its scores.

    The first epoch counts as the median of the others: it holds the time of
    compiling the step.
    """
    batch = min(arguments.batch_size, len(windows))
    windows = windows[: len(windows) // batch * batch]
    model, clock = make_model(arm, arguments, seed), Clock()
    history = model.fit(
        windows,
        epochs=arguments.epochs,
        batch_size=batch,
        verbose=0,
        callbacks=[clock],
    ).history
    _, *others = clock.seconds
    entropy = np.mean(history.get("resolution_entropy", np.nan))
    return model.encoder, sum(others) + np.median(others), float(entropy)


def accuracy(encoder, windows, labels, rows):
    """Of the people left out, by the activities of the others."""
    embeddings = encoder.predict(windows, batch_size=256, verbose=0)
    probe = make_pipeline(
        StandardScaler(),
        OneVsRestClassifier(LogisticRegression(max_iter=10_000)),
    )
    probe.fit(embeddings[rows["train"]], labels[rows["train"]])
    return probe.score(embeddings[rows["test"]], labels[rows["test"]])


def compare(windows, arguments):
    """`(arm, fold, seed, 3)`: accuracy, seconds, entropy."""
    signal = np.asarray(windows.acceleration, "float32")
    folds = grouped_k_fold(
        windows.subjects, arguments.folds, validation_fraction=0.0
    )
    shape = len(arguments.arms), len(folds), len(arguments.seeds), 3
    results = np.zeros(shape)
    for f, fold in enumerate(folds):
        rows = fold.rows(windows.subjects)
        for s, seed in enumerate(arguments.seeds):
            for a, arm in enumerate(arguments.arms):
                encoder, seconds, entropy = train(
                    arm, signal[rows["train"]], arguments, seed
                )
                score = accuracy(encoder, signal, windows.labels, rows)
                results[a, f, s] = score, seconds, entropy
    return results


def lines(arms, results, num_folds):
    """The table, with the differences of the accuracy of `adaptive`."""
    yield "| choice | accuracy | seconds | entropy | adaptive - it |"
    yield "|---|---|---|---|---|"
    by_fold = results[..., 0].mean(2)
    for a, arm in enumerate(arms):
        score, seconds, entropy = results[a].mean((0, 1))
        difference = ""
        if "adaptive" in arms and arm != "adaptive":
            found = paired_difference(
                by_fold[arms.index("adaptive")],
                by_fold[a],
                1 / (num_folds - 1),
            )
            difference = (
                f"{found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
            )
        entropy = "" if np.isnan(entropy) else f"{entropy:.4f}"
        yield (
            f"| {arm} | {score:.3f} | {seconds:.1f} | {entropy} | "
            f"{difference} |"
        )


def main(words=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("data", nargs="*", type=Path, default=[])
    source.add_argument("--synthetic", action="store_true")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--weight", type=float, default=1.0)
    parser.add_argument("--every", choices=("epoch", "step"), default="epoch")
    parser.add_argument("--rate-hz", type=float, default=50)
    parser.add_argument("--window-length", type=int, default=128)
    parser.add_argument("--most-windows", type=int, default=5_000)
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args(words)
    if arguments.epochs < 2:
        parser.error("--epochs must be 2 or more: the first is not timed.")
    began = time.time()
    sets = {path.stem: load_recordings(path) for path in arguments.data}
    if arguments.synthetic:
        sets = {"synthetic": synthetic_recordings(10, 30)}
    tables, results = [], []
    for name, recordings in sets.items():
        windows = labelled_windows(recordings, arguments)
        results.append(compare(windows, arguments))
        people, classes = set(windows.subjects), set(windows.labels)
        tables.append(
            f"{name}: {len(windows)} windows of {len(people)} people, "
            f"{len(classes)} classes\n\n" + table(results[-1:], arguments)
        )
        print(tables[-1], flush=True)
    if len(sets) > 1:
        tables.insert(0, f"All sets\n\n{table(results, arguments)}")
        print(tables[0])
    if arguments.record:
        minutes = (time.time() - began) / 60
        names = " ".join(path.name for path in arguments.data)
        command = measuring.command_line(
            f"resolutions.py {names}",
            parser,
            arguments,
            ("data", "synthetic", "record"),
        )
        text = page(tables, arguments, command, minutes)
        print(measuring.record("resolutions", QUESTION, text))


def labelled_windows(recordings, arguments):
    """Windows without overlap that have a label, some of them at most."""
    length = arguments.window_length
    windows = make_windows(recordings, arguments.rate_hz, length, length)
    labels = np.asarray(windows.labels).astype(str)
    windows = windows.select(windows.valid & (labels != ""))
    step = -(-len(windows) // arguments.most_windows)
    return windows.select(np.arange(len(windows)) % step == 0)


def table(results, arguments):
    """Of the folds of these sets."""
    results = np.concatenate(results, axis=1)
    return "\n".join(lines(arguments.arms, results, arguments.folds))


def page(tables, arguments, command, minutes):
    joined = "\n\n".join(tables)
    return f"""\
{arguments.folds} folds of people, {len(arguments.seeds)} seeds, \
{arguments.epochs} epochs in batches of {arguments.batch_size},
windows of {arguments.window_length} samples at {arguments.rate_hz:g} Hz. \
Seconds are of training on all windows of
a fold. It took {minutes:.0f} minutes.

```
{command}
```

{joined}

{measuring.machine()}"""


if __name__ == "__main__":
    main()
