"""The appendix: every statement of the registry with its proof, as one document."""
