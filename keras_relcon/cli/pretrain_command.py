from keras_relcon import recipes

NAME = "pretrain"
HELP = "pretrain an encoder of your own, from a config"
DESCRIPTION = """\
Trains the motif distance, then the encoder, and writes a preset directory.
CONFIG is TOML or JSON; paths in it are relative to its folder. The shortest:

  data = "recordings"     # a folder of <subject>/<name>.csv, or an archive
  output = "my_preset"    # not within that folder

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
  [motif_distance]        # also attention, embedding_dim, kernel_size,
                          # num_dilated_blocks, dropout, pairs_per_chunk
  epochs = 3
  steps = 1000            # instead of epochs; no default
  batch_size = 64
  learning_rate = 1e-3
  schedule = "constant"   # or "cosine", to zero at the last step
  warmup_steps = 0        # of "cosine"
  [encoder]               # also embedding_dim, num_blocks, widths,
                          # kernel_sizes, strides, rematerialize
  pooling = "mean"        # or "mean_std"
  final_norm = false
  precision = "float32"   # of training: or "mixed_bfloat16", on a GPU
  [relcon]
  temperature = 1.0
  batch_size = 64
  num_candidates = 20
  steps = 1000
  steps_per_epoch = 100
  learning_rate = 1e-3
  schedule = "constant"   # or "cosine", to zero at the last step
  warmup_steps = 0        # of "cosine"
  projector = []          # widths of an MLP that training alone uses
  policy = "subject"      # candidates: also "recording" or "time_span",
  span_seconds = 3600     # then within so many seconds; no default
  minimum_std_g = 0.01    # leaves out windows at rest; no default
  skip_nonfinite = false  # leave out a step whose loss is not finite
  [views]                 # AugmentedViews, beside the relative loss
  weight = 0.0            # none
  projector = []          # as above, of its own
  temperature = 0.1
  [run]                   # what changes nothing of the outcome
  checkpoint_steps = 100
  max_minutes = 60        # then save and stop; no default
  tensorboard = false
  [facts]                 # more for the model card: intended_use, limits, ...

A run that was stopped or killed goes on at its last checkpoint when it is run
again, and ends the same: checkpoints and the trained motif distance are kept
in `<output>.stages` until the preset is written. While it runs, a second run
into the same output is refused. `<output>.logs` has a table of
the epochs, `bad_batches.jsonl` if a loss was not finite, and what TensorBoard
reads. Where held-out recordings are labelled, the motif distance is scored on
them before the encoder is trained.
"""


def add_arguments(parser):
    parser.add_argument("config", metavar="CONFIG")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace a preset or checkpoints that another config wrote",
    )
    parser.add_argument(
        "--max-minutes",
        type=float,
        metavar="M",
        help="save and stop after so long, with exit status 0; run again to "
        "go on",
    )


def run(args):
    config = recipes.read_config(args.config)
    if args.max_minutes is not None:
        config["run"]["max_minutes"] = args.max_minutes
    path = recipes.pretrain(
        config,
        overwrite=args.overwrite,
        say=lambda line: print(line, flush=True),
    )
    if path is None:
        print("not finished: run the same command again to go on")
        return 0
    # In full: a bundled preset may be called like the output.
    place = path.resolve().as_posix()
    print(f'load it with keras_relcon.presets.from_preset("{place}")')
    return 0
