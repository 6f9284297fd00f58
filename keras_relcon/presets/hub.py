"""Presets on the Hugging Face Hub."""

import json
import shutil
import tempfile
from pathlib import Path

from keras_relcon.checks import message
from keras_relcon.presets.from_preset import from_preset
from keras_relcon.presets.preset_directory import (
    CARD,
    HUB,
    PARTS,
    find_preset,
    import_hub,
    preset_files,
    read_preset,
)
from keras_relcon.presets.preset_metadata import PresetMetadata, model_card
from keras_relcon.types import PathLike

LIBRARY = "keras-relcon"
TAGS = ("keras", "accelerometer", "wearables", "motion", "feature-extraction")


def upload_preset(
    repository: str,
    directory: PathLike,
    license: str | None = None,
    tag: str | None = None,
    private: bool = False,
    token: str | None = None,
) -> str:
    """Uploads a preset to the Hugging Face Hub.

    The repository is made if it does not exist. Its files become those of the
    preset, in one commit; whatever else is in the directory stays at home. The
    card is written anew, `README.md` of the directory is not uploaded: it
    begins with the facts that the hub reads (its YAML head).

    Args:
        repository: str. `"user/name"`, or `"hf://user/name"`.
        directory: str or path. What `save_to_preset` wrote, or the name of a
            preset that comes with the package.
        license: str. Of the weights, as the hub names it, such as
            `"apache-2.0"`. Defaults to `None`: the hub shows none.
        tag: str. Names the commit, so that it can be loaded for ever as
            `"hf://user/name@tag"`. It must be new: the hub refuses one that is
            there, after the upload. Defaults to `None`.
        private: bool. Whether a new repository is private. Defaults to `False`.
        token: str. Of the hub. Defaults to `None`: the one that
            `hf auth login` has stored.

    Returns:
        str, what `from_preset` loads it by.

    Raises:
        ImportError: if huggingface_hub is not installed.
        ValueError: if there is no such preset, or it is damaged; nothing is
            uploaded then.

    Example:
    ```python
    name = keras_relcon.presets.upload_preset("me/motion", "my_preset")
    encoder = keras_relcon.presets.from_preset(name)
    ```
    """
    hub = import_hub()
    name = repository.removeprefix(HUB)
    if name.count("/") != 1 or "@" in name or not all(name.split("/")):
        raise ValueError(
            message(
                "`repository` must be 'user/name'.",
                {"repository": repository},
                "Name the commit by `tag`.",
            )
        )
    source = find_preset(directory)
    _check_whole(source)
    _, metadata = read_preset(source)
    files = preset_files()
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            if (source / file).is_file():
                target = Path(folder) / file
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(source / file, target)
        card = hub_card(metadata, name, license)
        (Path(folder) / CARD).write_text(card, encoding="utf-8", newline="\n")
        hub.create_repo(name, private=private, exist_ok=True, token=token)
        commit = hub.upload_folder(
            repo_id=name,
            folder_path=folder,
            allow_patterns=files,
            delete_patterns=files,  # parts that it had, and has no more
            commit_message=f"Preset {source.name}",
            token=token,
        )
        if tag is not None:
            hub.create_tag(name, tag=tag, revision=commit.oid, token=token)
    return f"{HUB}{name}" + (f"@{tag}" if tag is not None else "")


def _check_whole(directory):
    """Raises a ValueError where a file of a preset is damaged."""
    for folder in [directory, *(directory / part for part in PARTS)]:
        if folder.is_dir():
            from_preset(folder)


def hub_card(
    metadata: PresetMetadata, repository: str, license: str | None = None
) -> str:
    """Writes the model card of a preset for the hub.

    Args:
        metadata: `PresetMetadata`.
        repository: str. `"user/name"`.
        license: str, as of `upload_preset`. Defaults to `None`.

    Returns:
        str: a YAML head between two rules, then `model_card`.
    """
    head = {"library_name": LIBRARY, "tags": list(TAGS)}
    if license is not None:
        head["license"] = license
    # Each value as JSON, which is YAML too: nothing in it can break the head.
    lines = [f"{key}: {json.dumps(value)}" for key, value in head.items()]
    card = model_card(metadata, f"{HUB}{repository}")
    title = f"# {HUB}{repository}"
    card = card.replace(title, f"# {repository.split('/')[1]}", 1)
    return "\n".join(["---", *lines, "---", "", card])
