"""The command lines whose outputs are kept, by name.

Paths are relative to a folder that holds the files of `tests.golden.data`, or a link
`data` to the real rankings. `{out}` is a place of the case's own, out/NAME.
"""

from dataclasses import dataclass

# Left out: the demo takes minutes, and its collection is the docstrings of whatever
# versions are installed; tests/rankbound/test_quoted_outcome.py runs it. What students
# of `ablate` learn differs by machine; its tests train some.
NOT_RUN = {"demo", "ablate"}
REAL = "real"


@dataclass(frozen=True)
class Case:
    """A command line; cases of a group share a folder and one test process.

    Attributes
    ----------
    name, line, group : str
    after : tuple of str
        Cases whose files it reads.
    """

    name: str
    line: str
    group: str
    after: tuple[str, ...] = ()

    @property
    def words(self):
        return self.line.format(out=f"out/{self.name}").split()

    @property
    def real(self):
        return self.group.startswith(REAL)


MODELS = "--teacher teacher.json.gz --teacher-kind logit --student close=close.run"
BOTH = f"{MODELS} far=far.run.gz --student-kind logit"
DENSE = "--embeddings docs.npy --bi-encoder dense=queries.npy"
FITTED = "--teacher cosine.run --temperature fit --qrels qrels.trec"
THREE = "--groups random=random.jsonl hard=hard.jsonl near=near.jsonl.gz"
QUICK = "--resamples 200 --permutations 199 --splits 3"

