from rankbound.catalogue import COMPARED, PAIR_SETS, base, label


def test_labels_lead_back_to_their_quantity():
    for quantity in COMPARED:
        for student in ("", "bm25", "a:b"):
            for alone in (True, False):
                assert base(label(quantity, student, alone=alone)) == quantity


def test_only_quantities_in_nats_have_a_default_margin():
    for quantity in COMPARED.values():
        assert quantity.pair_sets[0] == PAIR_SETS[0]
        assert quantity.margin is None or quantity.unit == "nats"
