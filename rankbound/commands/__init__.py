"""What each command does: options, run, result. Nothing here touches argv."""
