"""Checkpoints: the published format, safe loading, and clear refusals."""

from __future__ import annotations

import gzip
import io
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

from im2mesh.errors import CheckpointError
from im2mesh.models.checkpoints import load_checkpoint, load_weights
from im2mesh.models.decoder import CBatchNormDecoder
from im2mesh.models.encoder import ResNet18Encoder
from im2mesh.models.network import ImplicitNetwork


def network(width: int = 4, c_dim: int = 8, hidden: int = 8) -> ImplicitNetwork:
    return ImplicitNetwork(ResNet18Encoder(c_dim, width=width), CBatchNormDecoder(c_dim, hidden))


def as_published(net: ImplicitNetwork) -> dict:
    optimizer = torch.optim.Adam(net.parameters(), 1e-4)
    net(torch.rand(2, 1, 16, 16), torch.rand(2, 5, 3)).sum().backward()
    optimizer.step()
    return {
        "model": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch_it": 3,
        "it": 1000,
        "loss_val_best": np.float64(0.75),
    }


@pytest.mark.parametrize("new_format", [True, False])
@pytest.mark.parametrize("scalar", [np.float64(0.75), np.float32(0.75), 0.75, -np.inf])
def test_published_format(tmp_path: Path, new_format: bool, scalar: float) -> None:
    source, target = network(), network()
    path = tmp_path / "model_best.pt"
    torch.save(
        {**as_published(source), "loss_val_best": scalar},
        path,
        _use_new_zipfile_serialization=new_format,
    )
    for given in (path, tmp_path, str(path)):
        checkpoint = load_weights(target, given)
    assert checkpoint["it"] == 1000 and checkpoint["epoch_it"] == 3
    assert type(checkpoint["loss_val_best"]) is float
    assert checkpoint["loss_val_best"] == float(scalar)
    for key, tensor in source.state_dict().items():
        assert torch.equal(tensor, target.state_dict()[key])


