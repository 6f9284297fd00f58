"""The arms of the paper's ablations, and what the paper reports of them.

Tables 5, 6 and 7 of [RelCon](https://arxiv.org/abs/2411.18822). Each arm is the
settings in which it differs from the base.
"""

ARMS = {
    "base": {},
    # Table 5. What trains a distance "without augmentations" it does not say:
    # a hidden span, or the window itself.
    "no_augmentation": {"augmentation": "mask"},
    "no_augmentation_identity": {"augmentation": "identity"},
    "no_rev_in": {"normalization": "none"},
    "softmax": {"attention": "softmax"},
    "no_within_subject": {"candidates": "augmented_copy"},
    # Table 6.
    "binary_loss": {"loss": "binary"},
    "log_ratio_loss": {"loss": "log_ratio"},
    # Table 7.
    "resnet1d18": {"encoder": "resnet1d18"},
    # Not in the paper: the statistics of REBAR, and the released code, which
    # trains with sparsemax and ranks with softmax.
    "anchor_rev_in": {"normalization": "anchor"},
    "softmax_ranking": {"ranking_attention": "softmax"},
    # The paper trains with 1, the released code with 0.1.
    "temperature_1": {"temperature": 1.0},
    "temperature_0.5": {"temperature": 0.5},
    "temperature_0.1": {"temperature": 0.1},
    "temperature_0.05": {"temperature": 0.05},
    # The paper takes candidates from all of a subject's recordings.
    "within_recording": {"candidates": "within_recording"},
    # The paper has 20.
    "num_candidates_1": {"num_candidates": 1},
    "num_candidates_20": {"num_candidates": 20},
}
TABLE_5 = (
    "base",
    "no_augmentation",
    "no_rev_in",
    "softmax",
    "no_within_subject",
)
TABLE_6 = ("base", "log_ratio_loss", "binary_loss")

# Relative changes to the base, in percent, of the six benchmarks of Table 5:
# walking speed and double support time (correlation), two private sets and
# HHAR (F1, linear probe), PAMAP2 (F1, MLP). Table 6 has the first four.
PUBLISHED_CHANGES = {
    "no_augmentation": (-5.42, -13.88, -12.5, -17.93, -8.92, -15.12),
    "no_rev_in": (-11.66, -6.01, -3.81, -4.11, -1.61, -4.65),
    "softmax": (-0.87, -3.7, -5.06, -7.11, -4.34, -0.62),
    "no_within_subject": (-1.4, -1.4, -4.49, -7.25, 2.24, -0.93),
    "log_ratio_loss": (-3.64, -6.11, -1.45, 1.39),
    "binary_loss": (-6.86, -9.82, -5.63, -9.03),
}


def named_arms(arms):
    """A dict of arm to settings, from names of `ARMS` or from such a dict.

    Raises:
        ValueError: if a name is unknown, or there is no arm.
    """
    if isinstance(arms, str):
        arms = (arms,)
    if not isinstance(arms, dict):
        unknown = [name for name in arms if name not in ARMS]
        if unknown:
            raise ValueError(
                f"Arms must be among {sorted(ARMS)}. Received: {unknown}. "
                "An arm of your own is a dict of name to changed settings."
            )
        arms = {name: ARMS[name] for name in arms}
    if not arms:
        raise ValueError(
            "There must be at least one arm. Received: none. Name some of "
            f"{sorted(ARMS)}."
        )
    return arms
