"""Ask ville's betting tests: lines of JSON in, one word a line out. Runs in an environment of its own.

It has no gate, but the same kind of test: its e-process against the margin, one for each side, looked at after every
item, with the settings that it comes with.
"""

import json
import sys

from ville import BettingTest

for line in sys.stdin:
    case = json.loads(line)
    harm = [after - before for before, after in zip(case["before"], case["after"], strict=True)]
    when = [
        BettingTest(case["margin"], (-1.0, 1.0), side, case["alpha"]).fit(harm).stopping_time() or len(harm) + 1
        for side in ("less", "greater")
    ]
    print("undecided" if min(when) > len(harm) else "pass" if when[0] < when[1] else "fail", flush=True)
