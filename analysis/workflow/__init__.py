"""Run the notebooks of a study in their order, each only when it is stale."""
