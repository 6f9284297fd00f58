"""Names formats that are not read, and says what to export instead."""

from pathlib import Path

from keras_relcon.checks import message

CSV = "Export the raw acceleration as .csv"
# Ending: what the file is, and what to do.
OTHER_FORMATS = {
    ".agd": (
        "ActiGraph epochs (counts, not raw samples)",
        "Take the .gt3x file of the same recording, or export it as raw .csv "
        "with ActiLife",
    ),
    ".avi": (
        "a video, or an old name of ActiGraph exports",
        f"{CSV} of the device that was worn",
    ),
    ".mp4": ("a video", f"{CSV} of the device that was worn"),
    ".c3d": (
        "motion capture (markers and analog channels)",
        f"{CSV} of the accelerometer's analog channels",
    ),
    ".edf": (
        "European Data Format",
        f"{CSV}, with the package `pyedflib` or the maker's software",
    ),
    ".bdf": (
        "BioSemi Data Format",
        f"{CSV}, with the package `pyedflib` or the maker's software",
    ),
    ".fit": (
        "a Garmin or ANT+ activity (one record in a second)",
        "Record the raw acceleration with an app that logs it, and export .csv",
    ),
    ".gpx": (
        "positions, without acceleration",
        "Record the raw acceleration with an app that logs it, and export .csv",
    ),
    ".tcx": (
        "a training log, without acceleration",
        "Record the raw acceleration with an app that logs it, and export .csv",
    ),
    ".json": (
        "JSON, of which each app has its own form",
        "Choose .csv in the export of the app",
    ),
    ".xml": (
        "XML, such as the export of Apple Health",
        "Record the raw acceleration with an app that logs it, and export .csv",
    ),
    ".mat": (
        "MATLAB",
        "Write the columns as .csv with `writetable`, named x, y and z (not "
        "`writematrix`, which writes no names), or load the file with "
        "`scipy.io.loadmat` and make a `Recording` of the array",
    ),
    ".npy": (
        "one NumPy array without names",
        "Load it with `numpy.load` and make a `Recording` of it, or save it by "
        "name with `numpy.savez`",
    ),
    ".pkl": (
        "Python objects, which may run code when they are read",
        "Load it yourself if you trust it and make a `Recording` of the array",
    ),
    ".omx": (
        "Open Movement data of another device than the AX3 and AX6",
        f"{CSV} with OMGUI",
    ),
    ".rdata": ("R", "Write the table as .csv with `write.csv`"),
    ".rds": ("R", "Write the table as .csv with `write.csv`"),
    ".sav": ("SPSS", "Export the table as .csv"),
    ".wav": (
        "sound, in which OMGUI can store acceleration",
        f"{CSV} with OMGUI, or read the .cwa file itself",
    ),
    ".xlsx": ("Excel", "Save the sheet as CSV UTF-8 (.csv)"),
    ".xls": ("Excel", "Save the sheet as CSV UTF-8 (.csv)"),
    ".ods": ("a spreadsheet", "Save the sheet as .csv"),
    ".zip": ("an archive", "Unpack it and read the files in it"),
    **dict.fromkeys(
        (".gz", ".bz2", ".zst", ".xz"),
        (
            "compressed, but neither .csv.gz, .csv.bz2 nor .csv.zst",
            "Unpack it and read the file in it",
        ),
    ),
    ".7z": ("an archive", "Unpack it and read the files in it"),
    ".rar": ("an archive", "Unpack it and read the files in it"),
}


def other_format_message(path, endings):
    """What to say of a file of a kind that is not read.

    Args:
        path: str or path.
        endings: str. Those of the files that are read.
    """
    path = Path(path)
    known = OTHER_FORMATS.get(path.suffix.lower())
    received = f"path={str(path)!r}"
    advice = "Save the signal as one of these"
    if known is not None:
        kind, advice = known
        received += f", which is {kind}"
    return message(
        f"`path` must end in {endings}.",
        received,
        f"{advice}, or make a `Recording` of the array."
        if "Recording" not in advice
        else f"{advice}.",
    )
