"""Columns of text: NumPy arrays, or what pyarrow read of a .csv file.

Text of millions of rows is slow as NumPy's or Python's own.
"""

# What software writes in place of a missing value. `null` and `none` in small
# letters are classes of public sets.
MISSING = ("NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "None")


def label_name(text):
    """The label in a cell, `""` where it is missing."""
    text = text.strip()
    return "" if text in MISSING else text


def as_arrow(values):
    """The `pyarrow.Array` of `(num_rows,)` str."""
    import pyarrow

    return (
        values if isinstance(values, pyarrow.Array) else pyarrow.array(values)
    )


def encode_text(values):
    """Returns `(codes, names)`: `(num_rows,)` int32, and a list of str."""
    encoded = as_arrow(values).dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    return codes, encoded.dictionary.to_pylist()
