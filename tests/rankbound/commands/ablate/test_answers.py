"""What an ablation says first."""

from rankbound.commands.ablate.answers import sentences
from rankbound.commands.ablate.result import Control
from tests.rankbound.ablations import by_hand


def test_what_samplings_do_comes_first_and_a_control_keeps_its_sign():
    found = by_hand("alpha", {("bi", "kl"): 0.2}, seed=1, n=8)
    control = Control(
        collection="alpha",
        architecture="bi",
        loss="kl",
        sampling="bm25",
        trained=0.5,
        shuffled=0.5029,
        untrained=0.4,
        teacher=0.6,
        lower=-0.02,
        upper=0.01,
    )
    said = [*sentences(found.__replace__(controls=(control,)))]
    assert "to random negatives" in said[0]
    (line,) = (one for one in said if "shuffled teacher" in one)
    assert line.endswith("trained less shuffled -0.0029 [-0.0200, +0.0100]")
    assert "ends at 0.5000, above its start (0.4000) but below 90% of" in line
    assert "shuffled teacher at 0.5029, above its start but below that;" in line
