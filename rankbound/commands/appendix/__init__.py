"""`appendix`: the proofs as a document."""
