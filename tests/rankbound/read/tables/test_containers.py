"""One table in every container, whole or damaged."""

import gzip
import json
from contextlib import suppress

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from rankbound.errors import FormatError
from rankbound.read.source import Source
from rankbound.read.tables.containers import (
    container,
    first_row,
    open_table,
    schema_of,
    shards,
)
from tests.rankbound.files import refusal, written

TABLE = pa.table({"qid": ["1", "2", "2"], "score": [0.5, 1.5, -2.0]})


def ipc(table, opener):
    sink = pa.BufferOutputStream()
    with opener(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return sink.getvalue().to_pybytes()


def parquet(table):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


FILES = {
    "parquet": parquet(TABLE),
    "an Arrow file": ipc(TABLE, pa.ipc.new_file),
    "an Arrow stream": ipc(TABLE, pa.ipc.new_stream),
}


def hugging_face(folder, tables=(TABLE,)):
    """A folder as datasets' save_to_disk writes it."""
    folder.mkdir(exist_ok=True)
    names = [
        f"data-{number:05d}-of-{len(tables):05d}.arrow" for number in range(len(tables))
    ]
    for name, table in zip(names, tables, strict=True):
        written(folder, ipc(table, pa.ipc.new_stream), name)
    state = {"_data_files": [{"filename": name} for name in names]}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text("{}")
    return folder


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("kind", FILES)
def test_files_are_told_by_their_first_bytes(tmp_path, kind, pack):
    source = Source(written(tmp_path, pack(FILES[kind]), "x.txt"))
    assert container(source) == kind
    assert schema_of(source).names == ["qid", "score"]
    frame = open_table(source)
    assert frame.table.equals(TABLE)
    assert open_table(source, ["score"]).columns == ("score",)


@pytest.mark.parametrize("write", ["pandas", "polars", "feather", "polars-stream"])
def test_files_of_other_writers_are_read(tmp_path, write):
    path = tmp_path / "x"
    if write == "pandas":
        TABLE.to_pandas().to_parquet(path)
    elif write == "polars":
        pl.from_arrow(TABLE).write_parquet(path)
    elif write == "polars-stream":
        pl.from_arrow(TABLE).write_ipc_stream(path)
    else:
        pyarrow.feather.write_feather(TABLE, path)
    assert open_table(Source(path)).table.to_pylist() == TABLE.to_pylist()


def test_other_files_hold_no_table(tmp_path):
    for content in (b"q Q0 d 1 2 t\n", b"PK\x03\x04", b"\xff" * 8, b"", b"ARROW1"):
        assert container(Source(written(tmp_path, content))) is None
    assert container(Source(tmp_path)) is None


def test_a_folder_of_hugging_face_datasets_is_one_table(tmp_path):
    folder = hugging_face(tmp_path / "ds", (TABLE, TABLE.slice(0, 1)))
    written(folder, b"", "cache-123.arrow")  # left over, and not in state.json
    source = Source(folder)
    assert container(source) == "a folder of Hugging Face datasets"
    frame = open_table(source)
    assert len(frame.table) == 4
    second = folder / "data-00001-of-00002.arrow"
    assert str(frame.fail("odd", row=3)) == f"{second}: row 1: odd"


def test_a_cache_folder_has_no_state(tmp_path):
    (tmp_path / "dataset_info.json").write_text("{}")
    written(tmp_path, FILES["an Arrow stream"], "x-train.arrow")
    assert len(open_table(Source(tmp_path)).table) == 3


def test_a_folder_of_parquet_shards_is_one_table_in_order(tmp_path):
    for number in (1, 0):
        table = pa.table({"qid": [str(number)]})
        pq.write_table(table, tmp_path / f"train-0000{number}-of-00002.parquet")
    assert open_table(Source(tmp_path)).table["qid"].to_pylist() == ["0", "1"]


def test_splits_are_not_mixed(tmp_path):
    for split in ("train", "test"):
        name = f"{split}-00000-of-00001.parquet"
        pq.write_table(TABLE, tmp_path / name)
    message = refusal(open_table, Source(tmp_path))
    assert "holds the splits test, train; name one of the files" in message
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["a"]}')
    (tmp_path / "a").mkdir()
    assert container(Source(tmp_path)) == "a folder of Hugging Face datasets"
    (tmp_path / "b").mkdir()
    assert "the splits a, b; name one of them" in refusal(shards, Source(tmp_path))


def test_the_only_split_of_a_folder_is_read(tmp_path):
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train"]}')
    (tmp_path / "train").mkdir()
    pq.write_table(TABLE, tmp_path / "train" / "data.parquet")
    assert open_table(Source(tmp_path)).table.equals(TABLE)


