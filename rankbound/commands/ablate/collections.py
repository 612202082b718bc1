"""Collections that students are trained and tested on: texts, judgements, vectors.

Documents and queries are known by codes, their positions in sorted ids. A teacher whose
scores lie in a file is taken as it is; otherwise one is trained on a quarter of the
queries, by the features and the models of the demo. Every query of the others is used
for one thing only: to train students, to choose among checkpoints, or to test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rankbound.bounds.wording import counted
from rankbound.catalogue import ABLATED
from rankbound.commands.ablate.synthetic import DRAWN as N_DRAWN
from rankbound.commands.ablate.synthetic import (
    SYNTHETIC,
    World,
    law_of,
    name_of,
    seed_of,
)
from rankbound.commands.demo.corpus import collect, package_roots
from rankbound.commands.demo.experiment import UNIFORM, Names, Pool, tops
from rankbound.commands.demo.models import candidates, learn, score
from rankbound.commands.demo.retrieval import Retrieved, retrieve
from rankbound.commands.sample.run import KEEP, REMOVE, Positives, SampleOptions
from rankbound.data.columns import Integers, Strings, positions
from rankbound.data.columns import strings as as_strings
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.errors import UsageError
from rankbound.estimators.kinds import infer_kind
from rankbound.read.json.lists import systems_joined
from rankbound.read.objects.irds import read_irds_texts
from rankbound.read.reading import read_part
from rankbound.read.source import SUFFIXES, Source
from rankbound.read.text.texts import read_json_texts
from rankbound.read.vectors.embeddings import read_embeddings
from rankbound.validation.group_laws import GroupLaw

DOCSTRINGS: Final = "docstrings"
ABROAD: Final = "docstrings-of-others"
PACKAGES: Final = ("numpy", "scipy", "sklearn")
OTHERS: Final = ("matplotlib", "pandas", "sympy")  # out of domain
MOST_QUERIES: Final = 1600  # of docstrings
DIMENSIONS: Final = 512  # of LSA, where a collection has no vectors
RESERVE: Final = 50  # documents of each query that are drawn from the whole corpus
LAW: Final = "law"  # a query for each kind that a known law draws
TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
# Of the queries that are not the teacher's, in eighths
SHARES: Final = (4, 1, 3)
TEACHERS: Final = 4  # one query in so many trains the teacher, if it has to be trained
LEAST: Final = 4  # queries of the smallest split

CORPUS: Final = ("corpus.jsonl",)
QUERIES: Final = ("queries.jsonl",)
LSA: Final = "LSA"
QRELS: Final = ("qrels/test.tsv", "qrels.trec", "qrels/train.tsv", "qrels/dev.tsv")
TEACHER: Final = ("teacher/teacher.scores.json", "runs/teacher.run")
MEMBERS: Final = "teacher/members"  # the folder of an ensemble's scores
DRAWN: Final = "train"  # the folder of groups
RANDOM, ENSEMBLE = "random", "ensemble"
# Negatives of several systems, as sentence-transformers has them
SYSTEMS: Final = ("hard-negatives.jsonl", "msmarco-hard-negatives.jsonl")
Vectors = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What all samplings observe.

    Attributes
    ----------
    positives : {"keep", "remove"}
        Whether a group holds its positive; without it, nothing says what is better.
    drop_suspected : float or None
        Negatives that the teacher scores above the positive, or less than this below
        it, in log-odds, are left out: they may be relevant. None keeps them.
    """

    positives: Positives = KEEP
    drop_suspected: float | None = None


AS_DRAWN: Final = Rules()


