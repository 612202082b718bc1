"""Whose fault it is: damaged files end in one line, bugs of ours in a traceback."""

import contextlib
import inspect
import json
import subprocess
import sys
from importlib import import_module
from itertools import cycle

import msgspec
import pytest

from rankbound.cli import main
from rankbound.cli.program import BUG
from rankbound.drawing import run as drawing
from rankbound.drawing.catalogue import Drawing
from rankbound.drawing.results import FILES, kind_of
from rankbound.errors import FormatError
from rankbound.page import pieces
from rankbound.results import KINDS, result_type
from tests.rankbound.samples import RUNS, prepared, sample

pytestmark = pytest.mark.xdist_group("faults")
SHOWN = [*map(kind_of, FILES.values())]
ODD = [[["odd"]]]  # of no field's type
BUGS = [KeyError("rows"), TypeError("ours"), ValueError("ours"), AttributeError("ours")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def samples(folder):
    """The file of a kind of result, made once."""
    made = {}

    def of(kind):
        if kind not in made:
            made[kind] = sample(kind, folder)
        return made[kind]

    return of


def places(value, path=()):
    """Every place in a JSON value, of a list the first item only."""
    if path:
        yield path
    parts = {}
    if isinstance(value, dict):
        parts = value
    elif isinstance(value, list):
        parts = dict(enumerate(value[:1]))
    for key, part in parts.items():
        yield from places(part, (*path, key))


def changed(content, path, value):
    """A copy with another value at a place."""
    made = json.loads(json.dumps(content))
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_command_wrote_is_read_and_written_again_alike(samples, kind):
    path = samples(kind)
    text = path.read_text()
    loaded = result_type(kind).load(path)
    assert json.loads(loaded.save(path.with_name("again.json")).read_text()) == (
        json.loads(text)
    )
    assert next(iter(json.loads(text))) == "schema"


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_another_type_is_named_wherever_it_is(samples, kind, tmp_path):
    content = json.loads(samples(kind).read_text())
    path = tmp_path / "result.json"
    for place in places(content):
        path.write_text(json.dumps(changed(content, place, ODD)))
        with pytest.raises(FormatError) as caught:
            pytest.fail(f"{place}: {result_type(kind).load(path)}")
        words = str(caught.value)
        assert words.startswith(f"{path}: ")
        assert "\n" not in words
        assert place == ("schema",) or str(place[0]) in words.split("$.")[1], words


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_lacks_is_named(samples, kind, tmp_path):
    content = json.loads(samples(kind).read_text())
    path = tmp_path / "result.json"
    for field in msgspec.structs.fields(result_type(kind)):
        name = field.encode_name
        path.write_text(json.dumps({k: v for k, v in content.items() if k != name}))
        if field.required:
            with pytest.raises(FormatError, match=f"lacks {name!r}"):
                result_type(kind).load(path)
        else:
            result_type(kind).load(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", ["report", "figures"])
@pytest.mark.parametrize("damage", ["truncated", "retyped", "keyless"])
def test_a_damaged_result_ends_in_one_line(
    samples, tmp_path, capsys, kind, command, damage
):
    made = result_type(kind)
    text = samples(kind).read_text()
    content = json.loads(text)
    name = made.__struct_encode_fields__[0]
    if damage == "truncated":
        text = text[: len(text) // 2]
        wanted = f"it ends too early, at byte {len(text.encode())}"
    elif damage == "retyped":
        text = json.dumps(content | {name: ODD})
        wanted = f"$.{name}"  # or an item of it
    else:
        del content[name]
        text = json.dumps(content)
        wanted = f"lacks {name!r}"
    source = tmp_path / "source"
    source.mkdir()
    (source / made.FILE).write_text(text)
    before = {*tmp_path.rglob("*")}
    words = [command, *(["--from"] if command == "figures" else []), str(source)]
    assert main([*words, "--out", str(tmp_path / "out")]) == 2
    shown, errors = capsys.readouterr()
    assert shown == ""
    assert errors.startswith("rankbound: error: ")
    assert errors.count("\n") == 1
    assert "Traceback" not in errors
    if kind in SHOWN:
        assert wanted in errors
        assert made.FILE in errors
    assert {*tmp_path.rglob("*")} == before


def planted(error):
    """A function that has a bug."""

    def fail(*_args, **_options):
        raise error

    return fail


def check_bug(capsys, error, words):
    """The command raises the error, with a note that asks to report it."""
    with pytest.raises(type(error)) as caught:
        main(words)
    assert caught.value is error
    assert error.__notes__ == [BUG]
    del error.__notes__
    shown, errors = capsys.readouterr()
    assert "damaged" not in shown + errors
    assert "error:" not in errors


@pytest.mark.parametrize("error", BUGS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("kind", SHOWN)
def test_a_bug_in_a_part_of_the_page_is_ours(
    samples, tmp_path, monkeypatch, capsys, kind, error
):
    monkeypatch.setitem(pieces.MAKERS, kind, planted(error))
    monkeypatch.setattr("rankbound.page.report.result_drawings", lambda _, **__: [])
    out = str(tmp_path / "x.html")
    check_bug(capsys, error, ["report", str(samples(kind).parent), "--out", out])
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("kind", sorted(pieces.MAKERS.keys() & KINDS.keys()))
def test_a_bug_in_the_html_of_a_notebook_is_ours(samples, monkeypatch, kind):
    shown = result_type(kind).load(samples(kind))
    assert 'class="rankbound"' in shown._repr_html_()
    assert repr(shown)
    monkeypatch.setitem(pieces.MAKERS, kind, planted(KeyError("rows")))
    with pytest.raises(KeyError, match="rows"):
        shown._repr_html_()


# One error each, as a page takes seconds
@pytest.mark.parametrize(("kind", "error"), [*zip(SHOWN, cycle(BUGS))])
def test_a_bug_in_a_figure_is_ours(samples, tmp_path, monkeypatch, capsys, kind, error):
    source, out = str(samples(kind).parent), str(tmp_path / "out")
    figures = ["figures", "--from", source, "--out", out]
    report = ["report", source, "--out", out]
    monkeypatch.setitem(drawing.MAKERS, kind, planted(error))
    check_bug(capsys, error, figures)
    check_bug(capsys, error, report)
    drawings = [Drawing("figure", planted(error), kind="parts")]
    monkeypatch.setitem(drawing.MAKERS, kind, lambda _: drawings)
    check_bug(capsys, error, figures)
    check_bug(capsys, error, report)
    assert not [*tmp_path.iterdir()]


COMMANDS = {kind: line for kind, (line, _) in RUNS.items() if kind != "augmentation"}
# Commands whose words are in a module of another name
WORDS = {
    "inspect": "files",
    "sample": "files",
    "bound": "theory",
    "certify": "theory",
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_bug_in_the_words_for_a_terminal_is_ours(folder, monkeypatch, capsys, kind):
    words = COMMANDS[kind].replace("--json", "").split()
    if kind in ("inspection", "power", "certify", "sample"):
        words.pop()  # the file
    module = import_module(f"rankbound.terminal.{WORDS.get(words[0], words[0])}")
    error = KeyError("rows")
    for name, found in inspect.getmembers(module, inspect.isfunction):
        if found.__module__ == module.__name__:
            monkeypatch.setattr(module, name, planted(error))
    with contextlib.chdir(folder):
        check_bug(capsys, error, words)


def test_the_last_lines_of_a_bug_ask_to_report_it():
    code = (
        "import sys\n"
        "import rankbound.terminal.power as words\n"
        "from rankbound.cli import main\n"
        "words.notes = lambda found: found['rows']\n"
        "sys.exit(main(['power', '--n', '43', '--details']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith(
        f"TypeError: 'Power' object is not subscriptable\n{BUG}\n"
    )
