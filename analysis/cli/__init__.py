"""The command line. Each module holds the commands about one thing."""

from analysis.cli import (  # their commands join the application
    key,  # noqa: F401
    running,  # noqa: F401
)
from analysis.cli.application import app, run

__all__ = ["app", "run"]