class NotTestedError(UsageError):
    """Students cannot be tested on a collection, which is told, and no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """What the cells of one collection share.

    Attributes
    ----------
    name : str
    docnos, qids : object arrays of str
        Sorted, so that codes are in the order of ids.
    retrieved : Retrieved
        Vectors, and the runs of BM25 and of these vectors.
    pool : Pool
        The teacher's log-odds, runs that `sample` draws by, and judgements.
    splits : mapping of str to int64 array
        Codes of the queries by "train", "validation" and "test"; where the queries are
        drawn from a known law, those that stand for its kinds by "law".
    digest : str
        Hash of everything that it was built from.
    files : tuple of Path
        What was read.
    notes : tuple of str
        What a reader of the results should know.
    encoder : str
        What made the vectors: the name of their files, or "LSA".
    drawn : mapping of str to Groups
        Groups that the collection came with, by sampling; the positive stands first.
    documents, queries : object arrays of str
        Texts by code.
    members : tuple of Scores
        Log-odds of other members of an ensemble of teachers.
    kinds : mapping of str to float
        The known law: the probability of each query of the split "law". Empty where
        nothing is known.
    systems : tuple of str
        Runs of the pool that the folder came with, which "ensemble" fuses in the place
        of BM25 and the vectors.
    rules : Rules
    """

    name: str
    docnos: Strings
    qids: Strings
    retrieved: Retrieved
    pool: Pool
    splits: Mapping[str, Integers]
    digest: str
    files: tuple[Path, ...]
    notes: tuple[str, ...]
    documents: Strings
    queries: Strings
    encoder: str = LSA
    drawn: Mapping[str, Groups] = field(default_factory=dict)
    members: tuple[Scores, ...] = ()
    kinds: Mapping[str, float] = field(default_factory=dict)
    systems: tuple[str, ...] = ()
    rules: Rules = AS_DRAWN

    def draw(self, sampling: str, *, size: int, seed: int) -> Groups:
        """Full groups of one sampling, whose documents the teacher has all scored.

        Groups that the collection came with are taken as they are, and of larger ones
        so many negatives, chosen at random.
        """
        if sampling in self.drawn:
            groups = self._ruled(self.drawn[sampling])
            kept = self.rules.positives == KEEP
            groups = _smaller(groups, size=size, seed=seed, keep_first=kept)
            groups = self._whole(groups, size)
            if groups.n_groups:
                return groups
        made = self._sampled(sampling, size=size, seed=seed).draw()
        return self._whole(made.groups, size)

    def law(self, sampling: str, *, size: int) -> GroupLaw | None:
        """The law that groups of a sampling are drawn by; None where it is not known.

        Its pools are of the queries of the split "law".
        """
        if not self.kinds:
            return None
        return law_of(self._sampled(sampling, size=size, seed=0), self.kinds)

    def _sampled(self, sampling: str, *, size: int, seed: int) -> SampleOptions:
        """What draws groups of a sampling."""
        how = ABLATED[sampling]
        law = how.law if UNIFORM in self.pool.runs or how.law != UNIFORM else "random"
        asked = self.systems if sampling == ENSEMBLE and self.systems else how.runs
        runs = {name: self.pool.runs[name] for name in asked if law != "random"}
        deep = how.depth is not None and law != "random"
        needed = size - (self.rules.positives == KEEP)
        return SampleOptions(
            teacher=self.pool.teacher,
            sampling=law,
            size=size,
            runs=runs,
            qrels=self.pool.relevant,
            depth=max(how.depth or 0, needed) if deep else None,
            band=how.band,
            drop_suspected=self.rules.drop_suspected,
            positives=self.rules.positives,
            seed=seed,
        )

    def _ruled(self, groups: Groups) -> Groups:
        """Groups of a folder, whose positive stands first, by the rules."""
        first, rows = groups.offsets[:-1], groups.row_group()
        keep = np.ones(len(groups.codes), dtype=bool)
        if self.rules.drop_suspected is not None:
            values, known = groups.scores_of(self.pool.teacher)
            below = values[first][rows] - values
            keep = below >= self.rules.drop_suspected
            keep &= known & known[first][rows]
            keep[first] = True
        if self.rules.positives == REMOVE:
            keep[first] = False
            groups = replace(groups, positive=None)
        return groups.keep_rows(keep)

    def _whole(self, groups: Groups, size: int) -> Groups:
        """The groups of a size whose documents are known, and scored by the teacher."""
        if not groups.n_groups:
            return groups
        _, known = groups.scores_of(self.pool.teacher)
        known &= positions(self.docnos, groups.docnos)[groups.codes] >= 0
        scored = np.logical_and.reduceat(known, groups.offsets[:-1])
        return groups.keep_groups(scored & (groups.sizes == size))

    def of_split(self, groups: Groups, split: str) -> Groups:
        """The groups of the queries of a split."""
        mine = self.qids[self.splits[split]]
        return groups.keep_groups(positions(mine, groups.group_qids()) >= 0)

    def codes(self, groups: Groups) -> tuple[Integers, Integers]:
        """Codes of the queries of groups, shape (n,), and of documents, (n, k)."""
        queries = positions(self.qids, groups.group_qids())
        documents = positions(self.docnos, groups.docnos)[groups.codes]
        return queries, documents.reshape(groups.n_groups, -1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """What a collection is built from, before anything is ranked or scored."""

    name: str
    documents: Mapping[str, str]
    queries: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, float]]
    vectors: Vectors | None = None
    encoder: str = LSA
    teacher: Scores | None = None
    drawn: Mapping[str, Groups] = field(default_factory=dict)
    members: tuple[Scores, ...] = ()
    kinds: Mapping[str, float] = field(default_factory=dict)
    systems: Mapping[str, Scores] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    def digest(self) -> str:
        """Hex SHA-256 of texts, judgements, vectors, scores and groups."""
        found = hashlib.sha256()
        for part in (self.documents, self.queries, self.relevant):
            found.update(repr(sorted(part.items())).encode("utf-8", "replace"))
        for vectors in self.vectors or ():
            found.update(vectors.tobytes())
        if self.teacher is not None:
            found.update(repr(self.teacher.to_ranx_dict()).encode())
        for name, groups in sorted(self.drawn.items()):
            found.update(name.encode())
            found.update(groups.codes.tobytes())
        for member in self.members:
            found.update(repr(member.to_ranx_dict()).encode())
        if self.kinds:
            found.update(repr(sorted(self.kinds.items())).encode())
        for name, run in self.systems.items():
            found.update(repr((name, run.to_ranx_dict())).encode())
        return found.hexdigest()


def read_collection(place: str | Path, *, seed: int) -> Collection:
    """The docstrings of numpy, scipy and scikit-learn, or the collection of a folder.

    Parameters
    ----------
    place : str or Path
        "docstrings", "synthetic" or "synthetic:SEED", whose law is known, "irds:ID" of
        ir_datasets, or a folder with ``corpus.jsonl``,
        ``queries.jsonl`` and judgements as BEIR has them. Taken where they are there:
        vectors ``embeddings/NAME.corpus.npy`` and ``NAME.queries.npy``, the teacher's
        scores ``teacher/teacher.scores.json`` or ``runs/teacher.run``, and groups
        ``train/SAMPLING.*``, such as ``train/random.16.jsonl``. All may be packed.
    seed : int

    Raises
    ------
    UsageError
        When a part is missing, or there are too few queries.
    FormatError
        When a file breaks its format.
    """
    if str(place) == DOCSTRINGS:
        return build(_docstrings(DOCSTRINGS, PACKAGES, seed), seed=seed)
    return build(_given(place, seed), seed=seed)


def read_abroad(place: str | Path, home: Collection, *, seed: int) -> Collection:
    """A collection that students of another one are tested on, in their own vectors.

    Parameters
    ----------
    place : str or Path
        A folder as of `read_collection`; "docstrings" are those of matplotlib, pandas
        and SymPy, as far as they are installed.
    home : Collection
        That the students are trained on.
    seed : int

    Raises
    ------
    NotTestedError
        When its vectors are not those of `home`, or there are too few queries.
    UsageError
        As `read_collection`.
    FormatError
        When a file breaks its format.
    """
    if str(place) == DOCSTRINGS:
        return build(_docstrings(ABROAD, OTHERS, seed), seed=seed, home=home)
    return build(_given(place, seed), seed=seed, home=home)


def is_made(place: str) -> bool:
    """Whether a collection is made here, and no folder or dataset."""
    return place == DOCSTRINGS or seed_of(place) is not None


def check_places(places: Sequence[str], abroad: Sequence[str]) -> None:
    """See before hours of training that folders have their parts, and own names.

    Raises
    ------
    UsageError
        Saying which has not.
    """
    owners: dict[str, str] = {}
    for place in places:
        name, where = _owner(place, DOCSTRINGS)
        if name in owners:
            raise UsageError(_twice(name))
        owners[name] = where
    tested: set[str] = set()
    for place in abroad:
        name, where = _owner(place, ABROAD)
        # One that trains may be out of domain of the others, too
        if name in tested or owners.get(name, where) != where:
            raise UsageError(_twice(name))
        tested.add(name)


def _owner(place: str, docstrings: str) -> tuple[str, str]:
    """What a collection is called, and where it is found, if its parts are there."""
    if place == DOCSTRINGS:
        return docstrings, place
    if (dataset := Source(Path(place)).dataset) is not None:
        return _name_of(dataset), place
    if (of_world := seed_of(place)) is not None:
        return name_of(of_world), place
    _parts(Path(place))
    where = Path(place).resolve()
    return where.name, str(where)


def _twice(name: str) -> str:
    return (
        f"two collections are called {name!r}; give each once, and rename a folder of "
        "another"
    )


def others_installed() -> bool:
    """Whether there are docstrings that are out of domain."""
    return bool(package_roots(OTHERS))


def _given(place: str | Path, seed: int) -> Given:
    """A synthetic world, or what is read from a place."""
    of_world = seed_of(str(place))
    return _read(Path(place)) if of_world is None else _synthetic(of_world, seed)


def _synthetic(of_world: int, seed: int) -> Given:
    """Queries drawn from a world, with one for each of its kinds."""
    world = World.of(of_world)
    drawn = world.drawn(N_DRAWN, np.random.default_rng([of_world, seed, 6]))
    kinds = {qid: kind for kind, qid in enumerate(world.kinds.tolist())}
    every = {**drawn, **kinds}
    of_kinds, of_documents = world.texts()
    in_order = [every[qid] for qid in sorted(every)]
    return Given(
        name=world.name,
        documents=dict(zip(world.docnos.tolist(), of_documents, strict=True)),
        queries={qid: of_kinds[kind] for qid, kind in every.items()},
        relevant=world.judged(every),
        vectors=(
            world.documents.astype(np.float32),
            world.seen[in_order].astype(np.float32),
        ),
        encoder=SYNTHETIC,
        teacher=world.scored(every, world.teacher),
        kinds=dict(zip(kinds, world.weights.tolist(), strict=True)),
        notes=(
            f"a synthetic world: {counted(len(drawn), 'query')} are drawn "
            f"independently from {counted(len(kinds), 'kind')} of known probabilities, "
            "so that test queries may be of kinds that train, and the law of their "
            "groups is known",
        ),
    )


def _docstrings(name: str, packages: Sequence[str], seed: int) -> Given:
    roots = package_roots(packages)
    if not roots:
        raise UsageError(
            f"{name}: none of {', '.join(packages)} is installed; install one of them, "
            "or give folders as `out_of_domain`"
        )
    documents = collect(roots)
    rng = np.random.default_rng([seed, 2])
    chosen = np.sort(rng.permutation(len(documents))[:MOST_QUERIES])
    sought = {f"q{code:04d}": documents[code] for code in chosen.tolist()}
    return Given(
        name=name,
        documents={one.docno: one.text for one in documents},
        queries={qid: one.summary for qid, one in sought.items()},
        relevant={qid: {one.docno: 1.0} for qid, one in sought.items()},
        notes=(
            f"the docstrings of {', '.join(roots)} as they are installed, so that "
            "other versions give other numbers",
        ),
    )


def _found(folder: Path, names: Iterable[str]) -> Path | None:
    """The first of some files, packed or not."""
    for name in names:
        for suffix in ("", *SUFFIXES):
            if (path := folder / f"{name}{suffix}").is_file():
                return path
    return None


def _needed(folder: Path, names: Sequence[str], what: str) -> Path:
    found = _found(folder, names)
    if found is None:
        raise UsageError(
            f"{folder}: has no {what} ({' or '.join(names)}), and a collection needs "
            "corpus, queries and judgements as BEIR has them; give such folders, or "
            "'docstrings', as `collections`"
        )
    return found


def _parts(folder: Path) -> tuple[Path, Path, Path]:
    """The files of documents, queries and judgements."""
    if not folder.is_dir():
        raise UsageError(
            f"{folder}: is no folder; give folders of collections, or 'docstrings', as "
            "`collections`"
        )
    return (
        _needed(folder, CORPUS, "documents"),
        _needed(folder, QUERIES, "queries"),
        _needed(folder, QRELS, "judgements"),
    )


def _of_irds(path: Path, name: str) -> Given:
    """A dataset of ir_datasets, whose teacher and vectors have to be made."""
    documents, queries = read_irds_texts(Source(path))
    qrels = read_part(path, "qrels").qrels
    if qrels is None:  # `read_part` refuses such a dataset
        raise UsageError(f"{path}: holds no judgements")
    return Given(
        name=_name_of(name),
        documents=documents,
        queries=queries,
        relevant=_known(qrels, documents),
    )


def _name_of(dataset: str) -> str:
    """What a dataset of ir_datasets is called; files of cells are named after it."""
    return dataset.replace("/", "-")


def _known(qrels: Scores, documents: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Judgements of documents that are there."""
    return {
        qid: {docno: grade for docno, grade in row.items() if docno in documents}
        for qid, row in qrels.to_ranx_dict().items()
    }


