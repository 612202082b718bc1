"""Does the theory hold on data: verdicts with their tests."""
