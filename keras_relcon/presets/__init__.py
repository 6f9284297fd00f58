from keras_relcon.presets.export_encoder import export_encoder
from keras_relcon.presets.exported_encoder import ExportedEncoder
from keras_relcon.presets.from_preset import from_preset, preset_outputs
from keras_relcon.presets.hub import upload_preset
from keras_relcon.presets.preset_directory import list_presets
from keras_relcon.presets.preset_metadata import (
    CARD_FACTS,
    PresetMetadata,
    model_card,
)
from keras_relcon.presets.save_to_preset import save_to_preset

__all__ = [
    "CARD_FACTS",
    "ExportedEncoder",
    "PresetMetadata",
    "export_encoder",
    "from_preset",
    "list_presets",
    "model_card",
    "preset_outputs",
    "save_to_preset",
    "upload_preset",
]
