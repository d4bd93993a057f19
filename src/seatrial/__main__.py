"""Run the command line with `python -m seatrial`."""

from seatrial.cli import main

main()
