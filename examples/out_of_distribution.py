"""Detects windows of a data set on which an encoder was not trained.

python examples/out_of_distribution.py wisdm-dataset.zip \
    A_DeviceMotion_data.zip --pretrained my_preset

The bank has windows of the subjects on which the encoder was trained. The
inside windows are of held-out subjects, which the preset of
`examples/pretrain.py` names. The outside windows are of the other data set, as
recorded and with the amplitude of the inside windows.
"""

import argparse

import numpy as np

import keras_relcon as kr
from keras_relcon import evaluation


def main():
    args = parse_args()
    model = kr.presets.from_preset(args.pretrained, task="pretrain")
    held_out = model.encoder.preset_metadata.facts["held_out_subjects"]
    inside = windows_of(args.inside)
    is_inside = np.isin(inside.subjects, held_out)
    bank = draw(inside.select(~is_inside), args)
    inside = draw(inside.select(is_inside), args)
    outside = draw(windows_of(args.outside), args)
    cases = {
        "another data set": outside,
        "another data set, amplitude matched": evaluation.amplitude_matched(
            outside, inside, args.seed
        ),
    }
    for name, windows in cases.items():
        areas = evaluation.out_of_distribution_auroc(
            model.encoder,
            inside,
            windows,
            bank,
            model.motif_distance,
            seed=args.seed,
        )
        print(f"{name}: AUROC")
        for score, area in areas.items():
            print(f"  {score:20s} {area:.3f}")


def windows_of(path):
    windows = kr.data.make_windows(kr.data.load_recordings(path), stride=256)
    return windows.select(windows.valid)


def draw(windows, args):
    rows = np.random.default_rng(args.seed).permutation(len(windows))
    return windows.acceleration[rows[: args.num_windows]]


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("inside", help="the data set of the training")
    parser.add_argument("outside", help="an archive or folder of recordings")
    parser.add_argument("--pretrained", default="my_preset", help="a preset")
    parser.add_argument("--num-windows", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
