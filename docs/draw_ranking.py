"""Draws docs/ranking.png: how the motif distance of a preset orders windows.

python docs/draw_ranking.py
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import keras_relcon as kr  # first: it chooses the backend

# isort: split
import keras
import numpy as np
from matplotlib import pyplot

MOTIONS = ("walking", "running", "cycling", "typing")
AXES = ("#0072b2", "#e69f00", "#009e73")  # told apart with any colour vision


def main():
    model = kr.presets.from_preset("relcon_small@1", task="pretrain")
    recordings = kr.data.synthetic_recordings(
        2, seconds_per_motion=12, seed=3, motions=MOTIONS
    )
    windows = kr.data.make_windows(recordings)
    windows = windows.select(windows.valid)
    rng = np.random.default_rng(0)
    one_of_each = [
        rng.choice(np.flatnonzero(windows.labels == motion))
        for motion in MOTIONS
    ]
    anchor = rng.choice(np.flatnonzero(windows.labels == "walking"))
    candidates = windows.acceleration[one_of_each]
    anchors = np.broadcast_to(windows.acceleration[anchor], candidates.shape)
    distances = keras.ops.convert_to_numpy(
        model.motif_distance.distance(anchors, candidates)
    )
    order = np.argsort(distances)
    draw(
        windows.acceleration[anchor],
        [(MOTIONS[i], distances[i], candidates[i]) for i in order],
        Path(__file__).with_name("ranking.png"),
    )


def draw(anchor, ranked, path):
    """Writes the picture.

    Args:
        anchor: `(time, 3)`, g.
        ranked: list of `(motion, distance, window)`, nearest first.
        path: path of the PNG.
    """
    figure, axes = pyplot.subplots(
        1, 1 + len(ranked), figsize=(11, 2.4), sharey=True, layout="constrained"
    )
    panels = [("anchor: walking", anchor)]
    panels += [
        (f"{rank}. {motion}\nmotif distance {distance:.0f}", window)
        for rank, (motion, distance, window) in enumerate(ranked, 1)
    ]
    for axis, (title, window) in zip(axes, panels):
        seconds = np.arange(len(window)) / 100
        for column, color in enumerate(AXES):
            axis.plot(seconds, window[:, column], color=color, linewidth=1)
        axis.set_title(title.replace("_", " "), fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_xlabel("seconds")
    axes[0].set_facecolor("#f0f0f0")
    axes[0].set_ylabel("acceleration, g")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
