"""Results as types: decoding tells the place, saving and loading give the same."""

import codecs
import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.errors import FormatError, UsageError
from rankbound.results import Beside, Named, Open, Record, Result, named
from rankbound.rows import Rows


class Part(Record, frozen=True, kw_only=True):
    name: str
    risk: float
    limits: dict[str, float]
    note: str | None = None


class Mean(Record, frozen=True, kw_only=True):
    OPEN = "factors"
    student: str
    factors: dict[str, str]
    mean: float


class Toy(Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.toy/1"):
    KIND = "toy"
    FILE = "toy.json"
    BESIDE = (Beside("per_query", ("toy.per_query.tsv", "per_query.tsv"), ("qid",)),)

    n: int
    students: dict[str, Part]
    samplings: Named[Part] = ()
    means: Open[Mean] = Open(())

    def __post_init__(self):
        named(self, "samplings")

    def tables(self):
        return {"students": [*self.students.values()], "means": self.means}


NAMES = ["tasb", "a.b", "a b", 'x"]', "[...]", "é`$"]


def toy(names=("tasb",)):
    parts = {name: Part(name=name, risk=0.5, limits={name: 0.7}) for name in names}
    return Toy(
        n=3,
        students=parts,
        samplings=tuple(parts.values()),
        means=Open([Mean(student="tasb", factors={"loss": "kl"}, mean=0.5)]),
    )


def written(folder, content):
    path = folder / "toy.json"
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder, content):
    with pytest.raises(FormatError) as raised:
        Toy.load(written(folder, content))
    said = str(raised.value)
    assert said.startswith(f"{folder / 'toy.json'}: ")
    assert len(said.splitlines()) == 1
    return said


def test_what_is_saved_is_loaded(tmp_path):
    made = toy(NAMES).with_beside(per_query=Rows({"qid": ["1"], "value": ["0.5"]}))
    assert made.save(tmp_path) == tmp_path / "toy.json"
    again = Toy.load(tmp_path)
    assert again == made == Toy.load(tmp_path / "toy.json")
    assert again.to_files() == made.to_files()
    assert json.loads((tmp_path / "toy.json").read_text()) == made.to_dict()
    assert [*made.to_dict()] == ["schema", "n", "students", "samplings", "means"]


def test_a_json_file_is_saved_alone(tmp_path):
    made = toy().with_beside(per_query=Rows({"qid": ["1"]}))
    assert made.save(tmp_path / "mine.json") == tmp_path / "mine.json"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]
    assert Toy.load(tmp_path / "mine.json").beside == {}


def test_a_table_under_an_old_name_counts_by_its_header(tmp_path):
    toy().save(tmp_path)
    (tmp_path / "per_query.tsv").write_text("other\n1\n")
    assert Toy.load(tmp_path).beside == {}
    (tmp_path / "per_query.tsv").write_text("qid\tvalue\n1\t0.5\n")
    assert Toy.load(tmp_path).beside["per_query"].column("value") == ["0.5"]
    (tmp_path / "rankbound.manifest.json").unlink()  # older versions wrote none
    (tmp_path / "toy.per_query.tsv").write_text("qid\tvalue\n1\t0.25\n")
    assert Toy.load(tmp_path).beside["per_query"].column("value") == ["0.25"]


def test_a_table_of_another_command_is_none_of_ours(tmp_path):
    beside = Beside("per_query", ("per_query.tsv",), ("qid",), foreign=("sampling",))
    path = tmp_path / "per_query.tsv"
    path.write_text("qid\tvalue\n1\t0.5\n")
    assert beside.path(tmp_path) == path
    path.write_text("value\n0.5\n")  # damaged, which reading will tell
    assert beside.path(tmp_path) == path
    path.write_text("qid\tsampling\n1\tbm25\n")
    assert beside.path(tmp_path) is None


def test_a_file_without_a_schema_loads(tmp_path):
    content = toy().to_dict()
    del content["schema"]
    assert Toy.load(written(tmp_path, content)) == toy()


