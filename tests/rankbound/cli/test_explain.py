"""`rankbound explain` on the command line."""

from rankbound.cli import main


def test_explain_lists_explains_and_defines(capsys):
    assert main(["explain"]) == 0
    assert "theorem-1d" in capsys.readouterr().out
    assert main(["explain", "theorem-1d"]) == 0
    assert "used:    rankbound measure" in capsys.readouterr().out
    assert main(["explain", "--glossary"]) == 0
    assert "teacher_margin" in capsys.readouterr().out


def test_explain_rejects_unknown_keys_and_two_questions(capsys):
    assert main(["explain", "theorem-99"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("rankbound: error: no statement 'theorem-99'")
    assert len(error.splitlines()) == 1
    assert main(["explain", "theorem-1d", "--glossary"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_words_are_explained_too(capsys):
    assert main(["explain", "Entropy"]) == 0
    said = capsys.readouterr().out
    assert "between 0 and 0.6931" in said
    assert "lemma-1: Entropy plus divergence" in said
    assert main(["explain", "inconclusive"]) == 0
    assert "a verdict:" in capsys.readouterr().out
    assert main(["explain", "misranking error"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
