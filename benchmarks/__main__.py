"""Run the measurements and write docs/measurements.md: `make bench`, or `python -m benchmarks [SECTION …] [--quick]`."""

from __future__ import annotations

import argparse
import sys

from benchmarks import page, sections

__all__ = ["main"]


def main() -> None:
    """Measure what was named, or everything, and write it into the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"of {', '.join(sections.ALL)}; all where none is named")
    parser.add_argument("--quick", action="store_true", help="a small form, printed and not written")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.sections if name not in sections.ALL]
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(sections.ALL)}")
    for name in chosen.sections or sections.ALL:
        page.say(name)
        text = "\n".join(sections.ALL[name](chosen.quick))
        if chosen.quick:
            print(text)
        else:
            page.write(name, text)
            page.say(f"wrote {name} into {page.PAGE}")
    sys.exit(0)


if __name__ == "__main__":
    main()
