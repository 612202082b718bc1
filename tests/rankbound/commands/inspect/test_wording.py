from rankbound.cli.measure import options_from
from rankbound.cli.program import build_parser
from rankbound.commands.inspect.wording import (
    file_words,
    format_words,
    measure_words,
    teacher_words,
)
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from tests.rankbound.commands.inspect.world import examined_files
from tests.rankbound.files import lookup, written


def full(folder):
    return MeasureOptions(
        teacher=folder / "t.json",
        temperature="fit",
        students=(
            StudentSource("s", scores=folder / "s.run"),
            StudentSource("r", scores=folder / "r.run", temperature="fit"),
            StudentSource(
                "b",
                queries=folder / "q.npy",
                query_ids=folder / "q.ids",
                temperature="fit",
            ),
        ),
        groups=folder / "g.jsonl",
        embeddings=folder / "v.npy",
        ids=folder / "v.ids",
        qrels=folder / "j.qrels",
        missing="drop",
    )


def test_words_parse_into_the_options_they_were_made_from(tmp_path):
    _, cast = examined_files(tmp_path, {"t.json": lookup({"q": {"a": 1.5, "b": 0.5}})})
    words = measure_words(full(tmp_path), cast)
    parsed = build_parser().parse_args([*words[1:], "--out", "x"])
    assert options_from(parsed, "") == full(tmp_path)


def test_what_is_not_asked_is_not_said(tmp_path):
    plain = MeasureOptions(teacher=tmp_path / "t.json")
    assert teacher_words(plain) == ["--teacher", str(tmp_path / "t.json")]
    assert file_words(plain) == []


def test_formats_that_were_named_are_named_again(tmp_path):
    path = written(tmp_path, lookup({"q": {"a": 1.5, "b": 0.5}}), "t")
    _, cast = examined_files(tmp_path, {"t": path.read_bytes()}, format="lookup")
    assert format_words(cast) == ["--format", f"{path}=lookup"]
    _, cast = examined_files(tmp_path, {"t": path.read_bytes()})
    assert format_words(cast) == []
