from keras_relcon.cli.pretrain import pretrain
from keras_relcon.cli.pretrain_config import read_config

NAME = "pretrain"
HELP = "pretrain an encoder of your own, from a config"
DESCRIPTION = """\
Trains the motif distance, then the encoder, and writes a preset directory.
CONFIG is TOML or JSON; paths in it are relative to its folder. The shortest:

  data = "recordings"     # a folder of <subject>/<name>.csv, or an archive
  output = "my_preset"

and everything that can be said, with its defaults:

  held_out_subjects = []  # never trained on; else `held_out_share`, by seed
  held_out_share = 0.2
  seed = 0
  [recordings]            # for a folder of .csv files
  unit = "g"
  sample_rate_hz = 50     # of the files without a time column; no default
  [windows]
  sample_rate_hz = 100
  window_length = 256
  [motif_distance]        # and the arguments of MotifDistance
  epochs = 3
  batch_size = 64
  learning_rate = 1e-3
  [encoder]               # the arguments of ResNet1D34
  [relcon]
  temperature = 1.0
  batch_size = 64
  num_candidates = 20
  steps = 1000
  steps_per_epoch = 100
  learning_rate = 1e-3
  [facts]                 # more for the model card: intended_use, limits, ...

A run that was stopped goes on after its last finished stage: the trained
motif distance is kept in `<output>.stages` until the preset is written.
"""


def add_arguments(parser):
    parser.add_argument("config", metavar="CONFIG")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace a preset that another config wrote",
    )


def run(args):
    path = pretrain(
        read_config(args.config),
        overwrite=args.overwrite,
        say=lambda line: print(line, flush=True),
    )
    print(f'load it with keras_relcon.presets.from_preset("{path}")')
    return 0
