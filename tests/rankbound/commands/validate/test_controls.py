from dataclasses import replace

import numpy as np

from rankbound.commands.validate import associations as controls
from rankbound.commands.validate.associations import random_controls
from rankbound.commands.validate.run import validated
from tests.rankbound.commands.validate.conftest import options_for


def test_controls_pass_and_say_what_they_tested(found):
    shuffled, random, constant = found.controls
    assert shuffled.name == "shuffled entropies"
    assert random.name == "entropies of random scores"
    assert shuffled.n_families == random.n_families == 200
    assert shuffled.n_tests == 200 * 2 * 4
    assert all(row.passed for row in found.controls)
    for row in (shuffled, random):
        assert row.lower <= row.nominal <= row.upper
        assert row.lower < row.rate < row.upper
        assert row.family_lower <= row.family_rate < row.family_upper
        assert row.level == 0.999
    assert constant.n_rows == 2 * 2
    assert (constant.n_tests, constant.associated) == (0, 0)


def test_a_term_that_knows_the_measure_fails(found, monkeypatch):
    panel = found.panels[0]

    def knowing(panel, _, rng):
        target = panel.panel.targets[:, 0]
        return target + 1e-6 * rng.normal(size=(controls.DRAWS, len(target)))

    monkeypatch.setattr(controls, "_entropies_of_noise", knowing)
    made = random_controls(
        [panel],
        found.measured,
        family=found.options.family,
        permutations=199,
        seed=0,
    )
    assert [row.passed for row in made] == [True, False]


def test_the_order_of_rows_plays_no_part(toy, found, tmp_path_factory):
    """Groups and runs in another order of lines give the same controls."""
    folder = tmp_path_factory.mktemp("mixed")
    for file in toy.folder.iterdir():
        content = file.read_bytes()
        if file.suffix in (".run", ".jsonl", ".txt") and "docs" not in file.name:
            lines = content.splitlines(keepends=True)
            order = np.random.default_rng(0).permutation(len(lines))
            content = b"".join(lines[i] for i in order)
        (folder / file.name).write_bytes(content)
    mixed = validated(options_for(replace(toy, folder=folder)))
    assert [*mixed.controls] == [*found.controls]


def test_noise_has_the_queries_of_the_panel(found):
    panel = found.panels[1]
    measured = found.measured["toy", "given"]
    noise = controls._entropies_of_noise(panel, measured, np.random.default_rng(0))
    assert noise.shape == (controls.DRAWS, len(panel.qids))
    assert (np.ptp(noise, axis=0) > 0).all()  # drawn anew, not the teacher's own
    assert (noise > 0).all()
    assert (noise <= np.log(2)).all()
