"""What kind of device JAX computes on."""

import jax

# From here on tensor cores multiply bfloat16.
LEAST_COMPUTE_CAPABILITY = 8.0


def has_tensor_cores():
    """Whether arrays are made on an NVIDIA GPU of 2020 (Ampere) or later."""
    device = jax.config.jax_default_device
    if device is None or isinstance(device, str):
        device = jax.devices(device)[0]
    return device.device_kind.startswith("NVIDIA") and (
        float(device.compute_capability) >= LEAST_COMPUTE_CAPABILITY
    )
