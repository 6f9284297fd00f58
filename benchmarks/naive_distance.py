"""The motif distance as the paper defines it, to compare the fast one with."""

import math

import keras
from keras import ops

from keras_relcon.models.ranking import candidate_index, candidate_pool


def naive_distances(distance, anchors, candidates, pairs_per_chunk):
    """`(batch, batch - 1 + num_candidates)`, every pair from the beginning."""
    batch_size, num_candidates = candidates.shape[:2]
    pool = candidate_pool(anchors, candidates)
    index = candidate_index(batch_size, num_candidates)
    anchors = ops.repeat(anchors, index.shape[1], axis=0)
    others = ops.take(pool, ops.reshape(index, (-1,)), axis=0)
    chunks = [
        pair_distances(
            distance,
            anchors[start : start + pairs_per_chunk],
            others[start : start + pairs_per_chunk],
        )
        for start in range(0, anchors.shape[0], pairs_per_chunk)
    ]
    return ops.reshape(ops.concatenate(chunks), index.shape)


def pair_distances(distance, anchors, candidates):
    statistics = distance.rev_in.statistics(candidates)
    query = distance.qkv.query(distance.rev_in.normalize(anchors, statistics))
    normalized = distance.rev_in.normalize(candidates, statistics)
    key = distance.qkv.key(normalized)
    value = distance.qkv.value(normalized)
    scores = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
    weights = sorting_sparsemax(scores / math.sqrt(query.shape[-1]))
    attention = distance.cross_attention
    output = ops.matmul(ops.matmul(weights, value), attention.output_kernel)
    rebuilt = distance.rev_in.denormalize(
        output + attention.output_bias, statistics
    )
    return ops.sum(ops.square(rebuilt - anchors), axis=(1, 2))


def sorting_sparsemax(logits):
    """Algorithm 1 of Martins and Astudillo (2016)."""
    dtype = keras.backend.standardize_dtype(logits.dtype)
    descending = ops.flip(ops.sort(logits, axis=-1), axis=-1)
    rank = ops.arange(1, logits.shape[-1] + 1, dtype=dtype)
    sums = ops.cumsum(descending, axis=-1)
    support = ops.cast(1 + rank * descending > sums, dtype)
    total = ops.sum(support * descending, axis=-1, keepdims=True)
    threshold = (total - 1) / ops.sum(support, axis=-1, keepdims=True)
    return ops.relu(logits - threshold)
