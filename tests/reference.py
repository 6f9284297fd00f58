"""Float64 NumPy oracles, written from the papers and sharing no code."""

import math

import numpy as np


def sparsemax(logits):
    """Martins and Astudillo (2016), algorithm 1, by sorting, last axis."""
    logits = np.asarray(logits, np.float64)
    descending = -np.sort(-logits, axis=-1)
    sums = np.cumsum(descending, axis=-1)
    rank = np.arange(1, logits.shape[-1] + 1)
    size = np.sum(1 + rank * descending > sums, axis=-1, keepdims=True)
    threshold = (np.take_along_axis(sums, size - 1, -1) - 1) / size
    return np.maximum(logits - threshold, 0)


def softmax(logits):
    logits = np.asarray(logits, np.float64)
    exp = np.exp(logits - logits.max(-1, keepdims=True))
    return exp / exp.sum(-1, keepdims=True)


def relative_contrastive_loss(distances, similarities, temperature, valid=None):
    """Eq. 5 to 7, candidate by candidate; returns one number per anchor."""
    losses = []
    for anchor in range(len(distances)):
        pool = [
            index
            for index in range(len(distances[anchor]))
            if valid is None or valid[anchor][index]
        ]
        total = 0.0
        for positive in pool:
            numerator = math.exp(similarities[anchor][positive] / temperature)
            denominator = numerator + sum(
                math.exp(similarities[anchor][other] / temperature)
                for other in pool
                if distances[anchor][other] > distances[anchor][positive]
            )
            total -= math.log(numerator / denominator)
        losses.append(total)
    return np.array(losses)


