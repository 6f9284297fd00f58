"""Probes a pretrained encoder and its controls on labelled recordings.

python examples/probe.py recordings/ --folds 5
python examples/probe.py A_DeviceMotion_data.zip --preset relcon_small
"""

import argparse

import keras_relcon as kr


def main():
    args = parse_args()
    encoder = kr.presets.from_preset(args.preset)
    takes = encoder.preset_metadata
    windows = kr.data.make_windows(
        kr.data.load_recordings(args.data, args.sample_rate_hz, args.unit),
        sample_rate_hz=takes.sample_rate_hz,
        window_length=takes.window_length,
        stride=takes.window_length,
    )
    usable = windows.select(windows.valid & (windows.labels != ""))
    left_out = set(windows.subjects.tolist()) - set(usable.subjects.tolist())
    if left_out:
        print(f"left out, without labelled windows: {sorted(left_out)}")
    report = kr.evaluation.cross_validate(
        kr.evaluation.LinearProbe(),
        {"pretrained": encoder},
        windows,
        kr.evaluation.grouped_k_fold(usable.subjects, num_folds=args.folds),
        progress=print,
    )
    print(report.table())
    report.save(args.output)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", help="<subject>/<name>.csv files, or a zip")
    parser.add_argument("--preset", default="relcon_small")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--output", default="report")
    parser.add_argument("--unit", choices=("g", "m/s2"), default="g")
    parser.add_argument("--sample-rate-hz", type=float)
    return parser.parse_args()


if __name__ == "__main__":
    main()
