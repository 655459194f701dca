"""The words of the wire, what each test segment holds, and the JSON lines this program exchanges with its test."""

import asyncio
import json
import sys

SEQ = "Lp-Trickle-Seq"
LATEST = "Lp-Trickle-Latest"
CLOSED = "Lp-Trickle-Closed"
RESET = "Lp-Trickle-Reset"
NO_SEGMENT = 470

_PATTERN = bytes(range(251)) * 2


def report(**event):
    """One JSON line for the test that drives this program."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


async def steps():
    """The lines of stdin, each a step (script.ts)."""
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        step = json.loads(line)
        if pause := step.get("pauseMs"):
            await asyncio.sleep(pause / 1000)
        else:
            yield step


def content(index: int, size: int) -> bytes:
    """What segment number index holds: its index in four bytes, then a pattern that depends on index and offset."""
    if size == 0:
        return b""
    first = index * 17 % 251
    pattern = _PATTERN[first : first + 251]
    data = bytearray((pattern * (size // 251 + 1))[:size])
    data[:4] = index.to_bytes(4, "big")
    return bytes(data)


def pad(index: int, size: int) -> str:
    """The filling that makes a line with this index size bytes long when it is written without spaces."""
    return "x" * max(0, size - len(f'{{"n":{index},"pad":""}}'))
