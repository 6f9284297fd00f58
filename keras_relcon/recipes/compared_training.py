"""One training of a comparison, and what is kept of it."""

import contextlib
import json
import shutil

import keras

from keras_relcon import distributed, kept_files, presets, training
from keras_relcon.checks import message
from keras_relcon.kept_files.replacing import write_texts
from keras_relcon.recipes.compared_methods import METHODS, untrained_encoder
from keras_relcon.recipes.comparison_scores import facts_of
from keras_relcon.recipes.pretraining_data import data_paths
from keras_relcon.recipes.pretraining_facts import by_source
from keras_relcon.recipes.pretraining_models import (
    encoder_in_float32,
    load_distance,
)
from keras_relcon.recipes.pretraining_stages import minutes_left

CHECKPOINT_STEPS = 200
# In the folder of a training that is not finished: what it is of, and why it
# is given up.
BEGUN, DIVERGED = "training.json", "diverged.txt"
# Settings that earlier versions did not keep.
LATER = ("recordings", "held_out_share", "split_seed", "data_sha256")
# What there is of data that are gone.
NO_DATA = ("data_sha256", None)


class ComparedTraining:
    """A method with a learning rate and a seed, and what is kept of it."""

    def __init__(self, run, name, rate, seed):
        self.run = run
        self.name = name
        self.rate = rate
        self.seed = seed
        self.folder = run.output / f"{name}-{rate:g}-{seed}"
        self.stage = run.output / "stages" / self.folder.name

    def finish(self, deadline, say):
        """Trains, or goes on; `False` where the time was over before.

        What another process trains is passed over.
        """
        if self._is_finished():
            return True
        self.stage.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(kept_files.lock(self.stage, wait=False))
            except BlockingIOError:
                say(f"{self.folder.name}: another process trains it.")
                return True
            # That process may have finished it just now.
            return self._is_finished() or self._train(deadline, say)

    def _is_finished(self):
        if not self.folder.exists():
            return False
        self._check_is_equal(self.folder, facts_of(self.folder))
        return True

    def _train(self, deadline, say):
        self._begin()
        if (self.stage / DIVERGED).exists():
            say(f"{self.folder.name} diverged before: it is left out.")
            return True
        try:
            return self._fit(deadline, say)
        except FloatingPointError as error:
            write_texts(self.stage, {DIVERGED: f"{error}\n"})
            say(f"{self.folder.name} diverged: it is left out. {error}")
            return True

    def _fit(self, deadline, say):
        method = METHODS[self.name]
        batches, per_step = self.run.batches(method, self.seed)
        steps = len(batches) * self.run.epochs
        keras.utils.set_random_seed(self.seed)
        encoder = untrained_encoder(method, self.run.config)
        distance = None
        if method.stream == "candidates":
            distance = load_distance(self.run.distance)
        model = method.make(encoder, distance, self.seed)
        schedule = keras.optimizers.schedules.CosineDecay(self.rate, steps)
        model.compile(
            optimizer=distributed.sums_replicas_alone(
                keras.optimizers.Adam(schedule)
            )
        )
        resumable = training.ResumableTraining(
            self.stage,
            batches,
            every=CHECKPOINT_STEPS,
            max_minutes=minutes_left(deadline),
        )
        say(f"{self.folder.name}: {steps} steps of {per_step} windows")
        model.fit(
            batches,
            epochs=self.run.epochs,
            shuffle=False,
            callbacks=[resumable],
            verbose=2,
        )
        if not resumable.is_finished:
            return False
        facts = {
            **self._facts(),
            "steps": steps,
            "windows_through_the_encoder": steps * per_step,
            "seconds": round(resumable.seconds, 3),
            "subjects": by_source(
                self.run.store.subjects, data_paths(self.run.config)
            ),
        }
        presets.save_to_preset(
            encoder_in_float32(encoder),
            self.folder,
            facts=facts,
            **self.run.config["windows"],
        )
        shutil.rmtree(self.stage)
        return True

    def _facts(self):
        return {
            "method": self.name,
            "learning_rate": self.rate,
            "seed": self.seed,
            "trained_by": self.run.settings(),
        }

    def _begin(self):
        """Says in the stage's folder what is trained; one begun is checked."""
        path = self.stage / BEGUN
        if path.exists():
            self._check_is_equal(self.stage, json.loads(path.read_text()))
        else:  # or begun by a version that did not say of what
            self.run.store  # noqa: B018, raises where there are no data
            text = json.dumps(self._facts(), indent=1)
            write_texts(self.stage, {BEGUN: text})

    def _check_is_equal(self, folder, facts):
        """Raises unless what is in a folder was trained as this one is."""
        wanted, found = _flat(self._facts()), _flat(facts)
        others = [
            name
            for name in wanted
            if found.get(name) != wanted[name]
            and (name in found or name not in LATER)
            and (name, wanted[name]) != NO_DATA
        ]
        if others:
            raise ValueError(
                message(
                    f"What is in {str(folder)!r} must have been trained as is "
                    "asked for now: with "
                    + ", ".join(f"{name}={wanted[name]}" for name in others)
                    + ".",
                    {name: found.get(name) for name in others},
                    "Choose another output.",
                )
            )


def _flat(facts):
    return {**facts, **(facts.get("trained_by") or {}), "trained_by": None}
