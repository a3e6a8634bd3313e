"""``python -m analysis`` is the command ``heard``."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from analysis.cli.application import run  # noqa: PLC0415 - the entry point is light

    run()


if __name__ == "__main__":
    main()
