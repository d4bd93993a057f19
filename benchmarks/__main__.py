"""Run the measurements and write docs/measurements.md: `make bench`, or `python -m benchmarks [SECTION …] [--quick | --kept]`."""

from __future__ import annotations

import argparse
import sys

from benchmarks import kept, page, sections

__all__ = ["main"]


def main() -> None:
    """Measure what was named, or everything, and write it into the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"of {', '.join(sections.ALL)}; all where none is named")
    parser.add_argument("--quick", action="store_true", help="a small form, printed and not written")
    parser.add_argument("--kept", action="store_true", help="from what earlier runs kept; says how much is missing")
    chosen = parser.parse_args()
    kept.asked.nothing_new = chosen.kept
    unknown = [name for name in chosen.sections if name not in sections.ALL]
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(sections.ALL)}")
    for name in chosen.sections or sections.ALL:
        page.say(name)
        kept.asked.missing.clear()
        text = "\n".join(sections.ALL[name](chosen.quick))
        if missing := str(kept.asked):
            head, source, rest = text.split("\n\n", 2)
            text = f"{head}\n\n{source}\n\n{missing}\n\n{rest}"
        if chosen.quick:
            print(text)
        else:
            page.write(name, text)
            page.say(f"wrote {name} into {page.PAGE}")
    sys.exit(0)


if __name__ == "__main__":
    main()
