"""One line of a history, and what makes it unbelievable.

  history   1, the format
  commit    the one measured, full hash; date, when it was committed, with zone
  base      the commit it was compared with
  row       its name
  machine   digest of the fingerprint; fingerprint, of the machine and its tools
  measured  when, with zone
of a row that was timed
  said      slower, faster, same or unclear
  speed     [ratio, low, high] over the base's, 95 %: > 1 is faster
  ns        [median, low, high] of one run of the commit's, 95 %
  processes how many that is of
  gflops, vs_reference, vs_autovec     where they are known
and of one that was counted, by this compiler on any machine of its kind,
  instructions, base_instructions      of one run
"""

import datetime
import hashlib
import json
import math

import machine

FORMAT = 1
SAID = ("slower", "faster", "same", "unclear")
TEXTS = ("commit", "date", "base", "row", "machine", "measured")
TIMED = ("said", "speed", "ns", "processes")
KNOWN = ("gflops", "vs_reference", "vs_autovec") # of what was timed
COUNTED = ("instructions", "base_instructions")
SHARED = {"history", "fingerprint", *TEXTS}


def digest(fingerprint):
    """Twelve hex digits of the facts that part machines, in any order."""
    facts = {k: v for k, v in fingerprint.items() if k in machine.DECIDE}
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def moment(text):
    """Seconds since 1970 of an ISO date with a zone."""
    when = datetime.datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(f"'{text}' names no zone")
    return when.timestamp()


# ---- one line ---

def positive(number):
    return (isinstance(number, (int, float)) and not isinstance(number, bool)
            and 0 < number < math.inf)


def interval(three):
    return (isinstance(three, list) and len(three) == 3
            and all(map(positive, three)) and three[1] <= three[0] <= three[2])


def misplaced(line):
    """Keys that are missing, or of nothing that was measured."""
    parts = [of for of in (TIMED, COUNTED) if any(k in line for k in of)]
    wanted = SHARED.union(*parts)
    may = set(KNOWN) if TIMED in parts else set()
    wrong = (wanted - line.keys()) | (line.keys() - wanted - may)
    return wrong if parts else wrong | {"speed"}


def fault_of_shared(line):
    for key in TEXTS:
        if not isinstance(line[key], str) or not line[key]:
            return f"has a '{key}' that is no text"
    try:
        moment(line["date"]), moment(line["measured"])
    except (ValueError, OverflowError) as error:
        return f"has no date: {error}"
    if line["commit"] == line["base"]:
        return f"compares {line['commit']} with itself"
    if not isinstance(line["fingerprint"], dict) or \
            digest(line["fingerprint"]) != line["machine"]:
        return f"has '{line['machine']}', not its fingerprint's digest"
    return None


def fault(line):
    """Why a line is none of a history, or None."""
    if not isinstance(line, dict) or line.get("history") != FORMAT:
        return f"is no line of a history of format {FORMAT}"
    wrong = misplaced(line)
    if wrong:
        return f"lacks or should not have {', '.join(sorted(wrong))}"
    for key in ("speed", "ns"):
        if key in line and not interval(line[key]):
            return f"has a '{key}' that is no number within its interval"
    for key in ("processes", *KNOWN, *COUNTED):
        if key in line and not positive(line[key]):
            return f"has a '{key}' that is no positive number"
    if line.get("said", "same") not in SAID:
        return f"said '{line['said']}', which is none of {', '.join(SAID)}"
    return fault_of_shared(line)


class Facts:
    """What lines have said so far, to find one that contradicts them."""

    def __init__(self):
        self.dates, self.lines = {}, {}

    def clash(self, line):
        """Why it cannot be true beside the others, or None; takes it in."""
        commit = line["commit"]
        date = self.dates.setdefault(commit, line["date"])
        if moment(date) != moment(line["date"]):
            return (f"dates commit {commit} {line['date']}, another line "
                    f"{date}")
        key = key_of(line) + (moment(line["measured"]),)
        if self.lines.setdefault(key, line) != line:
            return (f"says other numbers of '{line['row']}', measured at "
                    f"{line['measured']}, than another line")
        return None


def key_of(line):
    """What may be measured again: the newest counts."""
    return line["machine"], line["row"], line["base"], line["commit"]