def test_scalars_written_by_numpy_1(tmp_path: Path) -> None:
    """numpy 1 wrote its scalars under another module name."""
    path = tmp_path / "old.pt"
    torch.save(as_published(network()), path, _use_new_zipfile_serialization=False)
    body = path.read_bytes()
    assert b"numpy._core.multiarray" in body
    path.write_bytes(body.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    assert load_checkpoint(path)["loss_val_best"] == 0.75


@pytest.mark.parametrize("value", [None, "good", {}])
def test_weights_load_whatever_else_is_damaged(tmp_path: Path, value: object) -> None:
    keys = ("optimizer", "epoch_it", "it", "loss_val_best")
    torch.save({**as_published(network()), **dict.fromkeys(keys, value)}, tmp_path / "a.pt")
    load_weights(network(), tmp_path / "a.pt")


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_other_precisions(tmp_path: Path, dtype: torch.dtype) -> None:
    source, target = network(), network()
    stored = {
        k: v.to(dtype) if v.is_floating_point() else v for k, v in source.state_dict().items()
    }
    torch.save({"model": stored}, tmp_path / "a.pt")
    load_weights(target, tmp_path / "a.pt")
    for key, tensor in target.state_dict().items():
        assert tensor.dtype == source.state_dict()[key].dtype
        torch.testing.assert_close(tensor, source.state_dict()[key], rtol=1e-3, atol=1e-3)


class Evil:
    """Runs code when it is unpickled the careless way."""

    def __reduce__(self):
        return (print, ("gotcha",))


def test_code_is_never_run(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    torch.save({"model": network().state_dict(), "extra": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(CheckpointError, match="would run code"):
        load_checkpoint(tmp_path / "evil.pt")
    (tmp_path / "raw.pt").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "raw.pt")
    assert "gotcha" not in capsys.readouterr().out


def test_unreadable_files(tmp_path: Path) -> None:
    state = network().state_dict()
    good, link, elsewhere = saved({"model": state}), tmp_path / "link.pt", tmp_path / "dvc/12345"
    link.symlink_to(elsewhere)
    begun = tmp_path / "begun"
    begun.mkdir()
    (begun / "model.pt").touch()
    cases = [
        (link, f"is a link to {elsewhere}, which is not there"),
        (tmp_path / "none.pt", "no such checkpoint; published checkpoints are unzipped into out/"),
        (tmp_path, "model_best.pt: no such checkpoint; published"),
        (begun, "model_best.pt: no such checkpoint; train.py writes it at a validation"),
    ]
    for k, (body, message) in enumerate(
        [
            (good[: len(good) // 2], "damaged or incomplete"),
            (b"", "damaged or incomplete"),
            (bytes(100), "damaged or incomplete"),
            (safetensors.torch.save(state)[:-1], "damaged or incomplete"),
            (saved({"weights": 1}), "holds no network"),
            (saved([state]), "holds no network"),
            (saved(network()), "would run code when loaded (im2mesh.models.network"),
            (b"hello", "it is a text file"),
            (b'{"message": "Not Found"}', "it is a text file"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:12\n", "a Git LFS pointer"),
            (b"/annex/objects/SHA256E-s5--12.pt\n", "a git-annex pointer"),
            (b"\n<!DOCTYPE html>\n<title>404</title>", "a web page (HTML)"),
            ("\ufeff<html lang=en>".encode(), "a web page (HTML)"),
            (gzip.compress(good), "compressed by gzip"),
            (zipped({"model_best.pt": good}), "a zip archive of other files"),
        ]
    ):
        cases.append((tmp_path / f"{k}.pt", message))
        cases[-1][0].write_bytes(body)
    for path, message in cases:
        with pytest.raises(CheckpointError, match=re.escape(message)) as raised:
            load_checkpoint(path)
        assert str(path) in str(raised.value) and "\n" not in str(raised.value)


def saved(value: object) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return file.getvalue()


def prefixed(prefix: str) -> Callable[[dict], dict]:
    return lambda state: {f"{prefix}{key}": value for key, value in state.items()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: {"model": state}, ""),
        (lambda state: state, ""),
        (lambda state: {"state_dict": state, "epoch": 3}, ""),
        (lambda state: {"model_state_dict": state}, ""),
        (prefixed("module."), "module.decoder"),
        (prefixed("_orig_mod."), "_orig_mod.decoder"),
        (lambda state: {"model": prefixed("module._orig_mod.")(state)}, "module._orig_mod.decoder"),
        (lambda state: {"state_dict": prefixed("model._orig_mod.")(state)}, "model._orig_mod."),
        (
            lambda state: {"state_dict": {"loss.weight": torch.ones(2), **prefixed("net.")(state)}},
            "net.decoder",
        ),
        (lambda state: {"n_averaged": torch.tensor(5), **prefixed("module.")(state)}, "module."),
        (
            lambda state: {k.replace("encoder.", "encoder.module."): v for k, v in state.items()},
            "encoder.module.",
        ),
        (lambda state: {k: v for k, v in state.items() if "num_batches" not in k}, ""),
    ],
)
@pytest.mark.parametrize("form", [saved, safetensors.torch.save])
def test_layouts_of_other_tools(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[dict], dict],
    said: str,
    form: Callable[[dict], bytes],
) -> None:
    source, target = network(), network()
    content = change({key: value.clone() for key, value in source.state_dict().items()})
    if form is safetensors.torch.save and not all(torch.is_tensor(v) for v in content.values()):
        pytest.skip("safetensors holds tensors alone")
    (tmp_path / "model_best.pt").write_bytes(form(content))
    caplog.set_level("INFO")
    load_weights(target, tmp_path)
    assert {said in message for message in caplog.messages} == ({True} if said else set())
    for key, tensor in source.state_dict().items():
        assert torch.equal(tensor, target.state_dict()[key])


def weight(change: Callable[[Tensor], object]) -> Callable[[dict], dict]:
    key = "encoder.fc.weight"
    return lambda state: {"model": {**state, key: change(state[key])}}


PLAIN = "encoder.fc.weight is no plain tensor of numbers; save the network's state_dict on the CPU"
FINITE = "encoder.fc.weight holds values that are not finite"
REFUSED: dict[str, tuple[Callable[[dict], dict], str]] = {
    "several": (
        lambda state: prefixed("model.")(state) | prefixed("ema.")(state),
        "holds several networks, named by 'ema.', 'model.'",
    ),
    "a key less": (
        lambda state: {"model": {k: v for k, v in state.items() if k != "encoder.fc.bias"}},
        "lacks encoder.fc.bias",
    ),
    "a key more": (
        lambda state: {"model": {**state, "decoder.fc_z.weight": torch.zeros(1)}},
        "holds decoder.fc_z.weight",
    ),
    "another shape": (
        lambda _: {"model": network(hidden=16).state_dict()},
        "decoder.fc_p.weight is (16, 3, 1) where the config asks for (8, 3, 1)",
    ),
    "another architecture": (
        lambda _: {"model": network(hidden=16).state_dict()},
        "model.encoder_kwargs.width 4, model.c_dim 8, model.decoder_kwargs.hidden_size 16",
    ),
    "NaN": (weight(lambda tensor: tensor * np.nan), FINITE),
    "beyond float32": (weight(lambda tensor: tensor.double() + 1e300), FINITE),
    "sparse": (weight(torch.Tensor.to_sparse), PLAIN),
    "quantised": (weight(lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8)), PLAIN),
    "meta": (weight(lambda tensor: tensor.to("meta")), PLAIN),
    "nested": (weight(lambda tensor: torch.nested.as_nested_tensor([tensor])), PLAIN),
    "bool": (weight(lambda tensor: tensor > 0), PLAIN),
    "complex": (weight(lambda tensor: tensor.to(torch.complex64)), PLAIN),
    "list": (weight(torch.Tensor.tolist), PLAIN),
}
"""Name → what is saved instead of a network's state, and a part of the message."""


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path: Path, name: str) -> None:
    """The network stays as it was."""
    change, message = REFUSED[name]
    net, path = network(), tmp_path / "a.pt"
    before = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    torch.save(change(network().state_dict()), path)
    with pytest.raises(CheckpointError, match=re.escape(message)) as raised:
        load_weights(net, path)
    assert str(raised.value).startswith(f"{path}: ") and "\n" not in str(raised.value)
    assert all(torch.equal(tensor, before[key]) for key, tensor in net.state_dict().items())


@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
def test_checksums_are_minded(tmp_path: Path, where: float) -> None:
    path = tmp_path / "a.pt"
    torch.save({"model": network().state_dict()}, path)
    body = bytearray(path.read_bytes())
    start = int(where * len(body))
    body[start : start + 1000] = bytes(1000)
    path.write_bytes(body)
    with pytest.raises(CheckpointError, match=r"a.pt: (.*|its checksums differ:) it is damaged"):
        load_weights(network(), path)


def test_files_without_checksums_are_told_what_to_do(tmp_path: Path) -> None:
    path, before = tmp_path / "a.pt", torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"model": network().state_dict()}, path)
    finally:
        torch.serialization.set_crc32_options(before)
    with pytest.raises(CheckpointError, match=r"was saved without any .* save it again"):
        load_weights(network(), path)
