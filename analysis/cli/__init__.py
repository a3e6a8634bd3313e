"""The command line. Each module holds the commands about one thing."""

from analysis.cli import instruments, key, running  # noqa: F401 - their commands join
from analysis.cli.application import app, run

__all__ = ["app", "run"]