def _read(folder: Path) -> Given:
    if (name := Source(folder).dataset) is not None:
        return _of_irds(folder, name)
    corpus, topics, judged = _parts(folder)
    documents, queries = (
        read_json_texts(Source(path)).texts for path in (corpus, topics)
    )
    qrels = read_part(judged, "qrels").qrels
    if qrels is None:  # `read_part` refuses such a file
        raise UsageError(f"{judged}: holds no judgements")
    files, notes = [corpus, topics, judged], []
    vectors, encoder = _vectors(folder, documents, queries, files)
    scores = _teacher(folder, files)
    members = [one for one in sorted(folder.glob(f"{MEMBERS}/*")) if one.is_file()]
    files += members
    # Without the teacher's scores, no groups can be learnt from
    drawn = {} if scores is None else _groups(folder, files)
    if drawn:
        notes.append(
            f"groups of {', '.join(drawn)} are those of the folder, the same for all "
            "seeds; of groups larger than those asked for, negatives are chosen at "
            "random"
        )
    systems = _systems(folder, files)
    if systems:
        notes.append(
            f"the ensemble fuses the rankings of {counted(len(systems), 'system')} of "
            f"the folder ({', '.join(systems)}), as far as the teacher scores their "
            "documents"
        )
    if scores is not None and RANDOM not in drawn:
        notes.append(
            "random negatives are any documents that the teacher's file scores, since "
            "there are no groups of random ones"
        )
    return Given(
        name=folder.resolve().name,
        documents=documents,
        queries=queries,
        relevant=_known(qrels, documents),
        vectors=vectors,
        encoder=encoder,
        teacher=scores,
        drawn=drawn,
        members=tuple(map(_logits, members)),
        systems=systems,
        files=tuple(files),
        notes=tuple(notes),
    )


