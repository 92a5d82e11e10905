"""Mutated copies of a one-page signed report, each read by a confined child of this process.

Run as `python -m tests.reports.fuzzing ROOT FILE FIRST LAST`; each number is a seed, which repeats its mutation. An
interpreter for each file would take most of the time, so the reader is loaded once and forked: what runs in the child
is the very code that reads an uploaded copy, under the same limits.
"""

import hashlib
import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pypdfium2

from auditapp.reports.verify import confined, inspection_of, order_for, words

SECONDS = 10  # a child's processor time; a clock gives it three times as long, on a busy machine
OBJECT = re.compile(rb"(\d+) 0 obj\b(.*?)endobj", re.DOTALL)
CONTENTS = re.compile(rb"/Contents ?<([0-9a-fA-F]+)>")
NUMBER = re.compile(rb"\d+")
NAME = re.compile(rb"/[A-Z][A-Za-z]+")


def mutated(content: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    return chance.choice(WAYS)(content, chance)


def flipped(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _n in range(chance.choice([1, 1, 1, 2, 5, 20])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def truncated(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def cut_out(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.randrange(1, 400) :]


def put_in(content: bytes, chance: random.Random) -> bytes:
    start = chance.choice([chance.randrange(len(content)), len(content)])
    return content[:start] + chance.randbytes(chance.randrange(1, 40)) + content[start:]


def copied(content: bytes, chance: random.Random) -> bytes:
    start, to = chance.randrange(len(content)), chance.randrange(len(content))
    return content[:to] + content[start : start + chance.randrange(1, 2000)] + content[to:]


def objects_swapped(content: bytes, chance: random.Random) -> bytes:
    """The bodies of two objects change places; half the time padded, so that every offset stays right."""
    one, other = sorted(chance.sample(list(OBJECT.finditer(content)), 2), key=lambda found: found.start())
    first, second = one[2], other[2]
    if chance.random() < 0.5:
        width = max(len(first), len(second))
        if len(first) < width <= len(first) * 2 and len(second) == width:
            first = first.ljust(width)
    return content[: one.start(2)] + second + content[one.end(2) : other.start(2)] + first + content[other.end(2) :]


def places_swapped(content: bytes, chance: random.Random) -> bytes:
    """Two lines of a cross-reference table change places: each object is found where another stood."""
    rows = list(re.finditer(rb"\d{10} \d{5} n", content))
    one, other = sorted(chance.sample(rows, 2), key=lambda found: found.start())
    return content[: one.start()] + other[0] + content[one.end() : other.start()] + one[0] + content[other.end() :]


def renumbered(content: bytes, chance: random.Random) -> bytes:
    """Another number of the same length, anywhere."""
    found = chance.choice(list(NUMBER.finditer(content)))
    digits = b"".join(chance.choice(b"0123456789".decode()).encode() for _digit in found[0])
    return content[: found.start()] + digits + content[found.end() :]


def renamed(content: bytes, chance: random.Random) -> bytes:
    names = list(NAME.finditer(content))
    return _replaced(content, chance.choice(names), chance.choice(names)[0])


def signature_changed(content: bytes, chance: random.Random) -> bytes:
    """In the only bytes that no signature covers: its own."""
    found = chance.choice(list(CONTENTS.finditer(content)))
    at = found.start(1) + chance.randrange(len(found[1]))
    digit = chance.choice("0123456789abcdefABCDEF xX>")
    return content[:at] + digit.encode() + content[at + 1 :]


def signature_rewritten(content: bytes, chance: random.Random) -> bytes:
    """The same digits in the other case, or a longer filling: the same signature in other bytes."""
    found = chance.choice(list(CONTENTS.finditer(content)))
    return _replaced(content, found, chance.choice([found[0].swapcase(), found[0].replace(b"a", b"A", 3)]))


def ended_otherwise(content: bytes, chance: random.Random) -> bytes:
    return content + chance.choice([b"\n", b" ", b"\r\n", b"\0", b"%%EOF\n", b"startxref\n0\n%%EOF\n", content[-60:]])


def updated(content: bytes, chance: random.Random) -> bytes:
    """A well-formed update that gives one object another's body, or something of its own."""
    found = list(OBJECT.finditer(content))
    victim, donor = chance.choice(found), chance.choice(found)
    own = chance.choice(
        [b"<<>>", b"null", b"[]", b"<</Type/Page/MediaBox[0 0 9 9]>>", b"<</Type/Annot/Subtype/Stamp>>"]
    )
    body = chance.choice([donor[2], donor[2], own, victim[2]])
    at = len(content) + 1
    text = b"\n%s 0 obj%sendobj\n" % (victim[1], body if body[:1].isspace() else b"\n" + body + b"\n")
    root = re.findall(rb"/Root (\d+) 0 R", content)[-1]
    size, before = max(int(o[1]) for o in found) + 1, re.findall(rb"startxref\s+(\d+)", content)[-1]
    table = b"xref\n%s 1\n%010d 00000 n \ntrailer\n<</Size %d/Root %s 0 R/Prev %s>>\nstartxref\n%d\n%%%%EOF\n"
    return content + text + table % (victim[1], at, size, root, before, len(content) + len(text))


def _replaced(content: bytes, found: re.Match[bytes], by: bytes) -> bytes:
    return content[: found.start()] + by + content[found.end() :]


WAYS: list[Callable[[bytes, random.Random], bytes]] = [
    flipped, flipped, truncated, cut_out, put_in, copied, objects_swapped, objects_swapped, places_swapped, renumbered,
    renamed, signature_changed, signature_rewritten, ended_otherwise, updated, updated,
]  # fmt: skip


def in_a_child(work: Callable[[], str]) -> tuple[int, bytes, float]:
    """What a forked child wrote, how it ended, and how long that took; a child that goes on too long is killed."""
    read, write = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(read)
            answer = work().encode()
            while answer:
                answer = answer[os.write(write, answer) :]
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    said, deadline = b"", began + 3 * SECONDS
    while select.select([read], [], [], max(deadline - time.monotonic(), 0))[0]:
        part = os.read(read, 1 << 16)
        said += part
        if not part:
            break
    else:
        os.kill(child, signal.SIGKILL)
    os.close(read)
    return os.waitpid(child, 0)[1], said, time.monotonic() - began


def as_seen(content: bytes) -> str:
    """A digest of the pages as PDFium draws them, and of their text."""
    seen = hashlib.sha256()
    document = pypdfium2.PdfDocument(content)
    document.init_forms()
    for page in document:
        seen.update(bytes(page.render(scale=1, may_draw_forms=True).buffer))
        seen.update(page.get_textpage().get_text_range().encode())
    return seen.hexdigest()


def as_poppler_reads(content: bytes) -> bytes:
    return subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=False).stdout


def main() -> None:
    root, file, first, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    confined.prepare()
    content = file.read_bytes()
    order = order_for([root.read_bytes()], [], [], SECONDS, 1024)
    original = in_a_child(lambda: as_seen(content))[1], as_poppler_reads(content)
    counted: Counter[str] = Counter()
    bad: list[str] = []
    slowest = 0.0
    for seed in range(first, last):
        copy = mutated(content, seed)
        status, said, taken = in_a_child(lambda: confined.answer(order, copy))  # noqa: B023 - it ends in this turn
        slowest = max(slowest, taken)
        if os.WIFSIGNALED(status):
            counted["killed"] += 1
            bad.append(f"seed {seed}: ended by signal {os.WTERMSIG(status)} after {taken:.1f} s")
            continue
        found = inspection_of(said, hashlib.sha256(copy).hexdigest())
        if not found.readable:
            counted["unreadable"] += 1
        elif not words.holds(found):
            counted["refused"] += 1
        else:
            counted["the same file" if copy == content else "holds, and looks the same"] += 1
            if (in_a_child(lambda: as_seen(copy))[1], as_poppler_reads(copy)) != original:  # noqa: B023
                bad.append(f"seed {seed}: holds, and looks different")
    print(json.dumps({"counted": counted, "bad": bad, "slowest": slowest}))


if __name__ == "__main__":
    main()
