"""Trains a classifier and goes back to its best epoch."""

import numpy as np

from keras_relcon.evaluation.embed_windows import embed_windows


def train_to_best_epoch(
    network, train, validation, batch_size, epochs, patience, seed
):
    """Trains a compiled network, then restores its best weights.

    Args:
        network: compiled `keras.Model` from `(batch, time, 3)` to
            `(batch, classes)` logits.
        train: tuple of `(rows, time, 3)` windows, `(rows,)` int classes and
            `(rows,)` weights.
        validation: the same, or `None`: the last epoch is then kept.
        batch_size: int.
        epochs: int. At most.
        patience: int or None. Stops after that many epochs in a row without
            a lower validation loss.
        seed: int. Draws the order of the windows in each epoch, the same on
            every backend.

    Returns:
        Tuple of the best epoch, from 1, and the training and the validation
        loss of each epoch.

    Raises:
        ValueError: if a training loss is not finite.
    """
    generator = np.random.default_rng(seed)
    train_losses, validation_losses = [], []
    best_epoch, best_weights = epochs, None
    for epoch in range(1, epochs + 1):
        order = generator.permutation(len(train[0]))
        x, codes, weights = (array[order] for array in train)
        history = network.fit(
            x,
            codes,
            sample_weight=weights,
            batch_size=batch_size,
            shuffle=False,
            verbose=0,
        )
        train_losses.append(float(history.history["loss"][0]))
        _check_finite(train_losses)
        if validation is None:
            continue
        loss = _cross_entropy(network, *validation)
        if loss < min(validation_losses, default=np.inf):
            best_epoch = epoch
            best_weights = network.get_weights()
        validation_losses.append(loss)
        if patience is not None and epoch - best_epoch >= patience:
            break
    if best_weights is not None:
        network.set_weights(best_weights)
    return best_epoch, tuple(train_losses), tuple(validation_losses)


def _cross_entropy(network, x, codes, weights):
    logits = embed_windows(network, x).astype("float64")
    logits -= logits.max(axis=1, keepdims=True)
    own = np.take_along_axis(logits, codes[:, None].astype(int), axis=1)[:, 0]
    losses = np.log(np.exp(logits).sum(axis=1)) - own
    return float(np.average(losses, weights=weights))


def _check_finite(train_losses):
    if not np.isfinite(train_losses[-1]):
        raise ValueError(
            "The training loss must stay finite. Received: "
            f"{train_losses[-1]} in epoch {len(train_losses)}. Lower "
            "`learning_rate`, and check the scale of the windows."
        )
