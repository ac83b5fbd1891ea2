"""A CUDA device that is not there, to find what would fail on one.

Tensors of :class:`OnCuda` say that they lie on ``cuda:0``; their numbers lie in the CPU's memory
and are computed there. As on a real device, they cannot be mixed with tensors of the CPU or turned
into arrays. Kernels, precisions, graphs and streams of CUDA are not imitated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

CUDA = torch.device("cuda:0")

_INDEXING = (Tensor.__getitem__, Tensor.__setitem__)
_MOVING = (Tensor.to, Tensor.copy_, Tensor.cpu, torch.nn.Module.to)
_OWN = (
    Tensor.grad.__get__, Tensor.grad.__set__, Tensor.data.__set__, Tensor.requires_grad_,
    Tensor.requires_grad.__set__, Tensor.is_leaf.__get__, Tensor.backward,
)  # fmt: skip
"""Attributes of the object itself, which an alias of it does not have."""


class OnCuda(Tensor):
    """A tensor that says it lies on the device."""

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        """The device that is not there."""
        return CUDA

    is_cuda = True  # type: ignore[assignment]

    def __deepcopy__(self, memo: Any) -> OnCuda:
        """Copy a leaf, and whether it is a parameter."""
        copied = on_cuda(plain(self.detach()).clone()).requires_grad_(self.requires_grad)
        copied._is_param = getattr(self, "_is_param", False)  # type: ignore[attr-defined]
        return copied


def plain(value: Any) -> Any:
    """Return an alias of the CPU."""
    if not isinstance(value, OnCuda):
        return torch.device("cpu") if _is_cuda(value) else value
    with torch._C.DisableTorchFunctionSubclass():
        return value.as_subclass(Tensor)


def on_cuda(value: Any) -> Any:
    """Return an alias of the device."""
    if not isinstance(value, Tensor) or isinstance(value, OnCuda):
        return value
    with torch._C.DisableTorchFunctionSubclass():
        if value.requires_grad and torch.is_grad_enabled():
            return value.as_subclass(OnCuda)
        return Tensor._make_subclass(OnCuda, value, value.requires_grad)


def _is_cuda(value: Any) -> bool:
    return isinstance(value, str | torch.device) and str(value).startswith("cuda")


class _Mode(TorchFunctionMode):
    """Let functions of torch compute on aliases of the CPU, and check what they are given."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.device, torch._C._nn._parse_to):  # the latter is of Module.to()
            return func(*args, **kwargs)
        if func is torch._has_compatible_shallow_copy_type:
            return type(args[0]) is type(args[1])
        values, _ = tree_flatten((args, kwargs))
        there = any(isinstance(v, OnCuda) for v in values)
        if func in _OWN:
            with torch._C.DisableTorchFunctionSubclass():
                own = (args[0], *(plain(v) for v in args[1:]))
                return on_cuda(func(*own, **kwargs)) if there else func(*args, **kwargs)
        if there:
            self._check(func, args, values)
        asked = [v for v in values if isinstance(v, str | torch.device)]
        moves = func in _MOVING[:1] or func is Tensor.cpu
        result = func(*tree_map(plain, args), **tree_map(plain, kwargs))
        if any(_is_cuda(v) for v in asked):
            return tree_map(on_cuda, result)
        if func is Tensor.cpu or (moves and asked):  # to the CPU
            return result
        if there:
            return tree_map(on_cuda, result)
        return result

    def _check(self, func: Any, args: Any, values: list[Any]) -> None:
        name = getattr(func, "__name__", str(func))
        if name in ("numpy", "__array__"):
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        if func in _MOVING:
            return
        if func in _INDEXING:  # an index may lie on the CPU, but not the other way round
            if not isinstance(args[0], OnCuda):
                raise RuntimeError(f"{name}: an index on cuda:0 into a tensor of the CPU")
            values = [args[0], *tree_flatten(args[2:])[0]]
        for value in values:
            mixed = isinstance(value, Tensor) and not isinstance(value, OnCuda)
            if mixed and value.dim() > 0:
                shape = tuple(value.shape)
                raise RuntimeError(f"{name}: a {shape} tensor of the CPU beside one of cuda:0")


@contextmanager
def pretended(monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """Let a CUDA device seem to be there within the block."""
    generator = torch.Generator
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    with monkeypatch.context() as patch:
        patch.setattr(torch, "Generator", lambda device="cpu": generator())
        patch.setattr(torch.cuda, "synchronize", lambda device=None: None)
        patch.setattr(torch.cuda, "mem_get_info", lambda device=None: (1 << 40, 1 << 40))
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        try:
            with _Mode():
                yield CUDA
        finally:
            torch.__future__.set_overwrite_module_params_on_conversion(before)
