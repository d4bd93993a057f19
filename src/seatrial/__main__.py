"""Run the command line with `python -m seatrial`, or as the installed `seatrial`."""

from typing import NoReturn

from seatrial.errors import SeatrialError, exit_with

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line; a package that is missing for it is a message and exit code 2."""
    try:
        from seatrial.cli import main as run
    except ImportError as error:
        missing = SeatrialError(f"{error}. The installation is incomplete; mend it with: pip install seatrial")
        exit_with(lambda: _raise(missing))
    run()


def _raise(error: Exception) -> NoReturn:
    raise error


if __name__ == "__main__":
    main()
