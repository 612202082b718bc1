"""The main job: the bound's terms per query and a certificate for every student."""