def test_files_with_other_columns_are_not_mixed(tmp_path):
    pq.write_table(TABLE, tmp_path / "a.parquet")
    pq.write_table(TABLE.rename_columns(["q", "s"]), tmp_path / "b.parquet")
    message = refusal(open_table, Source(tmp_path))
    assert message.startswith(
        f"{tmp_path / 'b.parquet'}: has other columns than a.parq"
    )


def test_a_wrong_state_is_refused(tmp_path):
    folder = hugging_face(tmp_path / "ds")
    for text in ("{", "[]", '{"_data_files": [{}]}'):
        (folder / "state.json").write_text(text)
        assert "does not list the data files" in refusal(open_table, Source(folder))
    (folder / "state.json").write_text('{"_data_files": [{"filename": "../../x"}]}')
    assert "names x, which does not exist" in refusal(open_table, Source(folder))


@pytest.mark.parametrize("kind", FILES)
def test_every_truncation_gives_one_line(tmp_path, kind):
    whole = FILES[kind]
    ends = [*range(8, len(whole) - 8, 5), len(whole) - 8]
    for end in ends:
        source = Source(written(tmp_path, whole[:end]))
        try:
            table = open_table(source).table
        except FormatError as error:
            message = str(error)
        else:
            pytest.fail(f"{end} of {len(whole)} bytes read as {len(table)} rows")
        # a stream may be cut after any whole batch, so only its end mark is missing
        assert "truncated or damaged" in message or "without its end mark" in message
        assert "\n" not in message


@pytest.mark.parametrize("kind", FILES)
def test_every_damaged_byte_is_read_or_refused(tmp_path, kind):
    whole = FILES[kind]
    read = 0
    for place in range(8, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        source = Source(written(tmp_path, bytes(damaged)))
        # any other exception, or the end of the process, would fail the test
        with suppress(FormatError):
            open_table(source)
            read += 1
    assert 0 < read < len(range(8, len(whole), 3))


def test_offsets_that_point_outside_are_refused(tmp_path):
    """Followed blindly, they would read memory that is not the file's."""
    offsets = b"".join(n.to_bytes(4, "little") for n in (0, 1, 2))
    wrong = b"".join(n.to_bytes(4, "little") for n in (0, 1 << 20, 2))
    for opener in (pa.ipc.new_file, pa.ipc.new_stream):
        whole = ipc(TABLE, opener)
        assert whole.count(offsets) == 1
        path = written(tmp_path, whole.replace(offsets, wrong))
        assert "truncated or damaged" in refusal(open_table, Source(path))


def test_the_first_row_needs_no_others(tmp_path):
    empty = TABLE.slice(0, 0)
    for kind, content in FILES.items():
        source = Source(written(tmp_path, content))
        assert first_row(source) == {"qid": "1", "score": 0.5}, kind
    for content in (parquet(empty), ipc(empty, pa.ipc.new_file)):
        assert first_row(Source(written(tmp_path, content))) == {}
    folder = hugging_face(tmp_path / "ds", (TABLE.slice(1), TABLE))
    assert first_row(Source(folder)) == {"qid": "2", "score": 1.5}


def test_pandas_reads_what_we_call_parquet(tmp_path):
    path = written(tmp_path, FILES["parquet"])
    assert pd.read_parquet(path)["score"].tolist() == [0.5, 1.5, -2.0]


def test_bytes_behind_the_end_of_a_stream_and_a_second_stream_are_refused(tmp_path):
    whole = FILES["an Arrow stream"]
    assert len(open_table(Source(written(tmp_path, whole))).table) == len(TABLE)
    for behind in (b"\0", b"junk junk", whole):
        message = refusal(open_table, Source(written(tmp_path, whole + behind)))
        assert f"{len(behind):,} bytes follow the end of the Arrow stream" in message
    message = refusal(open_table, Source(written(tmp_path, whole[:-8])))
    assert "without its end mark" in message


def test_a_damaged_name_of_a_column_is_one_clear_line(tmp_path):
    for kind, whole in FILES.items():
        damaged = whole.replace(b"score", b"sco\xffe")
        for read in (schema_of, open_table):
            source = Source(written(tmp_path, damaged))
            assert kind in refusal(read, source)


def test_a_folder_of_arrow_and_parquet_files_is_not_read_in_part(tmp_path):
    written(tmp_path, FILES["an Arrow file"], "a.arrow")
    assert len(open_table(Source(tmp_path)).table) == len(TABLE)
    written(tmp_path, FILES["parquet"], "b.parquet")
    assert "holds .arrow and .parquet files" in refusal(open_table, Source(tmp_path))
