"""Sparsemax for PyTorch's eager mode.

Without a compiler each operation writes an array of the size of its input, and
fresh memory costs more than the arithmetic. Here Newton's steps, the same as in
`layers/sparsemax.py`, all write to one array, and rows whose threshold is found
leave the computation.
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
        output = logits - maximum
        rows = output.view(-1, output.shape[-1])
        threshold = rows.new_full((len(rows), 1), -1.0)
        leaders = (leaders - maximum).view(len(rows), -1)
        _raise_threshold(leaders, threshold, tolerance)
        _raise_threshold(rows, threshold, tolerance)
        rows.sub_(threshold).clamp_min_(0)
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


def _raise_threshold(rows, threshold, tolerance):
    """Newton's steps of each row's threshold, `(rows, 1)`, in place."""
    index = torch.arange(len(rows), device=rows.device)
    scratch = torch.empty_like(rows)
    while len(index):
        old = threshold[index]
        above = torch.sub(rows, old, out=scratch[: len(rows)]).clamp_min_(0)
        excess = above.sum(-1, keepdim=True) - 1.0
        new = old + excess / above.sign_().sum(-1, keepdim=True)
        is_open = (excess > tolerance) & (new > old)
        threshold[index] = torch.where(is_open, new, old)
        remaining = is_open.squeeze(-1).nonzero().squeeze(-1)
        index, rows = index[remaining], rows[remaining]
