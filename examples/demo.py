"""From labels to answers on people who are new, then a short pretraining.

python examples/demo.py                       # 23 people with a smartwatch
python examples/demo.py --data recordings/    # yours: <subject>/<name>.csv
"""

import argparse
import time
import warnings
from pathlib import Path

import keras_relcon as kr  # first: it chooses the backend

# isort: split
import keras
import numpy as np
from scipy.stats import kendalltau

from keras_relcon.evaluation.report.pictures import PICTURE_CSS
from keras_relcon.evaluation.report.plots import svg
from keras_relcon.evaluation.report.plots.curves import plot_loss_curves
from keras_relcon.evaluation.suite.mini_rocket import (
    MiniRocketFeatures,
    has_aeon,
)
from keras_relcon.markup import document, element, section, table

EXCERPT = Path(__file__).parent / "data" / "geotec_sw.npz"
FIT_SHARE = 15 / 23  # of the people; the others are new to the classifier
MOST_PAGES = 100
MOST_WINDOWS = 2000  # to fit on, so that it ends in minutes on a CPU


def main():
    args = parse_args()
    started = time.time()
    keras.utils.set_random_seed(args.seed)
    recordings = load(args.data)
    people = sorted({r.subject for r in recordings})
    if len(people) < 5:
        raise SystemExit(
            "The demo needs 5 people or more: some to fit on, others to "
            f"predict. Received: {people}. Add recordings."
        )
    num_fitted = min(round(FIT_SHARE * len(people)), len(people) - 2)
    old = [r for r in recordings if r.subject in people[:num_fitted]]
    new = [r for r in recordings if r.subject in people[num_fitted:]]
    about = f"{num_fitted} people to fit on, {len(people) - num_fitted} others"
    say(f"{len(recordings)} recordings of {len(people)} people: {about}")

    parts = []
    if any(r.labels is not None for r in recordings):
        model, scores = fit(old, new)
        parts += scores
        pages = predict(model, new, args)
    else:
        say("\nWithout labels: predicted by activities_wrist, of the package")
        model = kr.MotionClassifier.load("activities_wrist")
        pages = predict(model, recordings, args)
    parts += [*pretrain(old, new, args), pages]
    body = element("main", element("h1", "Demo"), *parts)
    page = document("Demo", body, PICTURE_CSS + svg.STYLE)
    path = args.output / "report.html"
    path.write_text(page, encoding="utf-8")
    say(f"\n{time.time() - started:.0f} s; open {path}")


def fit(old, new):
    """Fits a classifier, and scores it on new people beside its rivals."""
    say("\n1. A classifier on relcon_small, scored on people left out in turn")
    fitted_on = thin(windows_of(old), MOST_WINDOWS)
    model = kr.MotionClassifier("relcon_small").fit(fitted_on)
    say(f"{model.scores_.table()}\n\n{model.scores_.sentence()}")

    say("\n2. People who are new to it")
    tested = windows_of(new)
    known = np.isin(tested.labels, model.classes_)
    tested = thin(tested.select(known), MOST_WINDOWS)
    transforms = {"hand-made features": kr.evaluation.handmade_features}
    if has_aeon():
        rocket = MiniRocketFeatures().fitted(fitted_on.acceleration)
        transforms["MiniRocket"] = rocket
    untrained = kr.presets.from_preset(
        "relcon_small", output="features", load_weights=False
    )
    scores = {"relcon_small": model.evaluate(tested)}
    scores["untrained, without MiniRocket"] = rival(
        lambda x: kr.evaluation.embed_windows(untrained, x), fitted_on, tested
    )
    for name, transform in transforms.items():
        scores[name] = rival(transform, fitted_on, tested)
    rows = []
    for name, each in scores.items():
        row = next(iter(each.rows.values()))
        rows.append(
            [
                name,
                *(f"{100 * row[key]:.1f}" for key in ("macro_f1", "accuracy")),
            ]
        )
        say("{:30} macro-F1 {} %, {} % of windows right".format(*rows[-1]))
    say(f"\n{model.test_scores_.sentence()}")
    note = (
        f"Means over {model.test_scores_.num_subjects} people, {len(tested)} "
        "windows. Settings of the package were chosen on the people of its "
        "excerpt too, so that this is no test of it."
    )
    head = ["linear classifier on", "macro-F1, %", "accuracy, %"]
    left_out = element("pre", model.scores_.table(), class_="scroll")
    return model, [
        element("p", model.test_scores_.sentence(), class_="summary"),
        section("People left out in turn", left_out),
        section("New people", table(note, head, rows)),
    ]


def rival(transform, fitted_on, tested):
    """Scores of the same head on other features."""
    other = kr.MotionClassifier(num_folds=0).fit(
        transform(fitted_on.acceleration),
        fitted_on.labels,
        groups=fitted_on.subjects,
    )
    return other.evaluate(
        transform(tested.acceleration), tested.labels, groups=tested.subjects
    )


