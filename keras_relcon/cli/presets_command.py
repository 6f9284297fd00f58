import dataclasses

from keras_relcon import presets
from keras_relcon.presets.preset_directory import (
    BUNDLED,
    find_preset,
    read_preset,
)

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
        "preset",
        nargs="?",
        metavar="NAME",
        help="a preset, a directory, or hf://user/repo",
    )


def run(args, console):
    if args.preset is None:
        names = presets.list_presets(console.result)
        console.answer(presets=[_facts(BUNDLED / name) for name in names])
        return 0
    directory = find_preset(args.preset)
    encoder = presets.from_preset(directory, load_weights=False)
    card = presets.model_card(encoder.preset_metadata, directory.name)
    console.result(card)
    console.answer(preset=_facts(directory))
    return 0


def _facts(directory):
    _, metadata = read_preset(directory)
    return {"name": directory.name, **dataclasses.asdict(metadata)}
