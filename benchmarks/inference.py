"""Windows embedded per second, and a week of signal embedded."""

import measuring

QUESTION = "How fast is inference, and how much memory does it need?"
CALLS = {"batch_sizes": [1, 256], "calls": [100, 4]}
SIZES = [
    {**CALLS, "days": 7.0},
]
TINY = [{"batch_sizes": [1, 2], "calls": [1, 1], "days": 0.001}]


def cases(sizes):
    return sizes


def measure(batch_sizes, calls, days):
    import time

    import keras_relcon as kr

    encoder = kr.layers.ResNet1D34()
    rates = {}
    for batch_size, num_calls in zip(batch_sizes, calls):
        windows = measuring.walking_windows(batch_size * num_calls)
        run = {
            "predict": lambda: encoder.predict(
                windows, batch_size=batch_size, verbose=0
            ),
            "embed": lambda: kr.evaluation.embed(
                encoder, as_windows(windows), batch_size=batch_size
            ),
        }
        for name, seconds in measuring.median_seconds(run, 2).items():
            rates[f"{name} {batch_size}"] = len(windows) / seconds
    recording = long_recording(days)
    results = []
    begin = time.perf_counter()
    megabytes = measuring.added_megabytes(
        lambda: results.append(
            kr.evaluation.embed(encoder, recording, stride=256)
        )
    )
    return {
        "rates": rates,
        "days": days,
        "windows": len(results[0]),
        "seconds": time.perf_counter() - begin,
        "added_megabytes": megabytes,
    }


def as_windows(acceleration):
    """The windows of one recording in which they follow each other."""
    import keras_relcon as kr

    recording = kr.data.Recording(acceleration.reshape(-1, 3), 100, "s01")
    return kr.data.make_windows(recording, 100, 256, 256)


def long_recording(days):
    import numpy as np

    import keras_relcon as kr

    count = int(days * 24 * 3600 * 100) // 256
    some = measuring.walking_windows(min(count, 512)).reshape(-1, 3)
    acceleration = np.resize(some, (count * 256, 3))
    return kr.data.Recording(acceleration, 100, "s01")


def report(rows):
    names = list(rows[0]["rates"])
    lines = [
        [
            row["backend"],
            *(row["rates"][name] for name in names),
            row["days"],
            row["windows"],
            row["seconds"],
            row["added_megabytes"],
        ]
        for row in rows
    ]
    return (
        "The encoder is `ResNet1D34()` with windows of 256 samples. *predict* "
        "and *embed* are windows per second, by batch size. The other columns "
        "are for `embed` of a long recording at 100 Hz with stride 256. "
        "*added MB* is the most memory that it took beyond what the process "
        "held before; the recording is included.\n\n"
        + measuring.table(
            ["backend", *names, "days", "windows", "s", "added MB"], lines
        )
    )
