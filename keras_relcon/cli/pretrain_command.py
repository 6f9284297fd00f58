from keras_relcon import recipes
from keras_relcon.cli.options import add_overwrite_argument

NAME = "pretrain"
HELP = "pretrain your own encoder from a config"
DESCRIPTION = """\
Trains the motif distance, then the encoder, and writes a preset directory.
CONFIG is TOML or JSON. Its paths are relative to its folder. The shortest:

  data = "recordings"     # a folder of <subject>/<name>.csv, or an archive,
                          # or a list of such sources
  output = "my_preset"    # not within that folder

All keys, with their defaults:

  held_out_subjects = []  # never trained on; if empty, a share by seed
  held_out_share = 0.2
  seed = 0
  [recordings]            # for a folder of .csv files
  unit = "g"
  sample_rate_hz = 50     # of the files without a time column; no default
  [windows]
  sample_rate_hz = 100
  window_length = 256
  [motif_distance]        # also attention, embedding_dim, kernel_size,
                          # num_dilated_blocks, dropout, pairs_per_chunk,
                          # ranking_attention, downsampling
  epochs = 3
  steps = 1000            # instead of epochs; no default
  batch_size = 64
  learning_rate = 1e-3
  schedule = "constant"   # or "cosine", to zero at the last step
  warmup_steps = 0        # of "cosine"
  preset = "relcon_small" # take its distance, train none; no default
  [encoder]               # also embedding_dim, num_blocks, widths,
                          # kernel_sizes, strides, rematerialize, alignment
  pooling = "mean"        # or "mean_std"
  final_norm = false
  precision = "float32"   # of training: or "mixed_bfloat16", where a GPU
                          # or the processor has it
  preset = "relcon_small" # train on from its encoder; no default
  [relcon]
  temperature = 1.0
  batch_size = 64
  num_candidates = 20
  steps = 1000
  steps_per_epoch = 100
  learning_rate = 1e-3
  schedule = "constant"   # or "cosine", to zero at the last step
  warmup_steps = 0        # of "cosine"
  projector = []          # widths of an MLP, used only in training
  policy = "subject"      # candidates: also "recording" or "time_span",
  span_seconds = 3600     # then within so many seconds; no default
  minimum_std_g = 0.01    # leaves out windows at rest; no default
  skip_nonfinite = false  # leave out a step whose loss is not finite
  anchors = "one"         # or "all", every window: a batch is then of
                          # num_candidates + 1 windows of several subjects
  ranking = "ranks.h5"    # of "all": rank once, into this file; no default
  ranked_groups = 1000    # how many batches; no default: all the windows
  max_blocks = 100        # of "all": of a subject in an epoch; no default
  [views]                 # AugmentedViews, a second loss
  weight = 0.0            # 0: no second loss
  projector = []          # widths of another MLP, as above
  temperature = 0.1
  augmentations = []      # names of RandomAugmentations; []: all eight
  num_augmentations = 2   # how many of them for each window
  [readout]               # what the preset has beside its encoder
  mini_rocket = 0         # features of fixed convolutions, such as 5000
  scales = [1]            # at which features are read, such as [0.5, 1, 2]
  steady = 0              # directions to damp, such as 100; see SteadyFeatures
  compact = 0             # width of the compact form, such as 512
  windows = 6000          # to fit these on
  [run]                   # does not change the result
  checkpoint_steps = 100
  max_minutes = 60        # then save and stop; no default
  tensorboard = false
  workers = 1             # threads that draw batches; 2 with a GPU
  [facts]                 # more for the model card: intended_use, limits, ...

A run that was stopped or killed resumes from its last checkpoint when you run
it again, with the same result. Checkpoints and the trained motif distance are
kept in `<output>.stages` until the preset is written. While it runs, a second
run into the same output is refused. `<output>.logs` has a table of the epochs,
`bad_batches.jsonl` if a loss was not finite, and the files for TensorBoard. If
held-out recordings have labels, the motif distance is scored on them before
the encoder is trained.
"""


def add_arguments(parser):
    parser.add_argument("config", metavar="CONFIG")
    add_overwrite_argument(
        parser, "a preset or checkpoints that another config wrote"
    )
    parser.add_argument(
        "--max-minutes",
        type=float,
        metavar="M",
        help="save and stop after this time, with exit status 0; run again "
        "to continue",
    )


def run(args, console):
    config = recipes.read_config(args.config)
    if args.max_minutes is not None:
        config["run"]["max_minutes"] = args.max_minutes
    path = recipes.pretrain(
        config,
        overwrite=args.overwrite,
        say=console.progress,
    )
    console.answer(is_finished=path is not None, preset=None)
    if path is None:
        console.result("not finished: run the same command again to continue")
        return 0
    # The full path: a bundled preset may have the name of the output.
    place = path.resolve().as_posix()
    console.answer(preset=place)
    console.result(f'load it with keras_relcon.presets.from_preset("{place}")')
    return 0
