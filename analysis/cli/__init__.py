"""The command line. Each module holds the commands about one thing."""

from analysis.cli import (  # noqa: F401 - their commands join the application
    designing,
    instruments,
    key,
    locking,
    running,
    starting,
)
from analysis.cli.application import app, run

__all__ = ["app", "run"]
