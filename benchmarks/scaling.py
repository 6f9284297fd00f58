"""How the cost of distance and encoder grows with B, C and T."""

import measuring
import numpy as np

QUESTION = "How do time and memory grow?"
BASE = {"batch_size": 16, "num_candidates": 8, "length": 256}
SIZES = {
    "base": BASE,
    "varied": {
        "batch_size": [4, 8, 16, 32],
        "num_candidates": [2, 8, 32],
        "length": [128, 256, 512],
    },
    "repeats": 2,
}
TINY = {
    "base": {"batch_size": 2, "num_candidates": 1, "length": 40},
    "varied": {"batch_size": [2, 4], "length": [40, 50]},
    "repeats": 1,
}
AXES = {
    "batch_size": "B, anchors",
    "num_candidates": "C, candidates of each",
    "length": "T, samples",
}


def cases(sizes):
    return [sizes]


def measure(base, varied, repeats):
    rows = []
    for name, values in varied.items():
        for value in values:
            size = {**base, name: value}
            seconds = measure_size(repeats, **size)
            rows.append({"varied": name, **size, **seconds})
    return {"sizes": rows}


def measure_size(repeats, batch_size, num_candidates, length):
    import keras_relcon as kr

    group = measuring.candidate_group(batch_size, num_candidates, length)
    distance = kr.MotifDistance()
    encoder = kr.layers.ResNet1D34()
    encoder.compile("adam", "mse")
    windows = group["candidates"].reshape(-1, length, 3)
    targets = np.zeros((len(windows), 256), "float32")
    return measuring.median_seconds(
        {
            "distance": lambda: distance.candidate_distances(*group.values()),
            "encoder": lambda: encoder.train_on_batch(windows, targets),
        },
        repeats,
    )


def exponents(sizes):
    """Slopes of log seconds over log amounts, for distance and encoder."""
    by_count = [size for size in sizes if size["varied"] != "length"]
    by_length = [size for size in sizes if size["varied"] == "length"]
    return {
        "distance by pairs": slope(by_count, num_pairs, "distance"),
        "distance by T": slope(by_length, lambda s: s["length"], "distance"),
        "encoder by windows": slope(by_count, num_windows, "encoder"),
        "encoder by T": slope(by_length, lambda s: s["length"], "encoder"),
    }


def num_pairs(size):
    return size["batch_size"] * (
        size["batch_size"] - 1 + size["num_candidates"]
    )


def num_windows(size):
    return size["batch_size"] * size["num_candidates"]


def slope(sizes, amount, name):
    logs = np.log([[amount(size), size[name]] for size in sizes])
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])


def report(rows):
    fits = [exponents(row["sizes"]) for row in rows]
    lines = [
        [row["backend"], *(f"{value:.2f}" for value in fit.values())]
        for row, fit in zip(rows, fits)
    ]
    return (
        "A batch has B anchors with C candidates each, of T samples. The "
        "motif distance compares B (B - 1 + C) pairs of windows. The training "
        "step of the encoder sees B C windows. The table has the exponents of "
        "a power law, where time is proportional to amount ** exponent. It is "
        "fitted to the times at B = 4 to 32, C = 2 to 32 and T = 128 to 512. "
        "When one of them varies, the others are at 16, 8 and 256. The points "
        "are in [scaling.png](scaling.png).\n\n"
        + measuring.table(["backend", *fits[0]], lines)
    )


def plot(rows, path):
    """Draws seconds against each of B, C and T, one line per backend."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.5), layout="constrained")
    for axes, (name, label) in zip(figure.subplots(1, 3), AXES.items()):
        for row in rows:
            sizes = [s for s in row["sizes"] if s["varied"] == name]
            for part, style in {"distance": "o-", "encoder": "s--"}.items():
                axes.loglog(
                    [size[name] for size in sizes],
                    [size[part] for size in sizes],
                    style,
                    label=f"{part}, {row['backend']}",
                )
        values = sorted({size[name] for size in sizes})
        axes.set_xticks(values, values)
        axes.set_xticks([], minor=True)
        axes.set(xlabel=label, ylabel="seconds")
    lines, names = axes.get_legend_handles_labels()
    figure.legend(lines, names, loc="outside right upper")
    figure.savefig(path, dpi=100)
