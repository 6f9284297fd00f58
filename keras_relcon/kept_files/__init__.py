"""Files and folders that are kept: how they are named, written and locked."""

from keras_relcon.kept_files.content_key import (
    config_text,
    content_key,
    has_config,
    library_versions,
)
from keras_relcon.kept_files.kept_folder import DAMAGED_NPZ, KeptFolder
from keras_relcon.kept_files.locking import lock
from keras_relcon.kept_files.replacing import (
    check_can_write,
    check_room,
    replacing,
    replacing_directory,
    reserve,
    write_file,
    write_texts,
)

__all__ = [
    "DAMAGED_NPZ",
    "KeptFolder",
    "check_can_write",
    "check_room",
    "config_text",
    "content_key",
    "has_config",
    "library_versions",
    "lock",
    "replacing",
    "replacing_directory",
    "reserve",
    "write_file",
    "write_texts",
]