def predict(model, recordings, args):
    """Writes a page for each recording; returns a table of them."""
    folder = args.output / "answers"
    shown = recordings[: 5 if args.quick else MOST_PAGES]
    rows = []
    for number, timeline in enumerate(model.each_timeline(shown)):
        name = f"{number:03d}.html"
        folder.mkdir(exist_ok=True)
        timeline.save(folder / name)
        minutes = timeline.minutes("recording").iloc[0]
        found = ", ".join(
            f"{60 * value:.0f} s {state}"
            for state, value in minutes.items()
            if value > 0
        )
        link = element("a", timeline.name, href=f"answers/{name}")
        rows.append([link, timeline.subject, found])
    say(f"a page for each of {len(rows)} recordings is in {folder}/")
    head = ["page", "person", "found"]
    return section("Pages", table("One for each recording", head, rows))


def pretrain(old, new, args):
    """Trains a motif distance and RelCon for a minute."""
    steps, epochs = (5, 1) if args.quick else (20, 3)
    windows, unseen = (
        kr.data.make_windows(part, stride=64) for part in (old, new)
    )
    windows, unseen = windows.select(windows.valid), unseen.select(unseen.valid)

    say("\n3. A motif distance learns to rebuild windows")
    distance = small_distance()
    distance.compile(optimizer=keras.optimizers.Adam(1e-3))
    rebuilt = distance.fit(
        thin(windows, 64 * steps).acceleration,
        batch_size=64,
        epochs=epochs,
        verbose=2,
    ).history
    say("\n4. RelCon teaches an encoder the order of these distances")
    model = kr.RelConModel(
        kr.layers.ResNet1D34(widths=(32, 64, 128, 256), strides=(1, 2, 2, 2)),
        distance,
        temperature=0.1,
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    before = agreement(model.encoder, distance, unseen)
    groups = kr.data.CandidateGroups(
        kr.data.WindowStore.from_recordings(old),
        batch_size=32,
        num_candidates=8,
        steps_per_epoch=steps,
        seed=args.seed,
    )
    history = model.fit(groups, epochs=epochs, verbose=2).history
    after = agreement(model.encoder, distance, unseen)
    say(
        "of two windows of a new person, the encoder has the one at the "
        f"smaller distance nearer in {100 * before:.0f} % of cases before the "
        f"training, {100 * after:.0f} % after it"
    )
    model.encoder.save(args.output / "encoder.keras")
    losses = {"motif distance": rebuilt["loss"], "RelCon": history["loss"]}
    rows = [
        [title, *(f"{values[at]:.4f}" for at in (0, -1))]
        for title, values in losses.items()
    ]
    note = "A minute of training shows that it works, not how good it gets."
    head = ["loss", "first epoch", "last epoch"]
    drawn = element("div", *plots(losses), class_="pictures")
    parts = [section("A short pretraining", table(note, head, rows), drawn)]
    note = (
        "How often the encoder has the nearer of two windows nearer, on new "
        "people"
    )
    shares = [
        ["before training", f"{100 * before:.1f}"],
        ["after training", f"{100 * after:.1f}"],
    ]
    parts.append(table(note, ["encoder", "share, %"], shares))
    return parts


def agreement(encoder, distance, windows, number=48):
    """Share of pairs of windows whose order both agree on (Kendall's tau)."""
    windows = thin(windows, number).acceleration
    vectors = kr.evaluation.embed_windows(encoder, windows)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    others = np.arange(len(windows))
    shares = []
    for index, anchor in enumerate(windows):
        kept = others != index
        anchors = np.repeat(anchor[None], len(windows), axis=0)
        far = np.asarray(
            keras.ops.convert_to_numpy(distance.distance(anchors, windows))
        )
        near = vectors @ vectors[index]
        tau = kendalltau(far[kept], -near[kept]).statistic
        shares.append((tau + 1) / 2)
    return float(np.mean(shares))


def plots(losses):
    """A drawing of each loss, with its own scale."""
    try:
        figures = {
            name: plot_loss_curves({name: {"loss": values}})
            for name, values in losses.items()
        }
    except ImportError as error:
        warnings.warn(f"No plot of the losses. {error}", stacklevel=2)
        return []
    return [
        svg.to_svg(figure, name, f"the loss of {name} by epoch")
        for name, figure in figures.items()
    ]


def small_distance():
    """A distance that ranks fast: few channels, at half of the rate."""
    return kr.MotifDistance(
        embedding_dim=32, downsampling=2, ranking_attention="softmax"
    )


def load(path):
    if path:
        return kr.data.load_recordings(path)
    return list(kr.data.read_corpus(EXCERPT))


def windows_of(recordings):
    """Labelled windows without overlap, as the classifier cuts them."""
    windows = kr.data.make_windows(recordings, stride=256)
    return windows.select(windows.valid & (windows.labels != ""))


def thin(windows, maximum):
    """Every k-th window, so that at most `maximum` are left."""
    step = -(-len(windows) // maximum)
    return windows.select(np.arange(0, len(windows), step))


def say(text):
    print(text, flush=True)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", help="MotionSense or WISDM zip, or a folder")
    parser.add_argument("--output", type=Path, default=Path("report"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--quick", action="store_true", help="few pages, few steps of training"
    )
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    return args


if __name__ == "__main__":
    main()
