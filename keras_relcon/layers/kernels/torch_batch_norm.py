import torch


def takes(x, gamma):
    """Whether the kernel has the dtypes of the signal and of the weights."""
    return True


def normalize(x, gamma, beta, epsilon):
    """Batch norm in training of `(batch, channels, time)`.

    Returns:
        The normalised `x`, and mean and biased variance of each channel, both
        without gradient.
    """
    y, mean, inverse_std = torch.native_batch_norm(
        x, gamma, beta, None, None, True, 0.0, epsilon
    )
    variance = inverse_std.detach() ** -2 - epsilon
    return y, mean.detach(), variance.clamp_min(0)
