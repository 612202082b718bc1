"""The real thing: a transformer encoder that torch fine-tunes on a collection's texts.

As a bi-encoder, a text is the mean of its tokens' last states, and a score is the
cosine of two of them. As a cross-encoder, query and document are read together, and a
score is a linear form of the first token's last state, which starts at random. Scores
are multiplied by a scale, as those of heads are. All weights are trained, by Adam, on
a GPU in bfloat16 where there is one. Dropout is off, so that a seed decides the order
of groups and the start of that form alone.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from rankbound.commands.ablate import students
from rankbound.commands.ablate.by_torch import loss_of, torch_library
from rankbound.commands.ablate.students import CROSS, Lessons, batches, matched
from rankbound.data.columns import Floats, Integers
from rankbound.errors import UsageError

LENGTH: Final = 128  # tokens of a text; of a pair, twice as many
CHECKPOINTS: Final = 4
BATCH: Final = 8  # groups of a step
STEPS: Final = 240
AT_ONCE: Final = 64  # texts that are read together outside of training
RATE: Final = 5e-5
WARM: Final = 0.1  # of the steps, over which the rate rises to this
NORM: Final = 1.0  # that gradients are cut at
MATCHED: Final = 64  # groups whose margins give the scale


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """An encoder as one student, in training or kept at a checkpoint.

    The arguments of its methods are as of `students.Trained`, with texts in the place
    of vectors.
    """

    architecture: str
    body: Any
    tokenizer: Any
    form: Any  # a vector of a cross-encoder, None of a bi-encoder
    scale: float

    def scores(
        self, queries: Any, documents: Any, rows: Integers, asked: Integers
    ) -> Floats:
        """Scores in temperatures, shape (n, k)."""
        if self.architecture == CROSS:
            pairs = queries[np.repeat(rows, asked.shape[1])], documents[asked.ravel()]
            found = self._read(*pairs).reshape(asked.shape)
        else:
            mine, row = np.unique(rows, return_inverse=True)
            theirs, place = np.unique(asked, return_inverse=True)
            left, right = self._read(queries[mine]), self._read(documents[theirs])
            of_group = right[place.reshape(asked.shape)]
            found = np.einsum("nkd,nd->nk", of_group, left[row])
        return self.scale * np.asarray(found, dtype=np.float64)

    def every_score(self, queries: Any, documents: Any) -> Floats:
        """Scores of all documents for queries, shape (n, n_docs), by a bi-encoder."""
        found = self._read(queries) @ self._read(documents).T
        return self.scale * np.asarray(found, dtype=np.float64)

    def kept(self) -> Tuned:
        """The same, which further training leaves as it is."""
        return replace(
            self, body=copy.deepcopy(self.body), form=copy.deepcopy(self.form)
        )

    def read(self, *texts: Iterable[str]) -> Any:
        """Unit vectors of texts, or numbers of pairs of texts, with their gradients."""
        torch = torch_library("`encoder`")
        made = self.tokenizer(
            *map(list, texts),
            padding=True,
            truncation=True,
            max_length=LENGTH * len(texts),
            return_tensors="pt",
        ).to(self.body.device)
        with _autocast(self.body.device):
            states = self.body(**made).last_hidden_state
        states = states.float()
        if self.form is not None:
            return states[:, 0] @ self.form
        inside = made.attention_mask.unsqueeze(-1)
        means = (states * inside).sum(1) / inside.sum(1)
        return torch.nn.functional.normalize(means, dim=-1)

    def _read(self, *texts: Sequence[str]) -> Any:
        """The same as an array, some at a time, those of like length together."""
        torch = torch_library("`encoder`")
        sizes = np.sum([[*map(len, several)] for several in texts], axis=0)
        order = np.argsort(-sizes, kind="stable")
        parts = []
        with torch.no_grad():
            for start in range(0, len(order), AT_ONCE):
                some = order[start : start + AT_ONCE]
                found = self.read(*([several[n] for n in some] for several in texts))
                parts.append(found.cpu().numpy())
        made = np.concatenate(parts)
        made[order] = made.copy()
        return made


def _autocast(device: Any) -> AbstractContextManager[None]:
    torch = torch_library("`encoder`")
    made: AbstractContextManager[None] = torch.autocast(
        device.type, torch.bfloat16, enabled=device.type == "cuda"
    )
    return made


@contextmanager
def _quiet(logging: Any) -> Iterator[None]:
    """Without the bars of transformers, beside which ours would jump."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