def _groups(folder: Path, files: list[Path]) -> dict[str, Groups]:
    """Groups by sampling, of those samplings that are known."""
    found = {}
    for name in ABLATED:
        for path in sorted(folder.glob(f"{DRAWN}/{name}.*"))[:1]:
            groups = read_part(path, "groups").groups
            if groups is None:  # `read_part` refuses such a file
                continue
            first = groups.offsets[:-1]
            if groups.positive is None or groups.positive[first].all():
                found[name] = groups
                files.append(path)
    return found


def _systems(folder: Path, files: list[Path]) -> dict[str, Scores]:
    """Rankings of negatives by system, from the file that sentence-transformers has."""
    path = _found(folder, SYSTEMS)
    if path is None:
        return {}
    files.append(path)
    every = read_part(path, "groups")
    found = {}
    for name in systems_joined(every.notes):
        one = read_part(path, "groups", format=f"{every.format}:{name}").groups
        if one is not None:  # `read_part` refuses such a file
            found[name] = _negatives(one, name)
    return found


def _smaller(groups: Groups, *, size: int, seed: int, keep_first: bool) -> Groups:
    """So many documents of every group at random, maybe the first among them."""
    if (groups.sizes <= size).all():
        return groups
    numbers = np.random.default_rng([seed, 5]).random(len(groups.codes))
    if keep_first:
        numbers[groups.offsets[:-1]] = -1.0
    of_row = groups.row_group()
    order = np.lexsort((numbers, of_row))
    kept = np.empty(len(order), dtype=bool)
    kept[order] = np.arange(len(order)) - groups.offsets[of_row[order]] < size
    return groups.keep_rows(kept)


