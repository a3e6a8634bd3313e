"""The command line. Each module holds the commands about one thing."""

from analysis.cli import (
    running,  # noqa: F401 - its commands join the application
    starting,  # noqa: F401 - its commands join the application
)
from analysis.cli.application import app, run

__all__ = ["app", "run"]
