from keras import ops

from keras_relcon.checks import message
from keras_relcon.types import Tensor


def extreme_reconstruction_loss(
    embeddings: Tensor, labels: Tensor, extremes: Tensor
) -> Tensor:
    """Squared error of embeddings to the extreme of their class.

    The loss of EXCON and, with two classes, of CONTREX (Vural et al.): each
    embedding shall be the features of the member of its class that is
    farthest from the other classes. Every class that is present counts the
    same, however few members it has:

    ```
    loss = sum_{c present} mean_{i of c, dims} (embedding_i - extreme_c)**2
    ```

    Computed in float32. No gradient flows to the extremes.

    Args:
        embeddings: `(batch, dim)`, unit of the features.
        labels: `(batch,)` int, from 0 to `classes - 1`; other rows take no
            part.
        extremes: `(classes, dim)`, unit of the features. Row of each class.

    Returns:
        float32 scalar, 0 without members.

    Raises:
        ValueError: if the shapes do not fit.

    Differs from the paper: nothing known; as in its released code, the sum is
    not divided by the number of classes.
    """
    embeddings = ops.cast(embeddings, "float32")
    extremes = ops.stop_gradient(ops.cast(extremes, "float32"))
    labels = ops.cast(labels, "int32")
    if (
        len(embeddings.shape) != 2
        or len(extremes.shape) != 2
        or len(labels.shape) != 1
        or embeddings.shape[-1] != extremes.shape[-1]
    ):
        raise ValueError(
            message(
                "`embeddings` must be (batch, dim), `labels` (batch,) and "
                "`extremes` (classes, dim).",
                f"shapes {tuple(embeddings.shape)}, {tuple(labels.shape)} and "
                f"{tuple(extremes.shape)}",
                "Give the embedder as many outputs as there are features.",
            )
        )
    classes = ops.arange(extremes.shape[0], dtype="int32")
    is_member = ops.cast(labels[:, None] == classes[None, :], "float32")
    # (batch, classes)
    errors = ops.mean(ops.square(embeddings[:, None] - extremes[None]), axis=-1)
    counts = ops.sum(is_member, axis=0)
    sums = ops.sum(is_member * errors, axis=0)
    return ops.sum(sums / ops.maximum(counts, 1.0))