def test_keys_of_a_later_version_are_passed_over(tmp_path):
    assert Toy.load(written(tmp_path, toy().to_dict() | {"later": [1]})) == toy()


def test_another_schema_is_told_with_both(tmp_path):
    said = refused(tmp_path, toy().to_dict() | {"schema": "rankbound.toy/9"})
    assert "'rankbound.toy/1'" in said
    assert "'rankbound.toy/9'" in said


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_type_is_told_with_its_place(tmp_path, name):
    content = toy(NAMES).to_dict()
    content["students"][name]["risk"] = "high"
    said = refused(tmp_path, content)
    assert f"$.students[{name!r}].risk: expected a number, got text" in said


def test_a_wrong_type_two_mappings_deep_is_told_with_its_place(tmp_path):
    content = toy(NAMES).to_dict()
    content["students"]["a b"]["limits"]["a b"] = None
    assert "$.students['a b'].limits['a b']: expected a number, got null" in refused(
        tmp_path, content
    )


def test_a_wrong_type_in_a_list_is_told_with_its_number(tmp_path):
    content = toy(NAMES).to_dict()
    content["samplings"][2]["risk"] = []
    assert "$.samplings[2].risk: expected a number, got a list" in refused(
        tmp_path, content
    )


def test_a_missing_key_is_told(tmp_path):
    content = toy().to_dict()
    del content["students"]["tasb"]["risk"]
    said = refused(tmp_path, content)
    assert "$.students['tasb']: lacks 'risk'; run the command again" in said


def test_a_wrong_type_among_open_keys_is_told(tmp_path):
    content = toy().to_dict()
    content["means"][0]["mean"] = "high"
    assert "$.means[0].mean: expected a number, got text" in refused(tmp_path, content)
    content = toy().to_dict()
    content["means"][0]["a.b"] = 3
    said = refused(tmp_path, content)
    assert "$.means[0]['a.b']: expected text, got a whole number" in said
    content["means"][0] = 3
    assert "$.means[0]: expected an object, got" in refused(tmp_path, content)


def test_a_key_that_is_there_twice_is_told(tmp_path):
    content = toy().to_dict() | {"students": 0}
    bad = '{"a": {"name": 3}, "a": {"name": "a", "risk": 0.5, "limits": {}}}'
    text = json.dumps(content).replace('"students": 0', f'"students": {bad}')
    assert "holds the key 'a' twice" in refused(tmp_path, text)


@pytest.mark.parametrize("text", ["[" * 10**5, '{"n":' * 10**5, '{"a":' + "[" * 10**5])
def test_what_is_nested_too_deeply_is_told(tmp_path, text):
    assert "nested too deeply" in refused(tmp_path, text)


def test_a_number_out_of_range_is_told_with_its_place(tmp_path):
    content = toy().to_dict()
    content["students"]["tasb"]["limits"] |= {"big": 0, "later": None}
    text = json.dumps(content | {"later": "?"}).replace('"?"', "1e400")
    assert "limits['later']: expected a number" in refused(tmp_path, text)
    text = text.replace('"big": 0', '"big": 1e400')
    assert "limits['big']: the number is too large" in refused(tmp_path, text)


def test_bytes_that_are_not_utf_8_are_told_with_the_byte(tmp_path):
    path = tmp_path / "toy.json"
    path.write_bytes('{"n": "\u00e4"}'.encode("latin-1"))
    with pytest.raises(FormatError, match="not UTF-8, at byte 7"):
        Toy.load(path)


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = written(tmp_path, toy().to_dict())
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert Toy.load(path) == toy()


@pytest.mark.parametrize(
    "again",
    [
        copy.copy,
        copy.deepcopy,
        lambda made: pickle.loads(pickle.dumps(made)),
        lambda made: made.__replace__(n=3),
    ],
)
def test_copies_and_pickles_keep_the_tables_beside(again):
    made = toy(NAMES).with_beside(per_query=Rows({"qid": ["1"], "value": ["0.5"]}))
    assert again(made) == made
    assert again(made).to_files() == made.to_files()
    assert again(made).samplings["a.b"] == made.samplings["a.b"]


