"""One training step beside that of the released code, on a CPU.

    python benchmarks/released_step.py COPY [--batch-size 64] [--record]

COPY is a copy of github.com/maxxu05/relcon in which `.cuda()` is taken out. Its
networks and its loss are imported from there and do the step as its training
loop does: a call of the distance for each candidate and each other anchor, then
forward and backward pass of the encoder, and Adam.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

import measuring  # noqa: E402  (needs the path above)
import numpy as np  # noqa: E402

QUESTION = "How fast is a training step beside that of the released code?"
# For glibc: freed memory is kept, and not given back and taken again.
KEEP_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "20000000000",
}
YIELD = {"OMP_WAIT_POLICY": "passive"}
RELEASED = "released"
# Who takes the step, in which precision, with which variables.
ROWS = [
    (RELEASED, "float32", {}),
    (RELEASED, "float32", KEEP_MEMORY),
    ("tensorflow", "float32", {}),
    ("tensorflow", "mixed_bfloat16", {}),
    ("jax", "float32", {}),
    ("torch", "float32", {}),
    ("torch", "float32", KEEP_MEMORY),
    ("torch", "float32", YIELD),
    ("torch", "mixed_bfloat16", KEEP_MEMORY),
]


def main(arguments=None):
    args = parse_args(arguments)
    if args.child:
        sys.stdout.write("\n" + json.dumps(measure(args, *args.child)))
        return
    rows = [
        (name, policy, variables, run_child(args, name, policy, variables))
        for name, policy, variables in ROWS
        if name in args.rows
    ]
    text = f"{measuring.machine()}\n{report(args, rows)}"
    sys.stdout.write(f"# {QUESTION}\n\n{text}\n")
    if args.record:
        measuring.record("released_step", QUESTION, text)


def parse_args(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("copy", help="of the released code")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--num-candidates", type=int, default=20)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3)
    names = list(dict.fromkeys(name for name, _, _ in ROWS))
    parser.add_argument("--rows", nargs="+", choices=names, default=names)
    parser.add_argument(
        "--beside", action="store_true", help="a process that is always busy"
    )
    parser.add_argument("--record", action="store_true", help="into results/")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def run_child(args, name, policy, variables):
    command = [__file__, args.copy, "--child", name, policy]
    for option in ("batch_size", "num_candidates", "length", "repeats"):
        value = str(getattr(args, option))
        command += [f"--{option.replace('_', '-')}", value]
    backend = "torch" if name == RELEASED else name
    with measuring.busy_process(args.beside):
        return measuring.figures_of(command, backend, variables)


def measure(args, name, policy):
    """Median seconds of a step, and the process's peak of memory."""
    group = measuring.candidate_group(
        args.batch_size, args.num_candidates, args.length
    )
    if name == RELEASED:
        step = released_step(args.copy, *group.values())
    else:
        step = own_step(policy, group)
    seconds = []
    for _ in range(args.repeats + 1):  # the first one compiles
        begin = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - begin)
    return {
        "seconds": float(np.median(seconds[1:])),
        "gigabytes": measuring.peak_megabytes() / 1e3,
    }


def own_step(policy, group):
    import keras

    import keras_relcon as kr

    keras.config.set_dtype_policy(policy)
    distance = kr.MotifDistance(attention="softmax")
    model = kr.RelConModel(kr.layers.ResNet1D34(), distance, temperature=0.1)
    model.compile(optimizer=keras.optimizers.Adam(1e-4))
    return lambda: model.train_on_batch(group)


def released_step(copy, anchors, candidates):
    sys.path.insert(0, copy)
    import torch
    from relcon.models.RelCon.RelCon_Model import relative_contrastive_loss
    from relcon.nets.CrossAttn.CrossAttn_Net import Net as CrossAttention
    from relcon.nets.ResNet1D.ResNet1D_Net import Net as ResNet

    def blocks(count, channels, width, kernel_size):
        sizes = {"in_channels": channels, "base_filters": width}
        return {"n": count, **sizes, "kernel_size": kernel_size, "stride": 1}

    attention = CrossAttention(
        input_dims=3,
        embed_dim=64,
        kernel_size=15,
        double_receptivefield=2,
        sparsemax=False,
    ).eval()
    encoder = ResNet(
        "avg",
        {**dict(in_channels=3, base_filters=64, kernel_size=7)}
        | {"stride": 2, "padding": 0},
        {"kernel_size": 3, "stride": 2},
        [
            blocks(3, 64, 64, 3),
            blocks(4, 64, 128, 4),
            blocks(6, 128, 256, 4),
        ],
    )
    optimizer = torch.optim.Adam(encoder.parameters(), lr=1e-4)
    anchors, candidates = torch.tensor(anchors), torch.tensor(candidates)
    size, num_candidates = candidates.shape[:2]
    others = [torch.roll(anchors, -shift, 0) for shift in range(1, size)]
    others += [candidates[:, index] for index in range(num_candidates)]

    def distance_to(other):
        with torch.no_grad():
            rebuilt, _ = attention(query_in=anchors, key_in=other)
        return torch.sum((rebuilt - anchors) ** 2, (1, 2))

    def step():
        order = torch.stack([distance_to(other) for other in others])
        within = candidates.flatten(0, 1).transpose(1, 2)
        loss = relative_contrastive_loss(
            encoder(anchors.transpose(1, 2)),
            encoder(within).reshape(size, num_candidates, -1),
            sortedinds=torch.sort(order, dim=0)[1],
            tau=0.1,
        )
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def report(args, rows):
    reference = rows[0][-1]["seconds"]
    beside = " --beside" if args.beside else ""
    lines = [
        [
            name,
            policy,
            " ".join(f"{key}={value}" for key, value in variables.items()),
            figures["seconds"],
            f"{reference / figures['seconds']:.2f}",
            figures["gigabytes"],
        ]
        for name, policy, variables, figures in rows
    ]
    return (
        f"`python benchmarks/released_step.py COPY --batch-size "
        f"{args.batch_size} --num-candidates {args.num_candidates}{beside}`\n\n"
        f"{args.batch_size} anchors with {args.num_candidates} candidates "
        f"each, windows of {args.length} samples, softmax in the distance, the "
        f"encoder of the paper, Adam: medians of {args.repeats} steps. "
        "*Times*: the first row's seconds through those of the row. *Peak*: "
        "memory of the process, GB.\n\n"
        + measuring.table(
            ["step of", "precision", "variables", "s", "times", "peak"], lines
        )
    )


if __name__ == "__main__":
    main()
