"""What kind of device JAX computes on."""

import jax


def compute_capability():
    """NVIDIA's number of what the GPU can do, and 0 without such a GPU.

    Of the device that arrays are made on: 8.0 to 8.9 are those of 2020 and on
    (Ampere, Ada), 9.0 an H100 or H200 (Hopper).
    """
    device = jax.config.jax_default_device
    if device is None or isinstance(device, str):
        device = jax.devices(device)[0]
    if not device.device_kind.startswith("NVIDIA"):
        return 0.0
    return float(device.compute_capability)