def test_equal_results_have_one_hash():
    first, second = (toy(names) for names in (NAMES, reversed(NAMES)))
    second = second.__replace__(samplings=first.samplings)
    assert first == second
    assert hash(first) == hash(second)
    assert len({first, second, toy(["other"])}) == 2


@pytest.mark.parametrize("content", ["", "[]", "3", "null", '"x"', '{"n": NaN}'])
def test_what_is_no_object_is_refused(tmp_path, content):
    refused(tmp_path, content)


@given(st.data())
def test_a_truncated_file_is_told_with_the_byte(tmp_path_factory, data):
    text = json.dumps(toy(NAMES).to_dict(), ensure_ascii=False).encode()
    end = data.draw(st.integers(0, len(text) - 1))
    path = tmp_path_factory.mktemp("cut") / "toy.json"
    path.write_bytes(text[:end])
    with pytest.raises(FormatError, match="byte"):
        Toy.load(path)


def test_no_file_is_told(tmp_path):
    with pytest.raises(FormatError, match=r"nowhere\.json: cannot be read"):
        Toy.load(tmp_path / "nowhere.json")


def test_records_are_found_by_name_and_number():
    made = toy(("tasb", "bm25"))
    assert made.samplings["bm25"] is made.samplings[1]
    assert made.samplings.names == ("tasb", "bm25")
    assert made.samplings[:1] == (made.samplings["tasb"],)
    with pytest.raises(KeyError, match="'tasb', 'bm25'"):
        made.samplings["nothing"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_have_a_row_for_each_record(library):
    made = toy(("tasb", "bm25")).with_beside(
        per_query=Rows({"qid": ["1", "2"], "value": ["0.5", ""]})
    )
    frame = made.to_frame(library=library)
    assert type(frame).__module__.startswith(library)
    assert [*frame["name"]] == ["tasb", "bm25"]
    assert frame["limits.bm25"][1] == 0.7
    assert made.to_frame("means", library=library)["loss"][0] == "kl"
    assert made.to_frame("per_query", library=library)["value"][0] == 0.5


def test_tables_and_libraries_that_there_are_not_are_named():
    with pytest.raises(UsageError, match="'students', 'means'"):
        toy().to_frame("nothing")
    beside = toy().with_beside(per_query=Rows({"qid": ["1"]}))
    with pytest.raises(UsageError, match=r"'means', 'per_query'$"):
        beside.to_frame("nothing")
    with pytest.raises(UsageError, match=r"there are 'students', 'means'$"):
        beside.to_latex("per_query")
    with pytest.raises(UsageError, match="pandas or polars"):
        toy().to_frame(library="arrow")


def test_latex_holds_the_table():
    text = toy(("a_b",)).to_latex()
    assert text.startswith("\\begin{table}")
    assert "a\\_b & 0.5 &" in text
    assert "\\label{tab:toy-students}" in text
    assert text.count("\\\\") == 2


class Plain(Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.p/1"):
    KIND = "plain"
    n: int


def test_a_result_that_names_no_tables_is_one_row():
    assert Plain(n=3).to_frame().to_dict("records") == [{"n": 3}]
    assert Plain(n=3).to_latex().count("\\\\") == 2


class Told(
    Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.told/1"
):
    KIND = "told"
    FILE = "told.json"

    lines: tuple[str, ...]
    why: dict[str, str]
    count: int = 3


def test_texts_of_a_result_in_options():
    made = Told(
        lines=("give `qrels`, or `unjudged='irrelevant'`", "`upper` is chosen before"),
        why={"range": "needs `half_range`"},
    ).with_beside(rows=Rows({"qid": ["q"]}))
    found = made.in_options()
    assert found.lines == (
        "give --qrels, or --unjudged irrelevant",
        "`upper` is chosen before",
    )
    assert found.why == {"range": "needs --range"}
    assert found.beside.keys() == {"rows"}
    assert made.why == {"range": "needs `half_range`"}


def test_a_result_without_parameters_is_the_same_in_options():
    made = Told(lines=("nothing",), why={})
    assert made.in_options() == made
