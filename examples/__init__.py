"""Scripts that show the package at work; `python -m keras_relcon.examples`."""
