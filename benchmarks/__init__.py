"""Timings against plain loops and peers, as ratios measured side by side in one run."""
