"""One process of a distributed search; run by `test_distributed_search`."""

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # support.py

from tiny_search import TINY, tiny_data

from keras_relcon.tuning import AblationHyperModel, run_ablation

folder = Path(sys.argv[1])
hyper_model = AblationHyperModel(
    *tiny_data(),
    folder / "cache",
    arms=("base", "softmax_ranking"),
    seeds=(0, 1),
    **TINY,
)
score = hyper_model.probe.score


def counted(encoder):
    # No worker goes on before the other has a trial too, however slow it is.
    (folder / f"{os.environ['KERASTUNER_TUNER_ID']}.began").touch()
    while len(list(folder.glob("*.began"))) < 2:
        time.sleep(0.1)
    print("TRAINED", flush=True)
    return score(encoder)


hyper_model.probe.score = counted
results = run_ablation(hyper_model, folder / "search")
if results is not None:
    (folder / "results.json").write_text(json.dumps(results.trials))
