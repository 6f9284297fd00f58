"""Pretrains an encoder: the motif distance first, then RelCon.

python examples/pretrain.py wisdm-dataset.zip --output my_preset --views 1

It does the same as `keras-relcon pretrain`, with the config in Python. If it is
killed, it resumes when it is run again.
"""

import argparse

from keras_relcon import recipes


def main():
    args = parse_args()
    stage = {"steps": args.steps, "batch_size": args.batch_size}
    config = recipes.complete_config(
        {
            "data": args.data,
            "output": args.output,
            "held_out_share": 0.2,
            "recordings": {"sample_rate_hz": args.sample_rate_hz},
            "windows": {"sample_rate_hz": 100, "window_length": 256},
            "motif_distance": stage,
            "encoder": {"strides": [1, 2, 2, 2]},
            "relcon": {
                **stage,
                "num_candidates": args.num_candidates,
                "temperature": 0.1,
            },
            "views": {"weight": args.views},
        }
    )
    recipes.pretrain(config, say=print)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="<subject>/<name>.csv files, or a zip")
    parser.add_argument("--sample-rate-hz", type=float)
    parser.add_argument("--output", default="my_preset")
    parser.add_argument("--steps", type=int, default=2000, help="of each stage")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--num-candidates", type=int, default=8)
    parser.add_argument(
        "--views", type=float, default=0, help="weight of the second loss"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