def conv1d(x, kernel, bias, dilation=1, stride=1, padding=None):
    """`x` (batch, time, in), `kernel` (size, in, out); zero padding."""
    size = kernel.shape[0]
    reach = dilation * (size - 1)
    left, right = padding or (reach // 2, reach - reach // 2)
    x = np.pad(x, ((0, 0), (left, right), (0, 0)))
    length = (x.shape[1] - reach - 1) // stride + 1
    out = np.zeros((x.shape[0], length, kernel.shape[2]))
    for tap in range(size):
        start = tap * dilation
        piece = x[:, start : start + stride * (length - 1) + 1 : stride]
        out += piece @ kernel[tap]
    return out + bias


def same_padding(length, size, stride):
    """Zeros before and after, for `ceil(length / stride)` outputs."""
    covered = (-(-length // stride) - 1) * stride + size
    total = max(covered - length, 0)
    return total // 2, total - total // 2


def batch_norm(x, norm, training, epsilon=1e-5):
    """`norm`: gamma, beta and the moving mean and variance, `(channels,)`."""
    gamma, beta, mean, variance = norm
    if training:
        mean, variance = x.mean((0, 1)), x.var((0, 1))
    return (x - mean) / np.sqrt(variance + epsilon) * gamma + beta


def resnet1d(x, stem, blocks, training=False):
    """Pre-activation residual encoder of METHODS 0.3, mean over time.

    `stem`: convolution and norm; `blocks`: dicts of `stride`, `norm_1`,
    `conv_1`, `norm_2`, `conv_2` and `shortcut`, which may be `None`. A
    convolution is kernel and bias, a norm as of `batch_norm`.
    """
    return resnet1d_sequences(x, stem, blocks, training)[-1].mean(1)


def resnet1d_sequences(x, stem, blocks, training=False, last_norm=None):
    """What each block hands on, after the norm and the ReLU that follow it."""

    def convolve(x, conv, stride=1):
        padding = same_padding(x.shape[1], len(conv[0]), stride)
        return conv1d(x, *conv, stride=stride, padding=padding)

    def activate(x, norm):
        return np.maximum(batch_norm(x, norm, training), 0)

    x = conv1d(x, *stem[0], stride=2, padding=(0, 0))
    x = activate(x, stem[1])
    count = (x.shape[1] - 3) // 2 + 1
    x = np.stack([x[:, 2 * i : 2 * i + 3].max(1) for i in range(count)], 1)
    raw = []
    for block in blocks:
        out = activate(x, block["norm_1"])
        out = convolve(out, block["conv_1"], block["stride"])
        out = convolve(activate(out, block["norm_2"]), block["conv_2"])
        if block["shortcut"] is not None:
            x = convolve(x, block["shortcut"], block["stride"])
        x = x + out
        raw.append(x)
    norms = [block["norm_1"] for block in blocks[1:]] + [last_norm]
    return [
        x if norm is None else activate(x, norm) for x, norm in zip(raw, norms)
    ]


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def instance_norm(x):
    mean = x.mean(1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(1, keepdims=True) + 1e-5)


def dilated_conv_stack(x, weights):
    """METHODS 0.3. `weights`: kernel and bias in layer order."""
    kernel, bias = weights[0]
    size = len(kernel)
    out = conv1d(x, kernel, 0.0)
    for t in range(x.shape[1]):
        inside = sum(
            0 <= t + tap - size // 2 < x.shape[1] for tap in range(size)
        )
        out[:, t] *= size / inside
    x = instance_norm(gelu(out + bias))
    for index in range((len(weights) - 1) // 2):
        narrow = conv1d(x, *weights[1 + 2 * index])
        wide = conv1d(narrow, *weights[2 + 2 * index], dilation=2**index)
        x = instance_norm(gelu(wide + x))
    return x


def motif_reconstruction(
    anchor, candidate, weights, attention="sparsemax", normalization="candidate"
):
    """Eq. 2 to 4 of RelCon for one pair, `(time, 3)` each."""
    if normalization == "none":
        mean, std, gamma, beta = 0.0, 1.0, 1.0, 0.0
    else:
        source = {"candidate": candidate, "anchor": anchor}[normalization]
        mean = source.mean(0)
        std = np.sqrt(source.var(0) + 1e-5)
        gamma, beta = weights["gamma"], weights["beta"]
    query_in = ((anchor - mean) / std * gamma + beta)[None]
    key_in = ((candidate - mean) / std * gamma + beta)[None]
    query = dilated_conv_stack(query_in, weights["query"])[0]
    key = dilated_conv_stack(key_in, weights["key"])[0]
    value = dilated_conv_stack(key_in, weights["value"])[0]
    scores = query @ key.T / math.sqrt(query.shape[1])
    rows = {"sparsemax": sparsemax, "softmax": softmax}[attention](scores)
    out = rows @ value @ weights["output_kernel"] + weights["output_bias"]
    return (out - beta) / (gamma + 1e-10) * std + mean


def motif_distance(
    anchor, candidate, weights, attention="sparsemax", normalization="candidate"
):
    """Eq. 1 for one pair."""
    anchor = np.asarray(anchor, np.float64)
    candidate = np.asarray(candidate, np.float64)
    rebuilt = motif_reconstruction(
        anchor, candidate, weights, attention, normalization
    )
    return float(np.sum((rebuilt - anchor) ** 2))


def candidate_distances(
    anchors,
    candidates,
    weights,
    attention="sparsemax",
    normalization="candidate",
):
    """Row `i`: anchors `i + 1, i + 2, ...` in a circle, then its own."""
    batch = len(anchors)
    switches = (weights, attention, normalization)
    return np.array(
        [
            [
                motif_distance(
                    anchors[i], anchors[(i + step) % batch], *switches
                )
                for step in range(1, batch)
            ]
            + [
                motif_distance(anchors[i], candidate, *switches)
                for candidate in candidates[i]
            ]
            for i in range(batch)
        ]
    )


def cosine_similarities(anchor_embeddings, candidate_embeddings):
    """The similarities in the order of `candidate_distances`."""

    def cosine(a, b):
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    batch = len(anchor_embeddings)
    return np.array(
        [
            [
                cosine(
                    anchor_embeddings[i], anchor_embeddings[(i + step) % batch]
                )
                for step in range(1, batch)
            ]
            + [
                cosine(anchor_embeddings[i], candidate)
                for candidate in candidate_embeddings[i]
            ]
            for i in range(batch)
        ]
    )


def nt_xent_loss(first, second, temperature):
    """SimCLR, Eq. 1, row by row over both views; one number per pair."""
    rows = [np.asarray(x, np.float64) for x in [*first, *second]]
    batch = len(first)

    def similarity(i, k):
        norms = np.linalg.norm(rows[i]) * np.linalg.norm(rows[k])
        return float(rows[i] @ rows[k]) / norms / temperature

    def row_loss(i):
        partner = i + batch if i < batch else i - batch
        others = [similarity(i, k) for k in range(2 * batch) if k != i]
        largest = max(others)
        total = sum(math.exp(s - largest) for s in others)
        return math.log(total) + largest - similarity(i, partner)

    return np.array(
        [(row_loss(i) + row_loss(i + batch)) / 2 for i in range(batch)]
    )


def binary_contrastive_loss(distances, similarities, temperature):
    """Eq. 5 of RelCon with each nearest candidate as the positive."""
    losses = []
    for row, values in zip(distances, similarities):
        terms = []
        for positive in range(len(row)):
            if any(other < row[positive] for other in row):
                continue
            numerator = math.exp(values[positive] / temperature)
            denominator = numerator + sum(
                math.exp(values[other] / temperature)
                for other in range(len(row))
                if row[other] > row[positive]
            )
            terms.append(-math.log(numerator / denominator))
        losses.append(sum(terms) / len(terms))
    return np.array(losses)


def log_ratio_loss(distances, similarities, epsilon=1e-6):
    """Kim et al. (2019), pair by pair; infinite distances take no part."""
    losses = []
    for row, values in zip(distances, similarities):
        pool = [i for i in range(len(row)) if math.isfinite(row[i])]
        terms = []
        for i in pool:
            for j in pool:
                if i < j:
                    embedded = (2 - 2 * values[i] + epsilon) / (
                        2 - 2 * values[j] + epsilon
                    )
                    given = (row[i] + epsilon) / (row[j] + epsilon)
                    terms.append((math.log(embedded) - math.log(given)) ** 2)
        losses.append(sum(terms) / max(len(terms), 1))
    return np.array(losses)


def masked_stack(x, seen, weights):
    """`dilated_conv_stack` whose first layer sees where `seen` is 1."""
    kernel, bias = weights[0]
    reach = len(kernel) // 2
    length = x.shape[1]
    out = np.zeros((1, length, kernel.shape[2]))
    for t in range(length):
        inside = [
            (tap, t + tap - reach)
            for tap in range(len(kernel))
            if 0 <= t + tap - reach < length and seen[t + tap - reach]
        ]
        if inside:
            total = sum(x[0, place] @ kernel[tap] for tap, place in inside)
            out[0, t] = total * len(kernel) / len(inside) + bias
    x = instance_norm(gelu(out))
    for index in range((len(weights) - 1) // 2):
        narrow = conv1d(x, *weights[1 + 2 * index])
        wide = conv1d(narrow, *weights[2 + 2 * index], dilation=2**index)
        x = instance_norm(gelu(wide + x))
    return x


def masked_reconstruction(anchor, candidate, seen, weights):
    """METHODS 3: REBAR's stage 1 for one pair, `(time, 3)` each."""
    anchor = np.asarray(anchor, np.float64)
    candidate = np.asarray(candidate, np.float64)
    mean = anchor.mean(0)
    std = np.sqrt(anchor.var(0) + 1e-5)
    gamma, beta = weights["gamma"], weights["beta"]
    query_in = ((anchor - mean) / std * gamma + beta)[None]
    key_in = ((candidate - mean) / std * gamma + beta)[None]
    query = masked_stack(query_in, seen, weights["query"])[0]
    key = dilated_conv_stack(key_in, weights["key"])[0]
    value = dilated_conv_stack(key_in, weights["value"])[0]
    rows = softmax(query @ key.T / math.sqrt(query.shape[1]))
    out = rows @ value @ weights["output_kernel"] + weights["output_bias"]
    return (out - beta) / (gamma + 1e-10) * std + mean
