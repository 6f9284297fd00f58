"""Embeds a recording of any length with a pretrained encoder.

python examples/embed_recording.py walk.csv --unit m/s2 --sample-rate-hz 50
python examples/embed_recording.py week.cwa --output week.parquet
"""

import argparse

import keras_relcon as kr


def main():
    args = parse_args()
    encoder = kr.presets.from_preset(args.preset)
    options = {"unit": args.unit, "sample_rate_hz": args.sample_rate_hz}
    result = kr.evaluation.embed(encoder, args.recording, read_options=options)
    result.save(args.output)

    vectors = result.embeddings[result.valid]
    print(f"{len(result)} windows, {len(vectors)} of them valid")
    print(f"embeddings of {vectors.shape[1]} numbers are in {args.output}")


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("recording", help=".csv, .npz, .parquet, .cwa, ...")
    parser.add_argument("--preset", default="relcon_small")
    parser.add_argument("--output", default="embeddings.npz")
    parser.add_argument("--unit", choices=("g", "m/s2"), default="g")
    parser.add_argument(
        "--sample-rate-hz", type=float, help="if there are no timestamps"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
