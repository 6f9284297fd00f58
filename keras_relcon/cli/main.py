"""The console command `keras-relcon`."""

import argparse
import functools
import warnings

from keras_relcon.cli import (
    embed_command,
    fit_command,
    predict_command,
    presets_command,
    pretrain_command,
    probe_command,
    suite_command,
)
from keras_relcon.cli.console import Console, add_console_arguments
from keras_relcon.cli.messages import (
    PROGRAM,
    report_error,
    report_warning,
    say,
)
from keras_relcon.cohort import FAILURES
from keras_relcon.version import __version__

DESCRIPTION = f"""\
Motion embeddings from wearable accelerometers, and what people do.

  {PROGRAM} predict walk.csv        what a person does, in a page to read
  {PROGRAM} fit study/              a classifier of your own labels
  {PROGRAM} presets                 list the encoders and their input
  {PROGRAM} embed walk.csv          one embedding per window of a recording
  {PROGRAM} probe recordings/       score a linear probe on your labels
  {PROGRAM} suite relcon_small      score encoders on many datasets
  {PROGRAM} pretrain config.toml    train your own encoder on your recordings

The environment variable KERAS_BACKEND chooses tensorflow, jax or torch.
Exit status: 0 done, 1 an input is wrong, 2 the command line is wrong,
130 stopped.
"""
COMMANDS = (
    predict_command,
    fit_command,
    embed_command,
    probe_command,
    suite_command,
    pretrain_command,
    presets_command,
)
WRONG_INPUT = 1
STOPPED = 130


def main(arguments=None):
    """Runs the command line.

    Args:
        arguments: list of str. Defaults to the arguments of the process.

    Returns:
        int, the exit status.

    Raises:
        SystemExit: if the command line is wrong, and after `--help` and
            `--version`.
    """
    args = _parser().parse_args(arguments)
    console = Console(args.quiet, args.json)
    status, error = _run(args, console)
    console.finish(args.name, status, error)
    return status


def _run(args, console):
    """Runs a command; returns the exit status, and what ended it or `None`."""
    with warnings.catch_warnings(), console.bars():
        if not args.traceback:
            warnings.showwarning = functools.partial(report_warning, args)
        try:
            return args.run(args, console), None
        except KeyboardInterrupt:
            say("stopped")
            return STOPPED, "stopped"
        except FAILURES as error:
            if args.traceback:
                raise
            return WRONG_INPUT, report_error(error, args)


def _parser():
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"{PROGRAM} {__version__}"
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--traceback",
        action="store_true",
        help="show the traceback of an error, to report a bug",
    )
    add_console_arguments(common)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = subparsers.add_parser(
            command.NAME,
            help=command.HELP,
            description=command.DESCRIPTION,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[common],
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run, name=command.NAME)
    return parser