LINES = {
    "inspect": {
        "scores": "inspect teacher.json.gz --json {out}.json",
        "several": "inspect teacher.json.gz close.run random.jsonl near.jsonl.gz "
        "docs.npy queries.npy --qrels qrels.trec --json {out}/inspection.json",
        "options": "inspect close.run --groups hard.jsonl random.jsonl --embeddings "
        "docs.npy --ids docs.ids.txt --qrels qrels.trec --temperature fit --json "
        "{out}.json",
        "odd": "inspect odd.run ranks.run probability.json cosine.run bm25.run "
        "--qrels qrels.trec --json {out}.json",
        "others": "inspect weighted.jsonl margins.jsonl corpus.jsonl topics.jsonl "
        "--json {out}.json",
        "format": "inspect --format close.run=trec-run few.json=lookup --groups "
        "hard.jsonl",
        "folder": "inspect sets/one --json {out}.json",
        "broken": "inspect broken.run doubled.run close.run --json {out}.json",
        "missing": "inspect nothing.run",
        "forced-itself": "inspect few.json --json few.json --force",
        "kinds": "inspect teacher.json.gz softmax.json --teacher-kind logit "
        "--student-kind softmax=softmax --json {out}.json",
        "settings": "inspect cosine.run --teacher close.run --groups hard.jsonl "
        "random.jsonl --temperature 2 --pairs pos-neg --missing error --clusters "
        "clusters.tsv --json {out}.json",
        "depth": "inspect close.run --depth 5",
        "no-vectors": "inspect close.run --ids docs.ids.txt",
        "scales": "inspect filled.json softmax.json mixed.json systems.run "
        "swapped.run --json {out}.json",
        "answered": "inspect filled.json mixed.json systems.run --missing-value "
        "filled.json=-1e4 --mixed-scales logit-sigmoid --run-tag systems.run=monoT5",
        "two-formats": "inspect close.run --format lookup --format trec-run",
    },
    "convert": {
        "run": "convert few.json {out}.run",
        "arrow": "convert few.json {out}.arrow --teacher-kind logit",
        "parquet": "convert few.json {out}.scores.parquet --teacher-kind logit",
        "json": "convert close.run {out}.json --lossy",
        "refused": "convert close.run {out}.json",
        "msmarco": "convert few.json {out}.run --to msmarco-run --lossy",
        "csv": "convert few.json {out}.csv",
        "packed": "convert few.json {out}.tsv.bz2",
        "rankllm": "convert few.json {out}.jsonl --to rankllm",
        "pickle": "convert few.json {out}.pkl",
        "groups": "convert hard.jsonl {out}.groups.parquet",
        "groups-no-scores": "convert hard.jsonl {out}.jsonl --to ranked-list --lossy",
        "groups-colbert": "convert hard.jsonl {out}.jsonl --to colbert --lossy",
        "qrels": "convert qrels.trec {out}.tsv --to beir-qrels --lossy",
        "vectors": "convert docs.npy {out}.npz",
        "vectors-raw": "convert docs.npy {out}.f4 --ids docs.ids.txt",
        "vectors-faiss": "convert docs.npy {out}.faiss --format npy",
        "vectors-flex": "convert docs.npy {out}.flex",
        "formats": "convert --formats .",
        "system": "convert systems.run {out}.json --run-tag far --lossy",
        "systems": "convert systems.run {out}.run",
        "missing": "convert filled.json {out}.run --missing-value -1e4",
        "no-suffix": "convert few.json {out}.what",
        "kind": "convert few.json {out}.run --teacher-kind loud",
        "itself": "convert few.json few.json",
        "forced-itself": "convert few.json ./few.json --force",
        "memory": "convert few.json {out}.json --memory 12XB",
        "exists": "convert few.json close.run",
        "nowhere": "convert few.json nowhere/few.run",
        "wrong": "convert hard.jsonl {out}.run",
        "broken": "convert broken.run {out}.json",
    },
    "sample": {
        "random": "sample --teacher teacher.json.gz --qrels qrels.trec --relevant 1 "
        "--sampling random --size 4 --seed 2 --out {out}.jsonl --json {out}.json",
        "run": "sample --teacher teacher.json.gz --groups hard.jsonl --run "
        "close=close.run --sampling close --depth 5 --size 3 --out {out}.jsonl",
        "fusion": "sample --teacher teacher.json.gz --groups hard.jsonl --run "
        "close=close.run far=far.run.gz --format close.run=trec-run --sampling "
        "fusion --size 3 --out {out}.jsonl --to hard-negatives-ce",
        "strata": "sample --teacher teacher.json.gz --qrels qrels.trec --sampling "
        "stratified-count+random --strata 2 --size 5 --drop-suspected 0.2 "
        "--temperature fit --out {out}.jsonl",
        "band": "sample --teacher teacher.json.gz --sampling entropy --band 0:0.5 "
        "--size 3 --out {out}.jsonl",
        "bare": "sample --teacher teacher.json.gz --sampling top "
        "--size 3 --positives remove --out {out}.jsonl --to ranked-list",
        "answered": "sample --teacher filled.json --run s=systems.run --sampling s "
        "--missing-value -10000 --run-tag s=far --size 3 --out {out}.jsonl",
        "unknown": "sample --teacher teacher.json.gz --sampling bm25 --out {out}.jsonl",
        "forced-itself": "sample --teacher few.json --sampling top --out few.json "
        "--force",
        "wrong-band": "sample --teacher teacher.json.gz --sampling entropy --band 1 "
        "--out {out}.jsonl",
        "itself": "sample --teacher teacher.json.gz --sampling top --out "
        "teacher.json.gz",
    },
    "measure": {
        "forced": "measure --teacher nothing.run --out {out} --force",
        "plain": "measure --teacher teacher.json.gz --out {out}",
        "full": f"measure {BOTH} {DENSE} --query-ids queries.ids.txt --ids "
        "docs.ids.txt --groups hard.jsonl --seed 3 --delta 0.1 --details --out {out}",
        "near": f"measure {BOTH} --groups near.jsonl.gz --pairs pos-neg --score-range "
        "2 --weights 6e7 --layers 6 --out {out}",
        "negatives": f"measure {BOTH} --groups random.jsonl --pairs neg-neg "
        "--embeddings docs.npy --metric angular --missing error --out {out}",
        "judged": f"measure {BOTH} --groups random.jsonl --embeddings docs.npy "
        "--qrels qrels.trec --out {out}",
        "irrelevant": f"measure {BOTH} --depth 8 --qrels qrels.trec --unjudged "
        "irrelevant --out {out}",
        "target": f"measure {BOTH} --groups hard.jsonl --target-groups target.jsonl "
        "--embeddings docs.npy --out {out}",
        "probabilities": f"measure {MODELS} --groups weighted.jsonl --out {{out}}",
        "compat": f"measure {BOTH} --groups hard.jsonl --embeddings docs.npy --qrels "
        "qrels.trec --compat reference --out {out}",
        "fit": f"measure {FITTED} --student bm25=bm25.run close=close.run "
        "--student-kind bm25=bm25 --student-temperature bm25=fit close=1.5 "
        "--groups random.jsonl --seed 7 --out {out}",
        "given": f"measure {BOTH} --groups random.jsonl --pilot 0 --score-range 2 "
        "--stake 0.3 close=0.6 --unscored drop --out {out}",
        "common": f"measure {BOTH} --depth 5 --pilot 0.4 --unscored common --out "
        "{out}",
        "clusters": f"measure {BOTH} --groups random.jsonl --clusters clusters.tsv "
        "--embeddings docs.npy --qrels qrels.trec --out {out}",
        "few-clusters": f"measure {MODELS} --clusters few-clusters.tsv --out {{out}}",
        "torn-clusters": f"measure {MODELS} --clusters torn-clusters.tsv --out {{out}}",
        "narrow-clusters": f"measure {MODELS} --clusters narrow-clusters.tsv --out "
        "{out}",
        "gaps": f"measure {BOTH} --depth 5 --unscored error --out {{out}}",
        "equal": f"measure {MODELS} again=close.run far=far.run.gz --student-kind "
        "logit --student-temperature again=1 far=2 --depth 5 --unscored drop --out "
        "{out}",
        "no-pilot": f"measure {FITTED} --pilot 0 --out {{out}}",
        "lipschitz": f"measure {BOTH} {DENSE} --student-temperature 1 "
        "--score-range 12 --query-ids queries.ids.txt --ids docs.ids.txt --groups "
        "random.jsonl --metric angular --lipschitz 30 dense=3.2 --out {out}",
        "trained": f"measure {BOTH} --groups random.jsonl --trained-on trained.tsv "
        "far=untrained.txt --out {out}",
        "trained-strange": f"measure {MODELS} --trained-on far=trained.tsv --out "
        "{out}",
        "trained-broken": f"measure {MODELS} --trained-on corpus.npy --out {{out}}",
        "refuted-lipschitz": f"measure {BOTH} --embeddings docs.npy --ids docs.ids.txt "
        "--groups random.jsonl --lipschitz close=0.1 --out {out}",
        "margins": "measure --teacher margins.jsonl --groups hard.jsonl --student "
        "close=close.run --student-temperature 0.8 --out {out}",
        "kind": "measure --teacher probability.json --teacher-kind probability "
        "--groups hard.jsonl --student far=far.run.gz --format far.run.gz=trec-run "
        "--out {out}",
        "missing-value": "measure --teacher filled.json --missing-value -10000 "
        "--groups hard.jsonl --out {out}",
        "softmax": "measure --teacher softmax.json --teacher-kind softmax --groups "
        "hard.jsonl --out {out}",
        "mixed": "measure --teacher mixed.json --mixed-scales logit-sigmoid --groups "
        "hard.jsonl --out {out}",
        "system": "measure --teacher systems.run --run-tag monoT5 far=far --student "
        "far=systems.run --student-kind logit --groups hard.jsonl --out {out}",
        "no-missing-value": "measure --teacher filled.json --out {out}",
        "no-softmax": "measure --teacher softmax.json --out {out}",
        "no-mixed": "measure --teacher mixed.json --out {out}",
        "no-system": "measure --teacher systems.run --out {out}",
        "swapped": "measure --teacher swapped.run --out {out}",
        "no-temperature": "measure --teacher cosine.run --out {out}",
        "no-file": "measure --teacher nothing.json --out {out}",
        "ranks": "measure --teacher ranks.run --teacher-kind rank_only --out {out}",
        "broken": "measure --teacher broken.run --out {out}",
        "doubled": "measure --teacher doubled.run --out {out}",
        "no-name": "measure --teacher few.json --student close.run --out {out}",
        "twice": "measure --teacher few.json --student a=close.run a=far.run.gz --out "
        "{out}",
        "strange-student": f"measure {MODELS} --student-temperature far=2 --out "
        "{out}",
        "delta": "measure --teacher few.json --delta 1.5 --out {out}",
        "range": f"measure {MODELS} --score-range 0 --out {{out}}",
        "workers": f"measure {MODELS} --workers 2 --dask tcp://nowhere:1 --fresh --out "
        "{out}",
        "both": f"measure {MODELS} --groups hard.jsonl --depth 5 --out {{out}}",
        "margins-alone": "measure --teacher margins.jsonl --out {out}",
        "unfit": "measure --teacher cosine.run --temperature fit --out {out}",
        "no-ids": f"measure {MODELS} --groups hard.jsonl --embeddings corpus.jsonl "
        "--out {out}",
        "out": "measure --teacher few.json --out few.json",
        "no-teacher": "measure --out {out}",
        "unknown-option": "measure --teacher few.json --out {out} --loud",
    },
    "compare": {
        "forced": f"compare --teacher nothing.run {THREE} --out {{out}} --force",
        "plain": f"compare --teacher teacher.json.gz {THREE} --resamples 499 "
        "--out {out}",
        "full": f"compare {BOTH} {THREE} {DENSE} --query-ids queries.ids.txt "
        "--quantity entropy margin ties "
        "divergence risk diameter mean_distance rms_distance two_nn knn_density "
        "--margin margin=0.5 entropy=0.05 --reference hard --qrels qrels.trec "
        "--resamples 199 --seed 5 --delta 0.1 --compat reference --details --out {out}",
        "all": f"compare --teacher teacher.json.gz {THREE} --pairs all --margin 0.1 "
        "--target random.jsonl --controls --embeddings docs.npy --resamples 99 "
        "--missing drop --score-range 5 --out {out}",
        "target": f"compare --teacher teacher.json.gz {THREE} --target target.jsonl "
        "--out {out}",
        "trained": f"compare {MODELS} {THREE} --quantity risk --pairs all "
        "--resamples 0 --trained-on trained.tsv --out {out}",
        "fit": f"compare {FITTED} --teacher-kind cosine {THREE} --quantity "
        "entropy,risk --pairs pos-neg --student bm25=bm25.run --student-temperature "
        "fit --ids docs.ids.txt --embeddings docs.npy --metric angular "
        "--resamples 0 --format bm25.run=trec-run --out {out}",
        "clusters": f"compare --teacher teacher.json.gz {THREE} --clusters "
        "clusters.tsv --embeddings docs.npy --quantity entropy diameter --pairs all "
        "--controls --resamples 199 --out {out}",
        "pilot": f"compare --teacher teacher.json.gz {THREE} --quantity entropy margin "
        "--pairs all --pilot 0.3 --resamples 0 --out {out}",
        "one": "compare --teacher few.json --groups hard=hard.jsonl --out {out}",
        "answered": f"compare --teacher filled.json {THREE} --missing-value -10000 "
        "--mixed-scales as-is --run-tag far=far --student far=systems.run --quantity "
        "entropy --resamples 99 --out {out}",
        "no-student": f"compare --teacher few.json {THREE} --quantity risk --out "
        "{out}",
        "no-quantity": f"compare --teacher few.json {THREE} --quantity beauty --out "
        "{out}",
        "margin": f"compare --teacher few.json {THREE} --quantity entropy ties "
        "--margin 0.1 --out {out}",
        "reference": f"compare --teacher few.json {THREE} --reference soft --out "
        "{out}",
        "resamples": f"compare --teacher few.json {THREE} --resamples -1 --out {{out}}",
    },
    "cut": {
        "forced": "cut --teacher nothing.run --groups hard.jsonl --out {out} --force",
        "answered": "cut --teacher mixed.json --groups hard.jsonl --keep inner "
        "--missing-value none --mixed-scales logit-sigmoid --run-tag s=far --student "
        "s=systems.run --student-kind logit --out {out}",
        "six": "cut --teacher teacher.json.gz --groups hard.jsonl --compat reference "
        "--out {out}",
        "bands": "cut --teacher teacher.json.gz --groups near.jsonl.gz --keep "
        "inner 0.1:0.6 --pairs pos-neg --delta 0.1 --out {out}",
        "risk": f"cut {BOTH} --groups random.jsonl --by risk:far --keep "
        "upper-quartile --out {out}",
        "diameter": f"cut {FITTED} --groups random.jsonl --by diameter --embeddings "
        "docs.npy --keep below-median --seed 2 --out {out}",
        "dense": f"cut --teacher teacher.json.gz {DENSE} --query-ids queries.ids.txt "
        "--ids docs.ids.txt --student-kind dot --student-temperature 0.05 --metric "
        "angular --score-range 4 --missing drop --groups hard.jsonl --by risk --keep "
        "outer --format teacher.json.gz=lookup --out {out}",
        "clusters": "cut --teacher teacher.json.gz --groups hard.jsonl --clusters "
        "clusters.tsv --keep inner below-median --out {out}",
        "unknown": "cut --teacher few.json --groups hard.jsonl --keep best --out {out}",
        "no-vectors": "cut --teacher few.json --groups hard.jsonl --by two_nn --out "
        "{out}",
    },
    "study": {
        "sets": "study sets/one new:sets/two --config study.toml --out {out}",
        "ablations": "study ablated/first ablated/second --config cells.toml --out "
        "{out}",
        "failing": "study damaged --fresh --out {out}",
        "no-cell-setting": "study ablated/first --config far.toml --out {out}",
        "twice": "study sets/one ./sets/one --out {out}",
        "no-setting": "study sets/one --config wrong.toml --out {out}",
        "forced": "study nowhere --out {out} --force",
    },
    "ablate": {
        "grid": "ablate --collection nowhere sets/one --out-of-domain nowhere "
        "--samplings random entropy "
        "--losses kl lce --architectures bi --seeds 2 --group-size 8 --backend jax "
        "--positives keep --drop-suspected 0.5 "
        "--match-scale off --fresh --details --out {out}",
        "no-collection": "ablate --collection sets/one --out {out}",
        "no-sampling": "ablate --samplings bm52 --out {out}",
        "no-seed": "ablate --collection synthetic:x --out {out}",
        "seeds": "ablate --seeds 0 --out {out}",
        "arms": "ablate --collection nowhere --teachers noisy --augmentations title "
        "--out {out}",
        "steps": "ablate --steps 3 --out {out}",
        "forced": "ablate --collection nowhere --out {out} --force",
    },
    "theory": {
        "power-n": "power --n 43 54 97",
        "power-sd": "power --n 43 97 --sd 0.1 0.3 --json {out}.json",
        "power-margin": "power --sd 0.10 --margin 0.02 --range 0.6931 --details",
        "power-law": "power --sd 0.1 --margin 0.03 --range 0.7 --law uniform --seed 3",
        "power-family": "power --n 60 --sd 0.2 --margin 0.05 --power 0.9 --delta 0.01 "
        "--comparisons 9 --json",
        "power-nothing": "power",
        "power-rates": "power --n 10 --power 0.01",
        "power-range": "power --n 10 --sd 0.5 --range 0.1",
        "power-folder": "power --from nowhere",
        "bound-plain": "bound --diameter 1.4 --lipschitz 5 --entropy 0.42 "
        "--divergence 0.06 --n 500000 --details",
        "bound-json": "bound --diameter 1.4 --lipschitz 5 --entropy 0.42 "
        "--divergence 0.06 --n 500000 --kappa 1.01 --delta 0.1 --group-size 8 "
        "--weights 6e7 --layers 6 --json",
        "bound-n": "bound --diameter 1.4 --lipschitz 5 --entropy 0.42 --divergence "
        "0.06 --solve n --json",
        "bound-diameter": "bound --n 500000 --lipschitz 5 --entropy 0.42 "
        "--divergence 0.06 --solve diameter",
        "bound-entropy": "bound --diameter 1.4 --lipschitz 5 --n 500000 "
        "--divergence 0.06 --solve entropy",
        "bound-unsolved": "bound --diameter 1.4 --lipschitz 5 --entropy 0.69 "
        "--divergence 0.06 --solve n",
        "bound-augment": "bound --diameter 2 --lipschitz 5 --entropy 0.42 "
        "--divergence 0 --n 1000 --augment --after-diameter 1.2 --after-entropy 0.47 "
        "--after-divergence 0.01 --after-n 2000",
        "bound-augment-json": "bound --diameter 2 --lipschitz 5 --entropy 0.42 "
        "--divergence 0 --n 1000 --augment --after-diameter 1.2 --after-kappa 1.1 "
        "--json",
        "bound-table": "bound --table configurations.tsv",
        "bound-table-json": "bound --table configurations.tsv --kappa 1.2 --json",
        "bound-nothing": "bound --diameter 1.4",
        "bound-both": "bound --augment --solve n",
        "bound-solve": "bound --diameter 1.4 --lipschitz 5 --entropy 0.42 "
        "--divergence 0.06 --n 10 --solve kappa",
        "bound-domain": "bound --diameter -1 --lipschitz 5 --entropy 0.42 "
        "--divergence 0.06 --n 10",
        "explain-list": "explain",
        "explain-theorem": "explain theorem-1d",
        "explain-lemma": "explain lemma-2c-width",
        "explain-prime": "explain theorem-2-prime",
        "explain-glossary": "explain --glossary",
        "explain-word": "explain entropy",
        "explain-verdict": "explain Inconclusive",
        "explain-unknown": "explain theorem-1x",
        "explain-both": "explain lemma-1 --glossary",
        "figures-theory": "figures --out {out} --format svg",
        "appendix-file": "appendix --out few.json",
        "demo-file": "demo --out few.json --seed 1 --force",
        "no-command": "",
        "unknown-command": "bless",
        "version": "--version",
    },
    # In the group of its other tests, whose work is kept in the process
    "appendix": {
        "files": "appendix --out {out}",
        "forced": "appendix --out few.json --force",
    },
    # None of the checks by intervals: another library may do them
    "certify": {
        "sympy": "certify --statement lemma-1",
        "search": "certify --statement theorem-3b --json {out}.json",
        "exhaustive": "certify --statement theorem-6a",
        "refuted": "certify --statement refuted-series-error --json {out}.json",
        "programme": "certify --statement lemma-0-pool",
        "measured": "certify --statement theorem-1d --measured out/certify-results "
        "--json {out}.json",
        "unknown": "certify --statement theorem-1x",
        "nowhere": "certify --statement lemma-1 --measured nowhere",
    },
    "validate": {
        "forced": "validate --datasets one:nowhere --out {out} --force",
        "single": f"validate {BOTH} --groups random.jsonl tough=hard.jsonl --qrels "
        f"qrels.trec --embeddings docs.npy {QUICK} --name made --design design.tsv "
        "--seed 4 --details --out {out}",
        "depth": f"validate {MODELS} --depth 8 --qrels qrels.trec --measures "
        f"nDCG@5,P@3 --relevant 2 --missing-queries drop {QUICK} --correction bh "
        "--band 0.2 --margin 0.05 --delta 0.1 --pairs all --out {out}",
        "ranking": f"validate {FITTED} {DENSE} --student-temperature dense=fit "
        "--query-ids queries.ids.txt --ids docs.ids.txt --groups near.jsonl.gz "
        "--ranking teacher=teacher.run dense=close.run --measures nDCG@10 "
        f"{QUICK} --score-range 4 --metric angular --missing error --format "
        "cosine.run=trec-run --out {out}",
        "clusters": f"validate {MODELS} --groups random.jsonl --qrels qrels.trec "
        f"--clusters clusters.tsv --measures nDCG@5 {QUICK} --out {{out}}",
        "sets": f"validate --datasets sets/one two:sets/two {QUICK} "
        "--measures nDCG@10 --out {out}",
        "sets-chosen": "validate --datasets one:sets/one --dataset-teacher teacher "
        "--dataset-student close --dataset-sampling hard --student-temperature "
        f"close=2 --teacher-kind logit --measures AP@10 {QUICK} --out {{out}}",
        "given": f"validate {BOTH} --groups random.jsonl --qrels qrels.trec --measures "
        f"nDCG@10 {QUICK} --pilot 0.4 --stake 0.3 close=0.6 --unscored common --out "
        "{out}",
        "no-pilot": f"validate {BOTH} --depth 5 --qrels qrels.trec --measures nDCG@10 "
        f"{QUICK} --pilot 0 --score-range 2 --unscored drop --out {{out}}",
        "sets-stakes": "validate --datasets one:sets/one two:sets/two --stake 0.5 "
        f"close=0.9 --pilot 0.3 --unscored drop {QUICK} --measures nDCG@10 --out "
        "{out}",
        "strange-stake": "validate --datasets one:sets/one --stake soft=0.5 --out "
        "{out}",
        "answered": "validate --teacher filled.json --missing-value -10000 "
        "--mixed-scales logit-sigmoid --run-tag far=far --student far=systems.run "
        "--student-kind logit --groups hard.jsonl --qrels qrels.trec --measures nDCG@5 "
        f"{QUICK} --out {{out}}",
        "trained": f"validate {MODELS} --qrels qrels.trec --measures nDCG@10 "
        f"--trained-on close=trained.tsv {QUICK} --out {{out}}",
        "no-qrels": f"validate {MODELS} --out {{out}}",
        "mixed": f"validate {MODELS} --datasets one:sets/one --out {{out}}",
        "no-folder": "validate --datasets one:nowhere --out {out}",
        "no-name": "validate --datasets sets/one ./sets/one --out {out}",
        "no-sampling": "validate --datasets one:sets/one --dataset-sampling soft "
        "--out {out}",
        "measure": f"validate {MODELS} --qrels qrels.trec --measures beauty --out "
        "{out}",
        "alone": "validate --dataset-student close --out {out}",
    },
    "results": {
        "measure-one": f"measure {BOTH} --embeddings docs.npy --groups random.jsonl "
        "--qrels qrels.trec --out all/one",
        "measure-two": f"measure {MODELS} --groups hard.jsonl --out all/two",
        "compare-three": f"compare --teacher teacher.json.gz {THREE} --embeddings "
        "docs.npy --pairs all --quantity entropy --resamples 99 --out all/three",
        "validate-four": f"validate {BOTH} --groups random.jsonl --qrels qrels.trec "
        f"--measures nDCG@10 {QUICK} --out all/four",
        "inspect-five": "inspect teacher.json.gz close.run hard.jsonl docs.npy "
        "--qrels qrels.trec --json all/five.json",
        "power-measure": "power --from all/one --margin 0.02 --json all/six.json",
        "power-compare": "power --from all/three --margin 0.05 --comparisons 4 --n "
        "100 200",
        "power-clusters": "power --from all/one --clusters clusters.tsv --margin 0.1",
        "power-clusters-alone": "power --sd 0.2 --n 40 --clusters clusters.tsv",
        "power-from-both": "power --from all/one --sd 0.2",
        "bound-measured": "bound --before all/one --after all/two --details",
        "bound-measured-json": "bound --before all/two --after all/one --delta 0.1 "
        "--json",
        "bound-measured-other": "bound --before all/one --after all/three",
        "bound-measured-numbers": "bound --before all/one --after all/two --n 43",
        "bound-measured-half": "bound --before all/one",
        "figures-all": "figures --from all --out {out}",
        "figures-every": "figures --from all --out {out} --all",
        "figures-page": "figures --from all/two --out {out} --format png --width page",
        "figures-empty": "figures --from sets --out {out}",
        "figures-unknown": "figures --from unknown --out {out}",
        "figures-forced": "figures --from unknown --out {out} --force",
        "report-all": "report all --out {out}.html",
        "report-rows": "report all/two --out {out}.html --rows 20",
        "report-texts": "report all/two --out {out}.html --rows 6 --corpus "
        "corpus.jsonl --queries topics.jsonl --inputs sets --all",
        "report-no-texts": "report all/two --out {out}.html --corpus qrels.trec",
        "report-empty": "report sets --out {out}.html",
        "report-forced-input": "report all --out all/one/ledger.json --force",
        "power-forced-input": "power --from all/one --margin 0.02 --json "
        "all/one/ledger.json --force",
        "certify-forced-input": "certify --measured all/one --json "
        "all/one/ledger.json --force",
        "bound-forced-input": "bound --before all/one --after all/two --json "
        "all/two/ledger.json --force",
        "report-folder": "report all --out all",
        "report-damaged": "report damaged --out {out}.html",
        "report-few": "report all --out {out}.html --rows 0",
    },
    "real-dl19": {
        "inspect": "inspect data/dl19/runs/tasb.run data/dl19/runs/repllama.run.gz "
        "--qrels data/dl19/qrels.trec --json {out}.json",
        "measure": "measure --teacher data/dl19/runs/repllama.run.gz --temperature "
        "fit --student tasb=data/dl19/runs/tasb.run bm25=data/dl19/runs/bm25.run "
        "splade=data/dl19/runs/splade_ed.run --student-temperature fit --qrels "
        "data/dl19/qrels.trec --out {out}",
        "validate": "validate --datasets dl19:data/dl19 --dataset-teacher repllama "
        f"--temperature fit --student-temperature fit --relevant 2 {QUICK} "
        "--out {out}",
        "power": "power --from out/real-dl19-measure --margin 0.02",
    },
    "real-cranfield": {
        "measure": "measure --teacher "
        "data/cranfield-titles/teacher/teacher.scores.json.gz --groups "
        "data/cranfield-titles/train/bm25.16.jsonl.gz --embeddings "
        "data/cranfield-titles/embeddings/minilm.corpus.npy --bi-encoder "
        "minilm=data/cranfield-titles/embeddings/minilm.queries.npy --student "
        "bm25=data/cranfield-titles/runs/bm25.run.gz --student-temperature fit "
        "--compat reference --qrels data/cranfield-titles/qrels.trec --out {out}",
        "compare": "compare --teacher "
        "data/cranfield-titles/teacher/teacher.scores.json.gz --groups "
        "random=data/cranfield-titles/train/random.16.jsonl.gz "
        "bm25=data/cranfield-titles/train/bm25.16.jsonl.gz --embeddings "
        "data/cranfield-titles/embeddings/minilm.corpus.npy --quantity entropy "
        "diameter mean_distance --resamples 199 --out {out}",
    },
    "real-vaswani": {
        "inspect": "inspect data/vaswani/teacher/teacher.scores.json.gz "
        "data/vaswani/runs/lsa.run.gz data/vaswani/train/bm25.16.jsonl.gz "
        "data/vaswani/embeddings/minilm.corpus.npy data/vaswani/corpus.jsonl "
        "--qrels data/vaswani/qrels/test.tsv --json {out}.json",
        "compare": "compare --teacher data/vaswani/teacher/teacher.scores.json.gz "
        "--groups random=data/vaswani/train/random.16.jsonl.gz "
        "bm25=data/vaswani/train/bm25.16.jsonl.gz "
        "crossencoder=data/vaswani/train/crossencoder.16.jsonl.gz --qrels "
        "data/vaswani/qrels.trec --resamples 199 --controls --out {out}",
        "cut": "cut --teacher data/vaswani/teacher/teacher.scores.json.gz --groups "
        "data/vaswani/train/bm25.16.jsonl.gz --keep below-median 0.1:0.9 --out {out}",
    },
}
AFTER = {
    "certify-measured": ("certify-results",),
    "power-measure": ("measure-one",),
    "power-compare": ("compare-three",),
    "real-dl19-power": ("real-dl19-measure",),
}
ALL = (
    "measure-one",
    "measure-two",
    "compare-three",
    "validate-four",
    "inspect-five",
    "power-measure",
)
for _name in (
    "figures-all",
    "figures-every",
    "report-all",
    "report-folder",
    "report-few",
):
    AFTER[_name] = ALL
AFTER |= {
    "figures-page": ("measure-two",),
    "report-rows": ("measure-two",),
    "report-texts": ("measure-two",),
    "report-no-texts": ("measure-two",),
    "power-from-both": ("measure-one",),
    "power-forced-input": ("measure-one",),
    "certify-forced-input": ("measure-one",),
    "bound-forced-input": ("measure-one", "measure-two"),
    "report-forced-input": ("measure-one",),
    "power-clusters": ("measure-one",),
    "bound-measured": ("measure-one", "measure-two"),
    "bound-measured-json": ("measure-one", "measure-two"),
    "bound-measured-other": ("measure-one", "compare-three"),
}
LINES["certify"] = {
    "results": f"measure {BOTH} --groups hard.jsonl --out {{out}}",
    **LINES["certify"],
}
UNPREFIXED = ("theory", "results")


def _cases():
    for group, lines in LINES.items():
        for short, line in lines.items():
            name = short if group in UNPREFIXED else f"{group}-{short}"
            yield Case(name, line, group, AFTER.get(name, ()))


CASES = {case.name: case for case in _cases()}
