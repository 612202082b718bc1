"""Files of torch.save, written by torch."""

import contextlib
import io
import pickle
import zipfile

import numpy as np
import pytest
import torch

from rankbound.errors import FormatError
from rankbound.read.registry import detect, read_any
from rankbound.read.source import Source
from rankbound.read.vectors.embeddings import read_embeddings
from tests.rankbound.files import refusal, written

MATRIX = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
NAMES = ["a", "b", "c", "7", "é"]


def saved(folder, value, name="v.pt"):
    torch.save(value, folder / name)
    (folder / f"{name.partition('.')[0]}.ids.txt").write_text("\n".join(NAMES))
    return folder / name


@pytest.mark.parametrize(
    "tensor",
    [
        MATRIX,
        MATRIX.double(),
        MATRIX.half(),
        MATRIX.bfloat16(),
        MATRIX.clone().requires_grad_(),
        torch.nn.Parameter(MATRIX),
        torch.nn.Parameter(MATRIX.bfloat16()),
        MATRIX.T.contiguous().T,
        torch.cat([MATRIX, MATRIX])[5:],
        torch.cat([MATRIX, MATRIX], dim=1)[:, 3:],
        torch.ones(1, 3).expand(5, 3),
    ],
)
def test_a_matrix_is_what_torch_loads(tmp_path, tensor):
    path = saved(tmp_path, tensor)
    assert detect(Source(path))[0].name == "torch"
    found = read_any(path).embeddings
    assert found.ids.tolist() == NAMES
    wanted = tensor.detach()
    wide = wanted.float() if wanted.dtype == torch.bfloat16 else wanted
    np.testing.assert_array_equal(found.vectors, wide.numpy())
    assert found.vectors.dtype == wide.numpy().dtype


@pytest.mark.parametrize(
    "value",
    [
        {"embeddings": MATRIX, "ids": NAMES},
        {"ids": NAMES, "vectors": MATRIX, "other": torch.ones(2, 2)},
        {"docnos": NAMES, "x": MATRIX},
        (MATRIX, NAMES),
    ],
)
def test_ids_stand_beside_the_matrix(tmp_path, value):
    torch.save(value, tmp_path / "v.pt")
    found = read_embeddings(tmp_path / "v.pt")
    assert found.ids.tolist() == NAMES
    np.testing.assert_array_equal(found.vectors, MATRIX.numpy())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (MATRIX[0], "expected a tensor of shape (n, dim)"),
        ({"q": {"d": 1.0}}, "expected a tensor of shape (n, dim)"),
        (torch.ones(2, 3, dtype=torch.int64), "holds numbers of LongStorage"),
        (MATRIX.to_sparse(), "names torch._utils._rebuild_sparse_tensor"),
        ({"embeddings": MATRIX, "ids": "abc"}, "its ids must be a list, found str"),
        ({"embeddings": MATRIX, "ids": NAMES[1:]}, "4 ids for the 5 vectors"),
        (torch.nn.Linear(2, 2), "nothing in it was run"),
    ],
)
def test_other_content_is_named(tmp_path, value, message):
    torch.save(value, tmp_path / "v.pt")
    assert message in refusal(read_embeddings, tmp_path / "v.pt")


class Attack:
    def __reduce__(self):
        return print, ("run",)


def test_nothing_is_run(tmp_path, capsys):
    path = saved(tmp_path, MATRIX)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for held in (Attack(), {"embeddings": Attack()}):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, content in members.items():
                hostile = pickle.dumps(held, protocol=2)
                archive.writestr(name, hostile if "data.pkl" in name else content)
        hostile = written(tmp_path, stream.getvalue(), "h.pt")
        assert "names __builtin__.print" in refusal(read_embeddings, hostile)
    assert capsys.readouterr().out == ""


def test_every_damage_is_one_line_or_the_same_shape(tmp_path):
    whole = saved(tmp_path, MATRIX).read_bytes()
    rng = np.random.default_rng(0)
    damaged = [whole[:size] for size in range(60, len(whole), 97)]
    for place in rng.integers(0, len(whole), size=150):
        damaged.append(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
    for data in damaged:
        path = written(tmp_path, data, "v.pt")
        shape = (5, 3)
        with contextlib.suppress(FormatError):  # whatever else is raised is a fault
            shape = read_embeddings(path, format="torch").vectors.shape
        assert shape == (5, 3)
