import numpy as np

from keras_relcon.data.readers.tables import table_blocks


def read_table(*args, **kwargs):
    """The columns of `table_blocks` at once; text as NumPy's str."""
    blocks = list(table_blocks(*args, **kwargs))
    columns = {
        name: np.concatenate([np.asarray(block[name]) for block in blocks])
        for name in blocks[0]
    }
    return {
        name: values.astype(str) if values.dtype.kind == "O" else values
        for name, values in columns.items()
    }
