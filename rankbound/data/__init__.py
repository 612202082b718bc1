"""What every stage passes on: scores, groups, judgements and vectors as columns."""
