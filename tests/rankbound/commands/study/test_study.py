"""A study of two tiny data sets, made once; most tests go on from a copy of it."""

import contextlib
import io
import json
import os
import pickle
import re
import shutil
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children

import numpy as np
import pytest

import rankbound as rb
from rankbound import engine, threads
from rankbound.cli import build_parser, main
from rankbound.cli import compare as of_compare
from rankbound.cli import measure as of_measure
from rankbound.cli import validate as of_validate
from rankbound.commands.study import processes, run
from rankbound.commands.study.config import Config, read_config
from rankbound.commands.study.options import Data
from rankbound.commands.study.result import STEPS
from rankbound.commands.study.roles import found_roles
from rankbound.commands.study.run import folders_of
from rankbound.commands.validate import run as of_files
from rankbound.errors import FormatError, UsageError
from tests.golden.data import World, data_set
from tests.rankbound.half_sent import half_sent

CONFIG = """\
seed = 3
[compare]
resamples = 200
[validate]
resamples = 200
permutations = 99
splits = 1
measures = "nDCG@10"
[datasets.two]
students = ["far", "close"]
samplings = ["hard", "random"]
[datasets.two.measure]
score_range = 2.5
[datasets.two.measure.stake]
far = 0.4
"""
LINE = "study sets/one sets/two --config study.toml --out out"


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refused(*_, **__):
    raise UsageError("the disk of the test is full")


