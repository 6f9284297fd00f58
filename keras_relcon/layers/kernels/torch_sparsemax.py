"""Sparsemax for PyTorch's eager mode.

Without a compiler each operation writes an array of the size of its input, and
each of its passes counts. Here Newton's steps, those of `layers/sparsemax.py`,
lower the output itself: what is above a threshold, less a step and cut at zero,
is what is above the next threshold. Only the few rows that the leaders have not
solved are lowered again.
"""

import torch


def project(logits, group_size, tolerance):
    """Sparsemax over the last axis of float32 or float64 logits."""
    return _Sparsemax.apply(logits, group_size, tolerance)


class _Sparsemax(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits, group_size, tolerance):
        logits = logits.contiguous()
        leaders = _leaders(logits, group_size)
        maximum = leaders.amax(-1, keepdim=True)
        # Relative to the maximum, the threshold lies in [-1, 0), and the
        # largest output is its negative.
        leaders = _lower(leaders - maximum + 1.0, tolerance)
        largest = leaders.amax(-1, keepdim=True)
        output = (logits - maximum).add_(largest).clamp_min_(0)
        rows = output.view(-1, output.shape[-1])
        index = (rows.sum(-1) - 1.0 > tolerance).nonzero().squeeze(-1)
        rows[index] = _lower(rows[index], tolerance)
        ctx.save_for_backward(output)
        return output

    @staticmethod
    def backward(ctx, upstream):
        (output,) = ctx.saved_tensors
        support = output.sign()
        mean = (upstream * support).sum(-1, keepdim=True) / support.sum(
            -1, keepdim=True
        )
        return support * (upstream - mean), None, None


def _leaders(logits, group_size):
    """The maximum of each group, and the logits left over."""
    num_groups = logits.shape[-1] // group_size
    if num_groups == 0:
        return logits
    grouped, rest = logits.tensor_split([num_groups * group_size], dim=-1)
    grouped = grouped.unflatten(-1, (group_size, num_groups))
    return torch.cat([grouped.amax(-2), rest], dim=-1)


def _lower(rows, tolerance):
    """Lowers each row by Newton's steps, in place, until it sums to 1.

    Entries below zero are cut. A row ends too when rounding ends its descent.
    """
    rows.clamp_min_(0)
    excess = rows.sum(-1, keepdim=True) - 1.0
    is_open = excess > tolerance
    while is_open.any():
        size = rows.sign().sum(-1, keepdim=True)
        rows.sub_(torch.where(is_open, excess / size, 0.0)).clamp_min_(0)
        before, excess = excess, rows.sum(-1, keepdim=True) - 1.0
        is_open &= (excess > tolerance) & (excess < before)
    return rows
