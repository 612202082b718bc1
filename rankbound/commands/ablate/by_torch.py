"""The same students, trained by torch: one at a time, by the losses of training.

The start, the groups of every step, and the constants of Adam are those of jax, so that
both give the same parameters, as far as single precision goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from rankbound.commands.ablate import students
from rankbound.commands.ablate.students import HEADS, Lessons, Trained, untrained
from rankbound.errors import UsageError

# Of rankbound.training.losses, which imports torch
CLASSES: Final[Mapping[str, str]] = {
    "ranknet": "PairwiseDistillLoss",
    "marginmse": "MarginMSELoss",
    "kl": "ListwiseDistillLoss",
    "lce": "LCELoss",
}


def torch_library(asked: str) -> ModuleType:
    """Return the module torch, which the extra rankbound[torch] installs.

    Raises
    ------
    UsageError
        When it is not installed; `asked` is the parameter that needs it.
    """
    try:
        import torch
    except ImportError:
        raise UsageError(
            f"{asked} trains with torch, which is not installed; run pip install "
            "'rankbound[torch]'"
        ) from None
    module: ModuleType = torch
    return module


def loss_of(name: str) -> Any:
    """The loss of that name, a module of torch, at temperatures of 1."""
    from rankbound.training import losses

    return getattr(losses, CLASSES[name])()


def train_by_torch(
    architecture: str, loss: str, lessons: Lessons, *, match: bool
) -> list[list[Trained]]:
    """Train a student for each seed, as `students.train` does.

    Raises
    ------
    UsageError
        When torch is not installed.
    """
    torch = torch_library("`backend='torch'`")
    tables = torch.tensor(lessons.queries), torch.tensor(lessons.documents)
    return [
        _of_seed(architecture, loss, lessons, tables, seed=seed, match=match)
        for seed in range(len(lessons.rows))
    ]


def _of_seed(
    architecture: str,
    loss: str,
    lessons: Lessons,
    tables: tuple[Any, Any],
    *,
    seed: int,
    match: bool,
) -> list[Trained]:
    """The checkpoints of one student."""
    torch = torch_library("`backend='torch'`")
    start = untrained(architecture, lessons, seed=seed, match=match)
    parameters = {
        name: torch.tensor(array, requires_grad=True)
        for name, array in start.parameters.items()
    }
    rows, asked = (torch.tensor(one[seed]) for one in (lessons.rows, lessons.asked))
    teacher = torch.tensor(lessons.teacher[seed]).float()
    score, objective = HEADS[architecture].scores, loss_of(loss)
    adam = torch.optim.Adam(
        [*parameters.values()],
        lr=students.RATES[architecture],
        betas=students.DECAYS,
        eps=students.LEAST,
    )
    kept = []
    for steps in students.batches(len(rows), seed):
        for batch in torch.tensor(steps):
            adam.zero_grad()
            found = score(parameters, *tables, rows[batch], asked[batch])
            objective(start.scale * found, teacher[batch]).backward()
            adam.step()
        made = {
            name: tensor.detach().numpy().copy() for name, tensor in parameters.items()
        }
        kept.append(Trained(architecture, made, start.scale))
    return kept
