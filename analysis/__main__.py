"""``python -m analysis`` is the command ``heard``."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from analysis.cli import run  # noqa: PLC0415 - the entry point imports nothing

    run()


if __name__ == "__main__":
    main()
