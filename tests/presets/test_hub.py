"""A folder plays the hub, with the signatures of its real client."""

import inspect
import json
import shutil
import sys
import types
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

from keras_relcon.presets import from_preset, save_to_preset, upload_preset
from keras_relcon.presets.preset_directory import preset_files


class LocalHub:
    """Repositories as folders: `main`, and a copy for each tag."""

    def __init__(self, root):
        self.root = root
        self.commits = []

    def client(self):
        names = (
            "create_repo",
            "create_tag",
            "snapshot_download",
            "upload_folder",
        )
        return types.SimpleNamespace(
            **{name: self._as_real(name) for name in names}
        )

    def _as_real(self, name):
        real = pytest.importorskip("huggingface_hub")
        signature = inspect.signature(getattr(real, name))

        def call(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)  # as the real one takes
            return getattr(self, name)(**bound.arguments)

        return call

    def create_repo(self, repo_id, private, exist_ok, token):
        (self.root / repo_id / "main").mkdir(parents=True, exist_ok=exist_ok)

    def upload_folder(
        self,
        repo_id,
        folder_path,
        allow_patterns,
        delete_patterns,
        commit_message,
        token,
    ):
        main = self.root / repo_id / "main"
        for path in [p for p in main.rglob("*") if p.is_file()]:
            name = path.relative_to(main).as_posix()
            if any(fnmatch(name, pattern) for pattern in delete_patterns):
                path.unlink()
        for path in [p for p in Path(folder_path).rglob("*") if p.is_file()]:
            name = path.relative_to(folder_path).as_posix()
            if any(fnmatch(name, pattern) for pattern in allow_patterns):
                (main / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, main / name)
        self.commits.append(commit_message)
        return types.SimpleNamespace(oid=f"commit {len(self.commits)}")

    def create_tag(self, repo_id, tag, revision, token):
        assert revision == f"commit {len(self.commits)}"
        repository = self.root / repo_id
        shutil.copytree(repository / "main", repository / tag)

    def snapshot_download(self, repo_id, allow_patterns, revision):
        assert allow_patterns == preset_files()
        return str(self.root / repo_id / (revision or "main"))


@pytest.fixture
def hub(tmp_path, monkeypatch):
    hub = LocalHub(tmp_path / "hub")
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub.client())
    return hub


def files_of(folder):
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.every_backend
def test_a_preset_comes_back_as_it_went(hub, relcon_preset, windows, tmp_path):
    source = Path(shutil.copytree(relcon_preset, tmp_path / "mine"))
    (source / "recordings.csv").write_text("private")
    assert upload_preset("hf://someone/motion", source) == "hf://someone/motion"
    main = hub.root / "someone" / "motion" / "main"
    assert files_of(main) == files_of(Path(relcon_preset))
    assert hub.commits == ["Preset mine"]
    for name in ("hf://someone/motion", source):
        found = from_preset(name).predict(windows, verbose=0)
        expected = from_preset(relcon_preset).predict(windows, verbose=0)
        np.testing.assert_array_equal(found, expected)
    assert from_preset("hf://someone/motion", task="pretrain").temperature


def test_a_tag_stays_what_it_was(
    hub, relcon_preset, encoder, windows, tmp_path
):
    name = upload_preset("someone/motion", relcon_preset, tag="v1")
    assert name == "hf://someone/motion@v1"
    encoder.set_weights([0.5 * weight for weight in encoder.get_weights()])
    other = save_to_preset(
        encoder, tmp_path / "other", sample_rate_hz=100, window_length=64
    )
    upload_preset("someone/motion", other)
    old = from_preset(name).predict(windows, verbose=0)
    new = from_preset("hf://someone/motion").predict(windows, verbose=0)
    assert not np.array_equal(old, new)
    np.testing.assert_array_equal(
        old, from_preset(relcon_preset).predict(windows, verbose=0)
    )
    # What the new one has not is gone from `main`, and not from the tag.
    repository = hub.root / "someone" / "motion"
    assert files_of(repository / "main") == files_of(other)
    assert files_of(repository / "v1") == files_of(Path(relcon_preset))


def test_the_card_has_the_head_that_the_hub_reads(hub, relcon_preset):
    yaml = pytest.importorskip("yaml")
    upload_preset("someone/motion", relcon_preset, license="mit: \n- x")
    card = hub.root / "someone" / "motion" / "main" / "README.md"
    before, head, text = card.read_text().split("---\n", 2)
    facts = yaml.safe_load(head)
    assert before == "" and facts["library_name"] == "keras-relcon"
    assert facts["license"] == "mit: \n- x"
    assert "accelerometer" in facts["tags"]
    assert text.lstrip().startswith("# motion\n")
    assert 'from_preset("hf://someone/motion")' in text


def test_what_is_wrong_is_not_uploaded(hub, relcon_preset, tmp_path):
    for name in ("motion", "a/b/c", "someone/motion@v1", "/motion"):
        with pytest.raises(ValueError, match="must be 'user/name'"):
            upload_preset(name, relcon_preset)
    damaged = Path(shutil.copytree(relcon_preset, tmp_path / "damaged"))
    for part in (damaged / "motif_distance", damaged):
        text = (part / "metadata.json").read_text()
        metadata = json.loads(text)
        metadata["weights"]["sha256"] = "0" * 64
        (part / "metadata.json").write_text(json.dumps(metadata))
        with pytest.raises(ValueError, match="damaged"):
            upload_preset("someone/motion", damaged)
        (part / "metadata.json").write_text(text)
    assert not hub.root.exists()


def test_the_hub_needs_its_package(monkeypatch, relcon_preset):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"keras-relcon\[hub\]"):
        from_preset("hf://someone/motion")
    with pytest.raises(ImportError, match=r"keras-relcon\[hub\]"):
        upload_preset("someone/motion", relcon_preset)
