"""What one backend computes faster by its own functions than by `keras.ops`."""
