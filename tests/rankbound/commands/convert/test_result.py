"""The result of a conversion: what it says, its file and its table."""

from rankbound.commands.convert.result import Conversion
from rankbound.commands.convert.run import convert
from rankbound.terminal.files import conversion_lines
from tests.rankbound.files import run_text, written


def test_a_conversion_is_saved_and_loaded(tmp_path):
    run = written(tmp_path, run_text({"q": {"a": 1.5, "b": 0.5}}, tag="x"), "a.run")
    done = convert(run, tmp_path / "a.json", lossy=True)
    path = done.save(tmp_path / "told")
    assert path.name == "conversion.json"
    assert Conversion.load(path) == done
    assert [*done.to_dict()] == [
        *("schema", "path", "format", "packing", "kept", "lost"),
        *("companions", "remark"),
    ]
    assert done.to_dict()["schema"] == "rankbound.conversion/1"


def test_its_words_say_what_was_kept_and_lost(tmp_path):
    run = written(tmp_path, run_text({"q": {"a": 1.5, "b": 0.5}}, tag="x"), "a.run")
    done = convert(run, tmp_path / "a.json.gz", lossy=True)
    first, *others = conversion_lines(done)
    assert first == (
        f"written: {tmp_path / 'a.json.gz'} (lookup, gzip): 2 scores of 1 query; read "
        "back, and the same"
    )
    assert others == ["lost: the tag 'x'"]
    assert repr(done).startswith("Conversion\n  written: ")
    table = done.to_frame()
    assert table["part"].tolist() == ["scores", "metadata: tag"]
    assert table["kept"].tolist() == [True, False]
    assert "written: " in done._repr_html_()
