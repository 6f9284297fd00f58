"""An epoch of `fit` that ends before its time, as one that goes on does."""

import contextlib
import warnings

ENDED_EARLY = "Your input ran out of data"


def shorten_epoch(model, num_left):
    """Ends the present epoch where its batches do, quietly, without a step.

    Keras would warn; and TensorFlow would begin the step for which there is no
    batch, up to what needs it: counts and seeds would go on by one.

    Args:
        model: compiled `keras.Model`, in `fit`.
        num_left: int. Batches that are left.
    """
    step, history = model.train_function, model.history
    quiet = contextlib.ExitStack()

    def step_while_there_are_batches(*args):
        nonlocal num_left
        if model.history is not history:  # another `fit`: an error ended this
            return step(*args)
        if num_left == 0:
            quiet.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", message=ENDED_EARLY)
            raise StopIteration
        num_left -= 1
        try:
            return step(*args)
        except BaseException:
            undo()
            raise

    def undo():
        model.train_function = step
        quiet.close()

    step_while_there_are_batches.undo = undo
    model.train_function = step_while_there_are_batches


def undo_shortening(model):
    """Undoes `shorten_epoch`, of which there may be nothing to undo."""
    undo = getattr(model.train_function, "undo", None)
    if undo is not None:
        undo()
