"""Draws the figures of docs/method.md from what the package computes.

python docs/draw_method.py
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import keras_relcon as kr  # first: it chooses the backend

# isort: split
import keras
import numpy as np
from matplotlib import pyplot

from keras_relcon.models.stage_features import BLOCKS

FOLDER = Path(__file__).parent
MOTIONS = ("walking", "running", "cycling", "typing")
ANCHOR, OWN, OTHERS = "#d55e00", "#0072b2", "#b0b0b0"
NEGATIVE, POSITIVE = "#9ecae1", "#d55e00"


def main():
    model = kr.presets.from_preset("relcon_small@1", task="pretrain")
    recordings = kr.data.synthetic_recordings(
        3, seconds_per_motion=12, seed=3, motions=MOTIONS
    )
    windows = kr.data.make_windows(recordings)
    windows = windows.select(windows.valid)
    draw_reconstruction(model.motif_distance, windows)
    draw_candidates(recordings)
    draw_loss(model, windows)
    draw_readout(kr.presets.from_preset("relcon_small"), windows)


def draw_reconstruction(distance, windows):
    """How well a near and a far candidate rebuild an anchor."""
    anchor = first(windows, "walking")
    names = ("walking", "typing")
    candidates = [windows.acceleration[1 + index_of(windows, "walking")]]
    candidates.append(first(windows, "typing"))
    figure, axes = panels(2, sharey=True)
    for axis, name, candidate in zip(axes, names, candidates):
        pair = anchor[None], candidate[None]
        rebuilt = to_numpy(distance.reconstruct(*pair))[0]
        value = to_numpy(distance.distance(*pair))[0]
        step = len(anchor) // len(rebuilt)
        seconds = np.arange(len(anchor)) / 100
        axis.plot(seconds, anchor[:, 0], color=OTHERS, linewidth=3)
        axis.plot(seconds[::step], rebuilt[:, 0], color=OWN, linewidth=1)
        axis.set_title(f"from a window of {name}: distance {value:.0f}")
        axis.set_xlabel("seconds")
    axes[0].set_ylabel("x axis, g")
    figure.legend(
        axes[0].lines,
        ["the anchor, a window of walking", "what is rebuilt"],
        ncols=2,
        loc="outside lower center",
        frameon=False,
    )
    save(figure, "method_reconstruction")


def draw_candidates(recordings):
    """Where the windows of one batch lie in the recordings."""
    store = kr.data.WindowStore.from_recordings(recordings)
    groups = kr.data.CandidateGroups(store, batch_size=6, num_candidates=4)
    anchors, candidates = groups.draw(0, 0)
    length = store.window_length
    figure, axis = pyplot.subplots(figsize=(9, 2.2), layout="constrained")
    ends = np.cumsum(
        [
            sum(len(r.acceleration) for r in recordings if r.subject == name)
            for name in store.subjects
        ]
    )
    first_end = ends[0]
    for row, (begin, end) in enumerate(zip([0, *ends], ends)):
        axis.broken_barh([(0, end - begin)], (row, 0.8), color="#f0f0f0")
        for start, color in [
            *((start, OWN) for start in candidates[0]),
            *((start, OTHERS) for start in anchors[1:]),
            (anchors[0], ANCHOR),
        ]:
            if begin <= start < end:
                box = (start - begin, length)
                axis.broken_barh([box], (row, 0.8), color=color)
    axis.set_yticks(np.arange(len(ends)) + 0.4, store.subjects)
    seconds = np.arange(0, first_end + 1, 1000)
    axis.set_xticks(seconds, [f"{s / 100:.0f}" for s in seconds])
    axis.set_xlabel("seconds of signal")
    axis.invert_yaxis()
    axis.spines[:].set_visible(False)
    boxes = [pyplot.Rectangle((0, 0), 1, 1, color=c) for c in LEGEND]
    figure.legend(
        boxes, LEGEND.values(), ncols=3, loc="outside upper left", frameon=False
    )
    save(figure, "method_candidates")


LEGEND = {
    ANCHOR: "an anchor",
    OWN: "its candidates, of the same person",
    OTHERS: "the other anchors: candidates too",
}


def draw_loss(model, windows):
    """Which candidates are negatives while one is the positive."""
    anchor = first(windows, "walking")
    others = [i + 1 for i in (index_of(windows, m) for m in MOTIONS)]
    candidates = windows.acceleration[others]
    anchors = np.broadcast_to(anchor, candidates.shape)
    distances = to_numpy(model.motif_distance.distance(anchors, candidates))
    order = np.argsort(distances)
    sorted_distances = distances[order]
    role = (sorted_distances > sorted_distances[:, None]).astype(float)
    role[role == 0] = np.nan
    figure, axis = pyplot.subplots(figsize=(6, 2.6), layout="constrained")
    names = [f"{MOTIONS[i]}\nd = {distances[i]:.0f}" for i in order]
    for row in range(len(order)):
        for column in range(len(order)):
            color = "#f0f0f0"
            if row == column:
                color = POSITIVE
            elif role[row, column] == 1:
                color = NEGATIVE
            box = (column, row), 0.96, 0.9
            axis.add_patch(pyplot.Rectangle(*box, color=color))
    axis.set_xlim(0, len(order))
    axis.set_ylim(len(order), 0)
    axis.set_xticks(np.arange(len(order)) + 0.48, names)
    axis.set_yticks(
        np.arange(len(order)) + 0.45,
        [f"term {i + 1}" for i in range(len(order))],
    )
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    boxes = [
        pyplot.Rectangle((0, 0), 1, 1, color=color)
        for color in (POSITIVE, NEGATIVE, "#f0f0f0")
    ]
    names = ["the positive", "negatives: farther", "left out: nearer"]
    figure.legend(
        boxes, names, ncols=3, loc="outside upper left", frameon=False
    )
    save(figure, "method_loss")


def draw_readout(encoder, windows):
    """What some blocks of the encoder hand on, for one window."""
    window = first(windows, "walking")
    sequences = encoder.sequences(window[None])
    chosen = [b for b in BLOCKS if b <= len(sequences)][::3]
    figure, axes = panels(1 + len(chosen))
    axes[0].plot(np.arange(len(window)) / 100, window, linewidth=1)
    axes[0].set_title("the window, g")
    for axis, block in zip(axes[1:], chosen):
        values = to_numpy(sequences[block - 1])[0]
        axis.imshow(
            np.log1p(np.maximum(values, 0)).T[:40],
            aspect="auto",
            cmap="cividis",
            extent=(0, 2.56, 40, 0),
            interpolation="nearest",
        )
        axis.set_title(f"block {block} of {len(sequences)}")
        axis.set_yticks([])
    for axis in axes:
        axis.set_xlabel("seconds")
    save(figure, "method_readout")


def panels(count, **options):
    figure, axes = pyplot.subplots(
        1, count, figsize=(10, 2.6), layout="constrained", **options
    )
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def index_of(windows, motion):
    return np.flatnonzero(windows.labels == motion)[0]


def first(windows, motion):
    return windows.acceleration[index_of(windows, motion)]


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def save(figure, name):
    figure.savefig(FOLDER / f"{name}.png", dpi=110)
    pyplot.close(figure)


if __name__ == "__main__":
    main()
