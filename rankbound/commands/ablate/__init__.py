"""The command `ablate`: what sampling, loss and architecture do to real students."""
