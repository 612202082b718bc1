"""The report says what the ledgers say."""

from rankbound.commands.demo.prepare import DemoFiles
from rankbound.commands.demo.run import (
    HEADINGS,
    report_text,
    summary_lines,
    summary_rows,
)
from tests.rankbound import ledgers


def ledger(upper):
    return ledgers.ledger(
        {"bilinear": ledgers.student(0.5, upper)},
        diameter=ledgers.diameter(max=1.5, mean_distance=1.2),
        command="rankbound measure --out x",
    )


LEDGERS = {"random": ledger(0.55), "bm25": ledger(0.75)}


def files(tmp_path):
    return DemoFiles(
        root=tmp_path, corpus="", query_texts="", qrels="", runs={}, teacher="",
        groups={}, train={}, corpus_vectors="", corpus_ids="", query_vectors={},
        query_ids="", packages=("numpy", "scipy"), n_documents=9000,
        n_queries={"teacher": 1000, "student": 4000, "heldout": 1500},
        n_teacher_scores=5, n_filled={},
    )  # fmt: skip


def test_summary_rows_repeat_the_ledgers():
    first, second = summary_rows(LEDGERS)
    assert len(first) == len(HEADINGS)
    assert first[:6] == ("random", "0.4000", "0.1000", "0.5000", "0.5500", "no")
    assert second[4:7] == ("0.7500", "yes", "entropy")


def test_summary_lines_are_aligned():
    lines = summary_lines(LEDGERS)
    assert len({line.index("0.4000") for line in lines[1:]}) == 1
    assert lines[0].index("entropy") == lines[1].index("0.4000")


def test_report_holds_tables_commands_and_counts(tmp_path):
    tables = {"random": "RANDOM TABLE", "bm25": "BM25 TABLE"}
    text = report_text(files(tmp_path), LEDGERS, tables=tables)
    assert "numpy, scipy" in text
    assert "9,000 documents" in text
    assert text.index("RANDOM TABLE") < text.index("## bm25 negatives")
    assert text.count("$ rankbound measure --out x") == 2
    assert "| random | 0.4000 |" in text
