"""What both protocols of PAMAP2 know of its files."""

from keras_relcon.evaluation.protocols.source_files import (
    SourceLayout,
    join_parts,
)

# by the dataset's codes: 0, 1 to 7, 9 to 13, 16 to 20, 24
ACTIVITIES = (
    "null",
    "lying",
    "sitting",
    "standing",
    "walking",
    "running",
    "cycling",
    "nordic_walking",
    "watching_tv",
    "computer_work",
    "car_driving",
    "ascending_stairs",
    "descending_stairs",
    "vacuum_cleaning",
    "ironing",
    "folding_laundry",
    "house_cleaning",
    "playing_soccer",
    "rope_jumping",
)


def pamap2_files(recordings, position):
    """Source files of one sensor: `Protocol/` first, each folder by subject.

    Args:
        recordings: see `join_parts`.
        position: str. `"hand"` or `"ankle"`.

    Returns:
        list of `SourceFile`.
    """
    layout = SourceLayout(
        builder=f"pamap2/{position}",
        name=r"(Protocol|Optional)/subject\d+",
        position=position,
        rates_hz=(100,),
        classes=ACTIVITIES,
    )
    files = join_parts(recordings, layout)
    return sorted(
        files, key=lambda f: (not f.name.startswith("Protocol"), f.name)
    )