def _vectors(
    folder: Path,
    documents: Mapping[str, str],
    queries: Mapping[str, str],
    files: list[Path],
) -> tuple[Vectors | None, str]:
    """Vectors of the sorted documents and queries, and the name of their encoder."""
    for path in sorted(folder.glob("embeddings/*.corpus.npy")):
        other = path.with_name(path.name.replace(".corpus.", ".queries."))
        if not other.is_file():
            continue
        made = []
        for file, texts in ((path, documents), (other, queries)):
            held = read_embeddings(file)
            wanted = as_strings(sorted(texts))
            rows = held.rows(wanted)
            if rows.min() < 0:
                lacking = wanted[int(np.argmin(rows))]
                raise UsageError(
                    f"{file}: has no vector of {lacking!r}; embed every document and "
                    "query, or move the vectors away, so that others are computed"
                )
            files.append(file)
            made.append(held.take(rows).astype(np.float32))
        return (made[0], made[1]), path.name.removesuffix(".corpus.npy")
    return None, LSA


def _teacher(folder: Path, files: list[Path]) -> Scores | None:
    """All scores of the teacher; None where there is no file of them."""
    paths = [path for name in TEACHER if (path := _found(folder, [name])) is not None]
    if not paths:
        return None
    found: dict[str, dict[str, float]] = {}
    for path in reversed(paths):
        for qid, row in _logits(path).to_ranx_dict().items():
            found.setdefault(qid, {}).update(row)
        files.append(path)
    return Scores.from_dict(found, name=str(paths[0]))