@dataclass(frozen=True, slots=True, eq=False)
class Encoder:
    """A pretrained encoder that students start from.

    Attributes
    ----------
    name : str
        The folder or name that it was asked for by.
    digest : str
        Hash of its weights and of its tokenizer.
    """

    name: str
    digest: str
    body: Any
    tokenizer: Any

    @classmethod
    def load(cls, name: str) -> Encoder:
        """Read a folder, or fetch a model of that name from the hub.

        Raises
        ------
        UsageError
            When transformers is not installed, or has no such model.
        """
        torch = torch_library("`encoder`")
        transformers = transformers_library()
        try:
            with _quiet(transformers.utils.logging):
                tokenizer = transformers.AutoTokenizer.from_pretrained(name)
                body = transformers.AutoModel.from_pretrained(name)
        except (OSError, ValueError) as error:
            why = " ".join(str(error).split())
            raise UsageError(
                f"{name}: transformers reads no encoder from it ({why}); give a folder "
                "with config.json, weights and a tokenizer, or a name of the hub, as "
                "`encoder`"
            ) from error
        found = hashlib.sha256(repr(sorted(tokenizer.get_vocab().items())).encode())
        for key, tensor in sorted(body.state_dict().items()):
            found.update(key.encode() + tensor.contiguous().numpy().tobytes())
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return cls(name, found.hexdigest(), body.eval().to(device), tokenizer)

    def start(self, architecture: str, *, seed: int) -> Tuned:
        """A student before any step; a bi-encoder is the encoder as it is."""
        torch = torch_library("`encoder`")
        form = None
        if architecture == CROSS:
            width = self.body.config.hidden_size
            drawn = np.random.default_rng([seed, 0]).standard_normal(width)
            start = torch.tensor(drawn / math.sqrt(width), dtype=torch.float32)
            form = start.to(self.body.device)
        return Tuned(architecture, self.body, self.tokenizer, form, 1.0)

    def untrained(
        self, architecture: str, lessons: Lessons, *, seed: int, match: bool
    ) -> Tuned:
        """As `students.untrained`, with the scale of the first groups alone."""
        plain = self.start(architecture, seed=seed)
        first = slice(MATCHED)
        rows, asked = lessons.rows[seed][first], lessons.asked[seed][first]
        if not match:
            return plain
        found = plain.scores(lessons.queries, lessons.documents, rows, asked)
        return replace(plain, scale=matched(found, lessons.teacher[seed][first]))

    def checkpoints(
        self,
        architecture: str,
        loss: str,
        lessons: Lessons,
        *,
        seed: int,
        steps: int,
        match: bool,
    ) -> Iterator[Tuned]:
        """Train one student; each checkpoint lasts until the next is asked for."""
        torch = torch_library("`encoder`")
        student = self.untrained(architecture, lessons, seed=seed, match=match).kept()
        trained = [*student.body.parameters()]
        if student.form is not None:
            trained.append(student.form.requires_grad_())
        adam = torch.optim.Adam(
            trained, lr=RATE, betas=students.DECAYS, eps=students.LEAST
        )
        warm = max(1, round(WARM * steps))
        rising = torch.optim.lr_scheduler.LambdaLR(
            adam, lambda step: min(1.0, (step + 1) / warm)
        )
        objective = loss_of(loss)
        rows, asked = lessons.rows[seed], lessons.asked[seed]
        teacher = torch.tensor(lessons.teacher[seed]).float().to(student.body.device)
        shape = (CHECKPOINTS, steps // CHECKPOINTS, BATCH)
        for several in batches(len(rows), seed, shape):
            for batch in several:
                adam.zero_grad()
                found = _of_groups(student, lessons, rows[batch], asked[batch])
                objective(student.scale * found, teacher[batch]).backward()
                torch.nn.utils.clip_grad_norm_(trained, NORM)
                adam.step()
                rising.step()
            yield student


def _of_groups(
    student: Tuned, lessons: Lessons, rows: Integers, asked: Integers
) -> Any:
    """Scores of groups with their gradients, shape (n, k), without the scale."""
    documents = lessons.documents[asked.ravel()]
    if student.architecture == CROSS:
        queries = lessons.queries[np.repeat(rows, asked.shape[1])]
        return student.read(queries, documents).reshape(asked.shape)
    left = student.read(lessons.queries[rows])
    right = student.read(documents).reshape(*asked.shape, -1)
    return (right @ left[:, :, None])[:, :, 0]


def transformers_library() -> Any:
    """Return the module transformers, which the extra rankbound[transformers] installs.

    Raises
    ------
    UsageError
        When it is not installed.
    """
    try:
        import transformers
    except ImportError:
        raise UsageError(
            "`encoder` reads a model with transformers, which is not installed; run "
            "pip install 'rankbound[transformers]'"
        ) from None
    return transformers