def studied(line=LINE):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = main(line.split())
    return code, said.getvalue()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with two data sets and their study, made by two processes."""
    folder = tmp_path_factory.mktemp("study")
    for name, seed, vectors in (("one", 31, False), ("two", 32, True)):
        world = World(seed, queries=24)
        for place, content in data_set(world, vectors=vectors, packed=False).items():
            path = folder / "sets" / name / place
            path.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else content.encode()
            path.write_bytes(data)
    (folder / "study.toml").write_text(CONFIG, encoding="utf-8")
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        # The program itself, on a machine with two cores; this process does no step
        patch.setattr(sys, "argv", ["rankbound", *LINE.split()])
        patch.setattr(threads, "cores", lambda: 2)
        for name in ("found_roles", "measure_with", "compare_with", "validate_with"):
            patch.setattr(run, name, refused)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            code = main()
        said = printed.getvalue()
    (folder / "said.txt").write_text(said, encoding="utf-8")
    assert code == 0
    return folder


@pytest.fixture
def copy(root, tmp_path, monkeypatch):
    """A copy to go on with; its paths are relative, so that steps count as done."""
    folder = tmp_path / "copy"
    shutil.copytree(root, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def counted(monkeypatch):
    """The steps that are really done."""
    done = []

    def counting(step, name):
        work = getattr(run, name)

        def inner(*given, **settings):
            done.append(step)
            return work(*given, **settings)

        monkeypatch.setattr(run, name, inner)

    for step, name in (
        ("inspect", "found_roles"),
        ("measure", "measure_with"),
        ("compare", "compare_with"),
        ("validate", "validate_with"),
    ):
        counting(step, name)
    return done


def test_every_step_of_every_data_set_leaves_its_result(root):
    made = rb.Study.load(root / "out")
    assert made.datasets.names == ("one", "two")
    for one in made.datasets:
        assert [(s.step, s.outcome) for s in one.steps] == [(s, "done") for s in STEPS]
        for step in one.steps:
            assert any((root / "out" / step.folder).glob("*.json"))
    assert made.complete
    page = (root / "out" / "report.html").read_text(encoding="utf-8")
    assert "What every data set answers" in page
    assert page.startswith("<!DOCTYPE html>")


def test_roles_are_those_of_inspect_and_of_the_configuration(root):
    first, second = rb.Study.load(root / "out").datasets
    assert first.roles.students.names == ("close", "far")
    assert second.roles.students.names == ("far", "close")
    assert [*first.roles.groups] == ["random", "hard"]
    assert [*second.roles.groups] == ["hard", "random"]
    assert second.roles.embeddings.endswith("dense.corpus.npy")
    assert first.roles.teacher.endswith("scores.json")
    assert first.roles.ranking.endswith("teacher.run")


def test_what_the_teacher_retrieved_is_its_ranking(tmp_path, root):
    scores = json.loads(
        (root / "sets" / "one" / "teacher" / "scores.json").read_text(encoding="utf-8")
    )
    (tmp_path / "teacher.json").write_text(json.dumps(scores), encoding="utf-8")
    lines = [
        f"{qid} Q0 {docno} 1 {score} x\n"
        for qid, row in scores.items()
        for docno, score in sorted(row.items(), key=lambda pair: -pair[1])[:5]
    ]
    (tmp_path / "best.run").write_text("".join(lines), encoding="utf-8")
    data = Data("x", tmp_path, Config(), tmp_path / "out")
    _, roles = found_roles(data.asked(), command="", progress=str)
    assert roles.teacher == str(tmp_path / "teacher.json")
    assert roles.ranking == str(tmp_path / "best.run")
    assert not roles.students


def test_the_answers_are_those_of_the_results(root):
    made = rb.Study.load(root / "out")
    for one in made.datasets:
        ledger = rb.Ledger.load(root / "out" / one.name / "measure")
        mine = {(a.question, a.sentence) for a in one.answers if a.step == "measure"}
        assert mine == {(a.question, a.sentence) for a in ledger.answers}
    said = (root / "said.txt").read_text(encoding="utf-8")
    hard = [a for _, a in made.answered() if a.question == "hard-negatives"]
    assert hard
    assert all(answer.sentence in said for answer in hard)
    # The temperature is the same for measure and compare, and said once
    for one in made.datasets:
        told = [answer.sentence for answer in one.answers]
        assert len(set(told)) == len(told)


def test_each_step_can_be_run_alone_by_its_command(root, monkeypatch):
    monkeypatch.chdir(root)
    parser = build_parser()
    config = read_config(root / "study.toml")
    made = rb.Study.load(root / "out")
    for one in made.datasets:
        data = Data(one.name, root / one.folder, config, root / "out")
        data.folder = type(root)(one.folder)
        modules = (of_measure, of_compare, of_validate)
        for step, module in zip(one.steps[1:], modules, strict=True):
            words = step.command.split()
            again = module.options_from(parser.parse_args(words[1:]), step.command)
            wanted = getattr(data, step.step)(one.roles)
            for name in type(wanted).__dataclass_fields__:
                if name in ("command", "cases"):
                    continue
                left, right = getattr(again, name), getattr(wanted, name)
                assert (left or None) == (right or None), (step.step, name)


def test_pooled_estimates_are_those_of_the_tables(root):
    """By plain loops over the rows of queries."""
    made = rb.Study.load(root / "out")
    by_label = {row.label: row for row in made.pooled}
    row = by_label["entropy: hard - random, pos-neg"]
    # The data sets have opposite references
    assert row.n_datasets == 1
    assert row.value is None
    assert row.missing_because
    row = next(r for r in made.pooled if r.quantity == "association" and r.value)
    z, weights = [], []
    for effect in row.effects:
        z.append(np.arctanh(effect.value))
        weights.append((effect.n - 3) / 1.06)
    mean = sum(w * x for w, x in zip(weights, z, strict=True)) / sum(weights)
    q = sum(w * (x - mean) ** 2 for w, x in zip(weights, z, strict=True))
    assert row.q == pytest.approx(q)
    assert row.caution is not None
    risks = [row for row in made.pooled if row.quantity == "risk"]
    for row in risks:
        for effect in row.effects:
            table = rb.Ledger.load(root / "out" / effect.dataset / "measure").beside
            values = [
                float(line["risk_nats"])
                for line in table["per_query"]
                if line["student"] == row.student
            ]
            assert effect.n == len(values)
            assert effect.value == pytest.approx(sum(values) / len(values))


def test_differences_are_pooled_with_students_errors(copy):
    """With one reference for both data sets."""
    text = CONFIG.replace('samplings = ["hard", "random"]\n', "")
    (copy / "study.toml").write_text(text, encoding="utf-8")
    config = read_config(copy / "study.toml")
    made = run.studied(["sets/one", "sets/two"], copy / "again", config=config)
    row = next(r for r in made.pooled if (r.quantity, r.pairs) == ("entropy", "all"))
    values, errors = [], []
    for name in row.effects.names:
        table = rb.Comparison.load(copy / "again" / name / "compare").beside
        by_query = {}
        for line in table["per_query"]:
            if (line["quantity"], line["pairs"]) == ("entropy", "all"):
                by_query.setdefault(line["qid"], {})[line["sampling"]] = line["value"]
        differences = [
            float(held["hard"]) - float(held["random"])
            for held in by_query.values()
            if {"hard", "random"} <= {*held}
        ]
        mean = sum(differences) / len(differences)
        square = sum((d - mean) ** 2 for d in differences) / (len(differences) - 1)
        values.append(mean)
        errors.append(square / len(differences))
    meta = pytest.importorskip("statsmodels.stats.meta_analysis")
    found = meta.combine_effects(np.array(values), np.array(errors), "iterated")
    assert [e.value for e in row.effects] == pytest.approx(values)
    assert row.value == pytest.approx(found.mean_effect_re, rel=1e-5)
    assert row.q == pytest.approx(found.q)


def test_nothing_is_done_twice(copy, counted):
    before = files_of(copy / "out")
    assert studied()[0] == 0
    assert counted == []
    assert files_of(copy / "out") == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no locks of folders")
def test_beside_another_run_nothing_is_touched(copy, capsys):
    import fcntl

    before = files_of(copy / "out")
    held = os.open(copy / "out", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    code, _ = studied(f"{LINE} --fresh")
    os.close(held)
    assert code == 2
    assert "another run of rankbound writes there" in capsys.readouterr().err
    assert files_of(copy / "out") == before


def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_bytes(
    copy, counted, monkeypatch
):
    """Of one process, too, where two made those before."""
    before = files_of(copy / "out")
    shutil.rmtree(copy / "out" / "two")
    for name in ("study.json", "report.html"):
        (copy / "out" / name).unlink()
    validate = run.validate_with

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "validate_with", killed)
    assert studied()[0] == 130
    assert counted == ["inspect", "measure", "compare"]
    assert not (copy / "out" / "study.json").exists()
    monkeypatch.setattr(run, "validate_with", validate)
    assert studied()[0] == 0
    assert counted == ["inspect", "measure", "compare", "validate"]
    assert files_of(copy / "out") == before


@pytest.mark.parametrize("changed", [False, True])
def test_a_step_that_was_killed_goes_on_unless_a_setting_has_changed(
    copy, monkeypatch, changed
):
    before = files_of(copy / "out")
    shutil.rmtree(copy / "out" / "two" / "validate")
    monkeypatch.setattr(engine, "KEPT_EVERY", 0.0)
    names, task = [], engine.Task.done
    monkeypatch.setattr(
        engine.Task, "done", lambda one: names.append(one.work.__name__) or task(one)
    )

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(of_files, "random_controls", killed)
        assert studied()[0] == 130
    assert (copy / "out" / "two" / "validate" / ".validate.blocks").is_dir()
    drawn = names.count("drawn_associations")
    assert drawn
    names.clear()
    if changed:
        # Of this step of this data set alone
        text = f"{CONFIG}[datasets.two.validate]\nband = 0.2\n"
        (copy / "study.toml").write_text(text, encoding="utf-8")
    assert studied()[0] == 0
    if changed:
        assert names.count("drawn_associations") > drawn
    else:
        assert names.count("drawn_associations") < drawn  # those of controls
        assert files_of(copy / "out") == before
    assert not [*(copy / "out").rglob("*.blocks")]


def test_a_changed_file_repeats_the_steps_that_read_it(copy, counted, monkeypatch):
    """And a data set that fails says why, while the other stays as it is."""
    path = copy / "sets" / "two" / "train" / "random.6.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    kept = files_of(copy / "out" / "one")
    for name in ("measure_with", "compare_with", "validate_with"):
        monkeypatch.setattr(run, name, refused)
    code, said = studied()
    assert code == 1
    # `measure` reads the groups of its reference alone, which are others
    assert counted == ["inspect"]
    made = rb.Study.load(copy / "out")
    assert not made.datasets["one"].failed
    assert [s.step for s in made.datasets["two"].failed] == ["compare", "validate"]
    assert "the disk of the test is full" in said
    assert files_of(copy / "out" / "one") == kept
    assert not (copy / "out" / "two" / "compare" / "comparison.json").exists()
    assert (copy / "out" / "two" / "measure" / "ledger.json").exists()


def test_an_edited_result_is_made_again(copy, counted):
    path = copy / "out" / "one" / "measure" / "ledger.json"
    before = path.read_bytes()
    path.write_bytes(before.replace(b'"nats"', b'"bits"', 1))
    config = read_config(copy / "study.toml")
    run.studied(["sets/one"], copy.__class__("out"), config=_only(config, "one"))
    assert counted == ["measure"]
    assert path.read_bytes() == before


def _only(config, name):
    held = {**config.held, "datasets": {}}
    return Config(held={k: v for k, v in held.items() if v or name is None})


def test_what_a_data_set_lacks_is_not_asked(tmp_path, root):
    folder = tmp_path / "bare"
    (folder / "empty").mkdir(parents=True)
    source = root / "sets" / "one"
    shutil.copy(source / "teacher" / "scores.json", folder / "teacher.json")
    shutil.copy(source / "runs" / "close.run", folder)
    made = run.studied([folder], tmp_path / "out", config=Config())
    steps = {step.step: step for step in made.datasets["bare"].steps}
    assert [steps[s].outcome for s in STEPS] == ["done", "done"] + ["not asked"] * 2
    assert "samplings" in steps["compare"].because
    assert "judgements" in steps["validate"].because
    assert made.complete


def test_folders_without_scores_say_so_in_order_from_any_process(tmp_path):
    names = ("none", "nothing")
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text("nothing here\n", encoding="utf-8")
    folders, told = [tmp_path / name for name in names], []
    made, same = (
        run.studied(
            folders,
            tmp_path / f"out{workers}",
            config=Config(),
            workers=workers,
            progress=told.append,
        )
        for workers in (1, 2)
    )
    assert made.datasets.names == same.datasets.names == names
    for first, second in zip(made.datasets, same.datasets, strict=True):
        assert "teacher" in first.failed[0].because
        assert first.failed == second.failed
    steps = [f"{name}: {step}" for name in names for step in STEPS]
    assert told[: len(steps)] == steps
    assert sorted(told[len(steps) :]) == sorted(steps)


def begin_and_sleep(item, progress):
    progress(item)
    time.sleep(60)


def test_an_interrupt_ends_the_processes():
    def interrupt(_):
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        processes.done_by(
            begin_and_sleep, ["a", "b", "c"], workers=2, progress=interrupt
        )
    assert not active_children()
    assert time.monotonic() - started < 50


def test_what_a_killed_process_did_not_bring_back_is_done_here(monkeypatch):
    def killed(task, items, *_):
        yield 1, task(items[1], str)
        raise BrokenProcessPool

    monkeypatch.setattr(processes, "_shared", killed)
    done = []

    def task(item, _):
        done.append(item)
        return 10 * item

    assert processes.done_by(task, [1, 2, 3], workers=2) == [10, 20, 30]
    assert done == [2, 1, 3]


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_the_rest_of_what_a_killed_process_sent_is_not_waited_for():
    assert processes.done_by(half_sent, [1, 2], workers=2) == [1, 2]


def test_mistakes_come_back_from_a_process_as_they_were():
    for error in (FormatError("a.run", "has no lines", line=3), UsageError("no")):
        same = pickle.loads(pickle.dumps(error))
        assert (type(same), str(same)) == (type(error), str(error))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("temperature = \n", r"study.toml:1: is no TOML"),
        ("seed = 1\ntemperatur = 2\n", r"study.toml:2: .*'temperatur'.*temperature"),
        ("\n[validate]\nlipschitz = 2\n", r"study.toml:3: \[validate\]: .*'lipschitz'"),
        ("delta = 2\n", r"study.toml:1: .*delta"),
        ('[measure]\npilot = "x"\n', r"study.toml:2: \[measure\]: pilot must be"),
        ("[datasets.three]\nseed = 1\n", r"study.toml:1: .*three.*one, two"),
        (
            "[datasets.two]\nseed = 1\n[datasets.two.compare]\nquantities = ['joy']\n",
            r"study.toml:4: \[datasets.two.compare\]: .*joy",
        ),
        ("students = 4\n", r"study.toml:1: students must be"),
        ("teacher_kind = 'loud'\n", r"study.toml:1: .*teacher_kind.*loud"),
        ("measure = 4\n", r"study.toml:1: measure must be a table"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line_before_anything_is_done(
    text, said, copy, capsys
):
    before = files_of(copy / "out")
    (copy / "study.toml").write_text(text, encoding="utf-8")
    assert main(LINE.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(said, line), line
    assert files_of(copy / "out") == before


def test_what_is_said_of_students_that_a_data_set_lacks_counts_for_the_others():
    config = Config(held={"measure": {"stake": {"far": 0.3, "other": 0.2}}})
    assert config.settings("one", "measure", ("far",)) == {"stake": {"far": 0.3}}


def test_two_data_sets_of_one_name_need_names(tmp_path):
    for place in ("a/dl19", "b/dl19", "b/DL19"):
        (tmp_path / place).mkdir(parents=True)
    first, second = f"{tmp_path}/a/dl19", f"{tmp_path}/b/dl19"
    with pytest.raises(UsageError, match=r"both called 'dl19'; name one.*dl19-2:"):
        folders_of([first, second])
    with pytest.raises(UsageError, match="both called"):
        folders_of([first, f"{tmp_path}/b/DL19"])
    found = folders_of([first, f"new:{second}"])
    assert [str(path) for path in found.values()] == [first, second]
    assert [*found] == ["dl19", "new"]
    assert [*folders_of({"x": first})] == ["x"]
    for wrong in (f"a/b:{first}", f"study.json:{first}", f".x:{first}", "nowhere"):
        with pytest.raises(UsageError):
            folders_of([wrong])
    with pytest.raises(UsageError, match="got none"):
        folders_of([])


def test_results_in_the_folder_of_a_data_set_are_no_data(copy):
    out = copy / "sets" / "one" / "studied"
    shutil.copytree(copy / "out", out)
    config = read_config(copy / "study.toml")
    place = copy.__class__("sets/one")
    data = Data("one", place, config, place / "studied")
    assert not any("studied" in path.parts for path in data.asked().files)


def test_others_files_are_not_replaced(copy, capsys):
    (copy / "out" / "report.html").write_text("mine", encoding="utf-8")
    assert main(LINE.split()) == 2
    assert "report.html" in capsys.readouterr().err
    assert (copy / "out" / "report.html").read_text(encoding="utf-8") == "mine"


def test_study_json_has_the_keys_of_its_type(root):
    held = json.loads((root / "out" / "study.json").read_text(encoding="utf-8"))
    assert held["schema"] == "rankbound.study/1"
    assert {"datasets", "pooled", "sentences", "versions"} <= held.keys()
