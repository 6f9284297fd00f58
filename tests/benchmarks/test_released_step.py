"""The released code is not at hand here: a package of its shape stands in."""

import sys

import pytest

NETWORKS = {
    "nets/CrossAttn/CrossAttn_Net.py": """
import torch
class Net(torch.nn.Module):
    def __init__(self, input_dims, embed_dim, kernel_size,
                 double_receptivefield, sparsemax):
        super().__init__()
    def forward(self, query_in, key_in):
        return key_in, None
""",
    "nets/ResNet1D/ResNet1D_Net.py": """
import torch
class Net(torch.nn.Module):
    def __init__(self, pooling, stem, pool, blocks):
        super().__init__()
        self.dense = torch.nn.Linear(3, 4)
    def forward(self, x):
        return self.dense(x.mean(2))
""",
    "models/RelCon/RelCon_Model.py": """
shapes = []
def relative_contrastive_loss(anchors, within, sortedinds, tau):
    shapes.append((anchors.shape, within.shape, sortedinds.shape))
    # The anchor itself is not among the others.
    assert sorted(sortedinds[:, 0].tolist()) == list(range(len(sortedinds)))
    return (anchors.sum() + within.sum()) / tau
""",
}


@pytest.fixture
def released(load_benchmark, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield load_benchmark("released_step")
    for name in [x for x in sys.modules if x.split(".")[0] == "relcon"]:
        del sys.modules[name]


@pytest.mark.filterwarnings("ignore:The motif distance is not trained")
def test_both_take_the_same_step(released, tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch", reason="the released code needs it")
    for name, text in NETWORKS.items():
        path = tmp_path / "relcon" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    monkeypatch.setattr(
        released,
        "own_step",
        lambda policy, group: lambda: group["candidates"].shape,
    )

    def figures_of(command, backend, variables):
        args = released.parse_args(command[1:])
        assert backend == ("torch" if args.child[0] == "released" else "jax")
        return released.measure(args, *args.child)

    monkeypatch.setattr(released.measuring, "figures_of", figures_of)
    sizes = ["--batch-size", "4", "--num-candidates", "3", "--length", "40"]
    rows = ["--rows", "released", "jax", "--repeats", "1"]
    released.main([str(tmp_path), *sizes, *rows])
    released_model = sys.modules["relcon.models.RelCon.RelCon_Model"]

    assert set(released_model.shapes) == {((4, 4), (4, 3, 4), (6, 4))}
    page = capsys.readouterr().out
    assert "| released | float32 |  |" in page
    assert "| released | float32 | MALLOC_MMAP_MAX_=0 MALLOC_TRIM" in page
    assert "| jax | float32 |  |" in page
    assert page.count("| 1.00 |") >= 1  # the first row beside itself


def test_times_are_those_of_the_first_row_through_each(released):
    args = released.parse_args(["copy"])
    rows = [
        (name, "float32", {}, {"seconds": seconds, "gigabytes": 1.0})
        for name, seconds in (("released", 6.0), ("jax", 4.0))
    ]
    text = released.report(args, rows)
    assert "| released | float32 |  | 6 | 1.00 |" in text
    assert "| jax | float32 |  | 4 | 1.50 |" in text
