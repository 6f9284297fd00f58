from keras import ops

from keras_relcon.checks import check_number, message
from keras_relcon.losses.nt_xent import nt_xent_loss
from keras_relcon.types import Tensor

# Below it the gradient of a length is 0: at 0 it would be no number.
LEAST_SQUARE = 1e-12


def outlier_exposure_loss(
    first: Tensor,
    second: Tensor,
    outside: Tensor,
    alpha: Tensor | float = 1.0,
    temperature: float = 0.5,
) -> Tensor:
    """The NT-Xent loss of views inside, and the mean length of views outside.

    OECL of [Le-Gia and Ahn, 2023](https://arxiv.org/abs/2312.15288):
    contrastive training makes the projections of its data long, whatever the
    cosine asks of their directions; those of other data are kept short.

    ```
    loss = mean(nt_xent(first, second)) + mean(alpha * |outside|)
    ```

    Views outside are no negatives. Computed in float32.

    Args:
        first, second: `(batch, dim)`, unitless. Two views of each window
            inside, before normalisation.
        outside: `(outside_views, dim)`, unitless. Views of windows outside,
            before normalisation.
        alpha: float or `(outside_views,)`, not negative. Weight of the length
            of a view outside. Defaults to `1.0`.
        temperature: float, above 0. Defaults to `0.5` (released code).

    Returns:
        float32 scalar.

    Raises:
        ValueError: as `nt_xent_loss`; if `outside` has another `dim`, or
            `alpha` is a negative number or has another length.

    Differs from the paper: nothing known.
    """
    check_number("alpha", alpha, least=0)
    contrast = ops.mean(nt_xent_loss(first, second, temperature))
    outside = ops.cast(outside, "float32")
    if len(outside.shape) != 2 or outside.shape[-1] != first.shape[-1]:
        raise ValueError(
            message(
                "`outside` must have the width of the views inside, "
                f"(outside_views, {first.shape[-1]}).",
                f"shape={tuple(outside.shape)}",
                "Pass both through one network.",
            )
        )
    num_outside = outside.shape[0]
    shapes = [(), (None,), (num_outside,)]
    shape = tuple(getattr(alpha, "shape", ()))
    if num_outside is not None and shape not in shapes:
        raise ValueError(
            message(
                "`alpha` must be a number, or one for each of the "
                f"{num_outside} views outside.",
                f"shape={shape}",
            )
        )
    squares = ops.sum(ops.square(outside), axis=-1)
    lengths = ops.sqrt(ops.maximum(squares, LEAST_SQUARE))
    return contrast + ops.mean(ops.cast(alpha, "float32") * lengths)
