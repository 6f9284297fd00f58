from keras_relcon import presets
from keras_relcon.presets.preset_directory import find_preset

NAME = "presets"
HELP = "list the presets, or show the model card of one"
DESCRIPTION = """\
Without NAME: a table of the presets that come with the package.
With NAME: the model card of a preset, with its input, its training data, its
probe scores beside both controls, and its limits.

  keras-relcon presets
  keras-relcon presets relcon_base
"""


def add_arguments(parser):
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a preset, a directory, or hf://user/repo",
    )


def run(args):
    if args.name is None:
        presets.list_presets()
        return 0
    directory = find_preset(args.name)
    encoder = presets.from_preset(directory, load_weights=False)
    print(presets.model_card(encoder.preset_metadata, directory.name))
    return 0
