"""An epoch of `fit` that ends before its time, as one that goes on does."""

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
    quiet = warnings.catch_warnings()

    def step_while_there_are_batches(*args):
        nonlocal num_left
        if model.history is not history:  # another `fit`: an error ended this
            return step(*args)
        if num_left == 0:
            raise StopIteration
        num_left -= 1
        return step(*args)

    def undo():
        model.train_function = step
        quiet.__exit__(None, None, None)

    step_while_there_are_batches.undo = undo
    model.train_function = step_while_there_are_batches
    quiet.__enter__()
    warnings.filterwarnings("ignore", message=ENDED_EARLY)


def undo_shortening(model):
    """Undoes `shorten_epoch`, of which there may be nothing to undo."""
    undo = getattr(model.train_function, "undo", None)
    if undo is not None:
        undo()
