"""JSON and JSON lines: lookups, training groups, margins, ranked lists."""
