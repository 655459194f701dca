"""The JSON lines layer of the existing Python gateway, in our own words."""

import asyncio
import json

from publisher import Publisher, Segment
from subscriber import Subscriber

MAX_EVENT_BYTES = 1_048_576  # of a segment, whatever the name says
INTERVAL_S = 10.0


class BadLine(Exception):
    """Ends the iterator."""


class JsonlWriter:
    """Appends objects to the current segment; a timer closes it."""

    def __init__(self, publisher: Publisher, interval_s: float = INTERVAL_S):
        self.publisher = publisher
        self.interval_s = interval_s
        self._segment: Segment | None = None
        self._lock = asyncio.Lock()
        self._timer = asyncio.create_task(self._roll())

    async def write(self, index: int, event: dict):
        if not isinstance(event, dict):
            raise TypeError("an event is a dict")
        async with self._lock:
            segment = self._segment
            if segment is None:
                segment = self._segment = await self.publisher.open()
            segment.carries(index)
            try:
                await segment.write((json.dumps(event) + "\n").encode())
            except asyncio.TimeoutError:
                self._segment = None
                raise

    async def close(self):
        self._timer.cancel()
        async with self._lock:
            await self._end()

    async def _roll(self):
        while True:
            await asyncio.sleep(self.interval_s)
            async with self._lock:
                try:
                    await self._end()
                except asyncio.TimeoutError:
                    pass

    async def _end(self):
        segment, self._segment = self._segment, None
        if segment:
            await segment.close()


async def read_jsonl(subscriber: Subscriber):
    """Yields (seq, line) as lines complete. A line that is no object ends it with BadLine, as does a segment over the cap."""
    while response := await subscriber.next():
        seq = int(response.headers.get("Lp-Trickle-Seq", -1))
        tail, size = b"", 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > MAX_EVENT_BYTES:
                raise BadLine("segment over the cap")
            *lines, tail = (tail + chunk).split(b"\n")
            for line in lines:
                if line:
                    yield seq, _checked(line)
        if tail:
            yield seq, _checked(tail)


def _checked(line: bytes) -> str:
    try:
        if not isinstance(json.loads(line), dict):
            raise BadLine("no object")
    except ValueError as error:
        raise BadLine("invalid JSON") from error
    return line.decode().rstrip("\r")