def _logits(path: Path) -> Scores:
    """Scores of a file, which must be log-odds."""
    scores = read_part(path, "scores").scores
    if scores is None:  # `read_part` refuses such a file
        raise UsageError(f"{path}: holds no scores")
    guess = infer_kind(scores)
    if guess.kind is not Kind.LOGIT:
        raise UsageError(
            f"{path}: looks like scores of the kind {guess.kind.value} "
            f"({guess.evidence}), and students learn from log-odds; convert them, "
            "or move the file away, so that a teacher is trained"
        )
    return scores


def build(given: Given, *, seed: int, home: Collection | None = None) -> Collection:
    """Index and rank a collection, train a teacher if there is none, split queries.

    With `home`, vectors are in the space of that collection.
    """
    known = given.queries.keys() & {q for q, row in given.relevant.items() if any(row)}
    if given.teacher is not None:
        known &= {*given.teacher.qids.tolist()}
    judged = {
        qid: [docno for docno, grade in given.relevant[qid].items() if grade >= 1]
        for qid in sorted(known)
    }
    judged = {qid: docnos for qid, docnos in judged.items() if docnos}
    qids, docnos = as_strings([*judged]), as_strings(sorted(given.documents))
    splits, mine = _split(qids, seed=seed, given=given)
    vectors = None if home is not None and home.encoder == LSA else given.vectors
    encoder = LSA if vectors is None else given.encoder
    if home is not None and encoder != home.encoder:
        raise NotTestedError(
            f"{given.name}: has no vectors of {home.encoder!r}, which those of "
            f"{home.name} are; put them into its folder embeddings, or leave it out of "
            "`out_of_domain`"
        )
    if vectors is not None:
        rows = positions(as_strings(sorted(given.queries)), qids)
        vectors = vectors[0], vectors[1][rows]
    retrieved = retrieve(
        [given.documents[docno] for docno in docnos],
        [given.queries[qid] for qid in qids],
        dimensions=DIMENSIONS,
        seed=seed,
        vectors=vectors,
        space=home.retrieved.space if home is not None else None,
    )
    if home is not None:
        wide, own = (one.doc_vectors.shape[1] for one in (home.retrieved, retrieved))
        if wide != own:
            raise NotTestedError(
                f"{given.name}: vectors of {encoder!r} have {own} numbers, and those "
                f"of {home.name} {wide}; embed both by one model"
            )
    place = {docno: code for code, docno in enumerate(docnos)}
    relevant = [np.array(sorted(place[one] for one in judged[qid])) for qid in qids]
    names = Names([*qids], [*docnos])
    grades = [
        np.array([given.relevant[qid][docnos[code]] for code in relevant[query]])
        for query, qid in enumerate(qids)
    ]
    every = range(len(qids))
    runs = {
        "bm25": names.scores("bm25", *tops(retrieved.bm25, every)),
        "dense": names.scores("dense", *tops(retrieved.lsa, every)),
    }
    if given.teacher is None:
        teacher, runs[UNIFORM] = _trained(retrieved, relevant, names, mine, seed=seed)
    else:
        kept = (positions(qids, given.teacher.qids) >= 0)[given.teacher.row_query()]
        held = positions(docnos, given.teacher.docnos)[given.teacher.codes] >= 0
        teacher = given.teacher.keep_rows(kept & held)
        if RANDOM in given.drawn:
            runs[UNIFORM] = _negatives(given.drawn[RANDOM], UNIFORM)
    systems = {f"system {name}": run for name, run in given.systems.items()}
    runs |= systems
    return Collection(
        name=given.name,
        docnos=docnos,
        qids=qids,
        retrieved=retrieved,
        pool=Pool(
            teacher.with_kind(Kind.LOGIT),
            runs,
            names.scores("judgements", relevant, grades),
        ),
        splits=splits,
        digest=given.digest(),
        files=given.files,
        notes=given.notes,
        documents=as_strings([given.documents[docno] for docno in docnos]),
        queries=as_strings([given.queries[qid] for qid in qids]),
        encoder=encoder,
        drawn=given.drawn,
        members=given.members,
        kinds=given.kinds,
        systems=tuple(systems),
    )


