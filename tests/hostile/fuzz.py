"""Fuzz every parser; print the kinds of faults, with an input for each of them.

``python -m tests.hostile.fuzz [--runs N] [PARSER ...]`` lets atheris mutate whole files
where it is installed, guided by what the readers' code does with them, and otherwise
mutates them by a seed, keeping what brought another outcome. Each parser runs in a
process of its own, so that an abort is seen. Its row in the documentation is written
when it has ended, if it had all its runs.
"""

import argparse
import base64
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

ROOT = Path(__file__).resolve().parents[2]
SHOWN = ROOT / "docs" / "measured" / "fuzz.md"
RUNS = 20_000
SECONDS = 10
LONGEST = 4096
TOKENS = (
    *(b"\n", b"\r\n", b"\t", b" ", b",", b'"', b"\\", b"{", b"}", b"[", b"]", b":"),
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-1", b"0", b"9" * 25),
    *(b"\0", b"\x1b[2J", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xed\xa0\x80"),
    *(b"e\xcc\x81", b"\\ud800", b"=1+1", b"#", b"q", b"a", b"1.5", b"\x00\x00\x00\x00"),
    *(b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\x00\x00\x00\x80"),
)


class Slow(BaseException):
    """A run of the parser that takes too long."""


@contextmanager
def limited(seconds):
    def ring(*_):
        raise Slow

    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


class Parser:
    """One parser, what became of its runs, and an input for each kind of fault."""

    def __init__(self, name, path, runs):
        self.name, self.path, self.runs = name, path, runs
        self.counts, self.faults = {}, {}

    def __call__(self, data):
        from tests.hostile.parsing import outcome

        try:
            with limited(SECONDS):
                ended, fault = outcome(self.name, bytes(data), self.path)
        except Slow:
            ended, fault = "slow", f"takes more than {SECONDS} s"
        self.counts[ended] = self.counts.get(ended, 0) + 1
        if fault is not None:
            kind = re.sub(r"0x[0-9a-f]+|[0-9]{3,}", "N", fault)[:60]
            content = base64.b64encode(data).decode()
            self.faults.setdefault(kind, (fault, content))
        if sum(self.counts.values()) >= self.runs:
            self.end()
        return f"{ended} {fault}" if fault else ended

    def end(self):
        found = {"counts": self.counts, "faults": [*self.faults.values()]}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
        os._exit(0)


def mutated(rng, content, other):
    """A file with some of the changes that damage and malice make."""
    made = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(made))
        end = min(len(made), at + rng.choice((1, 2, 4, 8, 16, 64)))
        kind = rng.randrange(7)
        if kind == 0 and made:
            made[min(at, len(made) - 1)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            made[at:at] = rng.choice(TOKENS)
        elif kind == 2:
            made[at:end] = rng.choice(TOKENS)
        elif kind == 3:
            del made[at:end]
        elif kind == 4:
            made[at:at] = made[at:end] * rng.choice((1, 2, 8))
        elif kind == 5:
            del made[at:]
        else:
            start = rng.randint(0, len(other))
            made[at:end] = other[start : start + end - at]
    return bytes(made[:LONGEST])


def by_seed(parser, seeds):
    """Mutate files, and go on with those that ended in another way."""
    rng = random.Random(f"{parser.name}")
    corpus = [*seeds]
    seen = set()
    while True:
        data = mutated(rng, rng.choice(corpus), rng.choice(corpus))
        ended = parser(data)
        if ended not in seen and len(corpus) < 500:
            seen.add(ended)
            corpus.append(data)
        elif ended == "read" and len(corpus) < 500 and rng.random() < 0.05:
            corpus.append(data)


def by_coverage(parser, seeds, folder):
    """Let atheris find inputs that reach other code."""
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, data in enumerate(seeds):
        (corpus / f"{number}").write_bytes(data)
    words = "".join(
        '"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n' for token in TOKENS
    )
    (folder / "tokens").write_text(words)
    options = (
        f"-runs={2 * parser.runs}",
        f"-max_len={LONGEST}",
        "-seed=1",
        "-verbosity=0",
    )
    more = (f"-dict={folder / 'tokens'}", "-timeout=60", "-rss_limit_mb=4096")
    atheris.Setup(
        [sys.argv[0], *options, *more, str(corpus)], lambda data: _none(parser(data))
    )
    atheris.Fuzz()


def _none(_):
    """What atheris wants to be given."""


def one(name, runs):
    """Fuzz one parser in this process, and print what was found."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    if atheris is not None:
        with atheris.instrument_imports(include=["rankbound.read", "rankbound.data"]):
            from tests.hostile.parsing import seeds
    else:
        from tests.hostile.parsing import seeds
    parser = Parser(name, folder / "in", runs)
    start = seeds(name)
    if atheris is not None:
        by_coverage(parser, start, folder)
    else:
        by_seed(parser, start)


def _apart(name, runs):
    """Fuzz a parser in another process: its exit code, and what it prints."""
    with tempfile.TemporaryFile() as output:
        if atheris is not None:
            # What is instrumented has to be imported there
            words = ["-m", "tests.hostile.fuzz", "--one", "--runs", str(runs), name]
            command = [sys.executable, *words]
            ended = subprocess.run(
                command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False
            ).returncode
        else:
            child = os.fork()
            if child == 0:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                try:
                    one(name, runs)
                finally:
                    os._exit(70)
            ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        return ended, output.read().decode(errors="replace")


HEAD = "| parser | runs | refused | read | kinds of faults |\n"
HEAD += "| --- | ---: | ---: | ---: | ---: |\n"


def main():
    """Fuzz; the exit code is 1 where a parser failed."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("parsers", nargs="*")
    reader.add_argument("--runs", type=int, default=RUNS)
    reader.add_argument("--one", action="store_true", help="in this process")
    given = reader.parse_args()
    if given.one:
        one(given.parsers[0], given.runs)
    from tests.hostile.parsing import parsers
    from tests.hostile.running import TOLD, record

    say, wrong = sys.stdout.write, 0
    for name in given.parsers or parsers():
        started = time.monotonic()
        ended, said = _apart(name, given.runs)
        last = (said.strip().splitlines() or [""])[-1]
        if ended or not last.startswith("{"):
            say(f"{name}: ended with {ended}: {said[-500:]}\n")
            wrong += 1
            continue
        found = json.loads(last)
        for told in {*TOLD.findall(said)}:
            found["faults"].append((f"prints {told!r}", ""))
        for fault, content in found["faults"]:
            say(f"{name}: {fault}\n    {content}\n")
        counts = found["counts"]
        total = f"{sum(counts.values()):,}"
        numbers = [total, f"{counts.get('refused', 0):,}", f"{counts.get('read', 0):,}"]
        row = [name, *numbers, str(len(found["faults"]))]
        if given.runs >= RUNS:
            how = "guided by coverage (atheris)" if atheris else "mutated by a seed"
            begin = f"Made by `make fuzz`, {how}:"
            record(SHOWN, begin, HEAD, parsers(), f"| {' | '.join(row)} |\n")
        say(f"{row} {time.monotonic() - started:.0f} s\n")
        sys.stdout.flush()
        wrong += len(found["faults"])
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
