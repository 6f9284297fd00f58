"""The processes of a distributed search; run by `test_distributed_search`.

    python search_worker.py FOLDER NAME ...

Each is forked when the imports are done, which take longer than its work. What
it says is in `FOLDER/NAME.log`.
"""

import gc
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # support.py

from support import tiny_encoder
from tiny_search import TINY, tiny_data

from keras_relcon.tuning import AblationHyperModel, run_ablation


def main(folder, *names):
    gc.freeze()  # KerasTuner collects garbage for each trial
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=run, args=(Path(folder), name)) for name in names
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    codes = {name: p.exitcode for name, p in zip(names, processes)}
    if any(codes.values()):
        raise SystemExit(f"exit codes {codes}")


def run(folder, name):
    with open(folder / f"{name}.log", "w") as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())
    os.environ["KERASTUNER_TUNER_ID"] = name
    hyper_model = AblationHyperModel(
        *tiny_data(),
        folder / "cache",
        arms=("base", "softmax_ranking"),
        seeds=(0, 1),
        **{**TINY, "encoder": tiny_encoder},
    )
    score = hyper_model.probe.score

    def counted(encoder):
        # No worker goes on before the other has a trial too, however slow.
        (folder / f"{name}.began").touch()
        while len(list(folder.glob("*.began"))) < 2:
            time.sleep(0.1)
        print("TRAINED", flush=True)
        return score(encoder)

    hyper_model.probe.score = counted
    results = run_ablation(hyper_model, folder / "search")
    if results is not None:
        (folder / "results.json").write_text(json.dumps(results.trials))


if __name__ == "__main__":
    main(*sys.argv[1:])
