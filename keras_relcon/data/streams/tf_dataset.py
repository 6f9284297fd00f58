"""Gives the batches of a stream as a `tf.data.Dataset`."""

import keras

from keras_relcon import checks


def to_tf_dataset(
    groups,
    epochs=None,
    num_parallel_calls=None,
    num_shards=1,
    shard_index=0,
):
    """See `EpochBatches.to_tf_dataset`."""
    check_shard(num_shards, shard_index)
    if epochs is not None:
        checks.check_whole("epochs", epochs, 1, "Leave it out for no end.")
    tf = _import_tensorflow()
    length, first_epoch = len(groups), groups.epoch
    specs = groups.batch_specs()
    parts = keras.tree.flatten(specs)
    types = [tf.as_dtype(spec.dtype) for spec in parts]

    def draw(number):
        epoch, index = divmod(int(number), length)
        epoch = first_epoch if groups.is_fixed else first_epoch + epoch
        return keras.tree.flatten(groups.batch(epoch, index))

    def to_batch(number):
        values = tf.numpy_function(draw, [number], types, stateful=False)
        values = [
            tf.ensure_shape(value, spec.shape)
            for value, spec in zip(values, parts)
        ]
        return keras.tree.pack_sequence_as(specs, values)

    if epochs is None:
        numbers = tf.data.Dataset.counter()
    else:
        numbers = tf.data.Dataset.range(epochs * length)
    if num_shards > 1:
        # Of the numbers, before anything is read.
        numbers = numbers.shard(num_shards, shard_index)
    dataset = numbers.map(
        to_batch,
        num_parallel_calls=num_parallel_calls or tf.data.AUTOTUNE,
        deterministic=True,
    ).prefetch(tf.data.AUTOTUNE)
    options = tf.data.Options()
    # Between workers each batch goes to one: there are no files to share out.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    options.deterministic = True
    return dataset.with_options(options)


def check_shard(num_shards, shard_index, num_rows=None):
    """Raises a ValueError unless there is such a shard, of equal parts."""
    checks.check_whole("num_shards", num_shards)
    advice = "Count the shards from 0."
    checks.check_whole("shard_index", shard_index, 0, advice)
    if shard_index >= num_shards:
        raise ValueError(
            checks.message(
                "`shard_index` must be below `num_shards`.",
                {"shard_index": shard_index, "num_shards": num_shards},
                advice,
            )
        )
    if num_rows is not None and num_rows % num_shards:
        raise ValueError(
            "A batch must be shared evenly. Received: "
            f"num_shards={num_shards} for batches of {num_rows} rows. Use "
            "a `batch_size` that is a multiple of `num_shards`."
        )


def _import_tensorflow():
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ImportError(
            "`to_tf_dataset` needs TensorFlow. Install it with "
            '`pip install "keras-relcon[tensorflow]"`, or pass the '
            "batches themselves to `fit`."
        ) from error
    return tf