def _split(
    qids: Strings, *, seed: int, given: Given
) -> tuple[dict[str, Integers], list[int]]:
    """The queries by what they are for, and those that train the teacher."""
    stands = positions(as_strings([*given.kinds]), qids) >= 0
    used, n_queries = np.flatnonzero(~stands), int((~stands).sum())
    order = used[np.random.default_rng([seed, 3]).permutation(n_queries)]
    teachers = 0 if given.teacher is not None else n_queries // TEACHERS
    others = order[teachers:]
    ends = np.cumsum(SHARES)[:-1] * len(others) // sum(SHARES)
    parts = np.split(others, ends)
    if min(map(len, parts)) < LEAST:
        raise NotTestedError(
            f"{given.name}: has {n_queries:,} judged queries that can be used, which "
            f"leaves fewer than {LEAST} to train, choose or test; give a larger "
            "collection"
        )
    splits = {name: np.sort(part) for name, part in zip(SPLITS, parts, strict=True)}
    if given.kinds:
        splits[LAW] = np.flatnonzero(stands)
    return splits, order[:teachers].tolist()


def _trained(
    retrieved: Retrieved,
    relevant: Sequence[Integers],
    names: Names,
    own: Sequence[int],
    *,
    seed: int,
) -> tuple[Scores, Scores]:
    """The scores of a teacher that is trained, and documents from the whole corpus."""
    n_docs = len(names.docnos)
    rng = np.random.default_rng([seed, 4])
    count = min(RESERVE, n_docs)
    reserve = [rng.permutation(n_docs)[:count] for _ in relevant]
    pools = [
        candidates(retrieved, query, others=np.append(reserve[query], positive))
        for query, positive in enumerate(relevant)
    ]
    teacher = learn(retrieved, relevant, pools, queries=own, seed=seed)
    logits = score(teacher, retrieved, pools, queries=range(len(pools)))
    falling = np.arange(count, 0, -1.0)
    return (
        names.scores("teacher", pools, logits),
        names.scores(UNIFORM, reserve, [falling] * len(reserve)),
    )


def _negatives(groups: Groups, name: str) -> Scores:
    """The negatives of given groups as a run, in the order of the file."""
    found: dict[str, dict[str, float]] = {}
    names, documents = groups.group_qids()[groups.row_group()], groups.docnos
    first = np.zeros(len(groups.codes), dtype=bool)
    first[groups.offsets[:-1]] = True
    good = first if groups.positive is None else groups.positive
    for row in np.flatnonzero(~good).tolist():
        row_of = found.setdefault(names[row], {})
        row_of.setdefault(documents[groups.codes[row]], -float(len(row_of)))
    return Scores.from_dict(found, name=name)
