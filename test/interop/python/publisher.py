"""A publisher with the habits of the existing Python ones, in our own words."""

import asyncio
from dataclasses import dataclass

import aiohttp

from wire import LATEST, RESET, report


@dataclass(frozen=True)
class Habits:
    """Where the two Python publishers differ."""

    asks_next: bool  # begins at the head and resets; else begins at 0
    timeout_s: float  # of a whole POST, the idle preconnect included
    connection_close: bool
    queued_chunks: int  # 0 is no bound
    retries_unread: bool  # the same seq once more, if no byte of the body was taken
    deletes: bool
    terminal: bool  # a 404 or three failures in a row end it for good


GATEWAY = Habits(True, 300, False, 1, True, True, True)
PYTRICKLE = Habits(False, 30, True, 0, False, False, False)

PUT_TIMEOUT_S = 5
MAX_FAILURES = 3


class Ended(Exception):
    """The publisher has given up."""


class Segment:
    """One POST's body: a queue of chunks that ends with None."""

    def __init__(self, seq: int, queued_chunks: int):
        self.seq = seq
        self.taken = False
        self._span: list[int] | None = None  # which of the test's indexes it holds
        self._outcome: str | None = None
        self._settled = False
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue(queued_chunks)

    def carries(self, index: int):
        """Says that the test's segment or line of this index is written to it next."""
        if self._settled:
            self._report(index, index)
        else:
            self._span = [self._span[0] if self._span else index, index]

    def settle(self, outcome: str | None):
        """Its POST is over, before anything was written perhaps: what is written later goes nowhere."""
        self._outcome, self._settled = outcome, True
        if self._span:
            self._report(*self._span)

    def _report(self, first: int, last: int):
        if self._outcome:
            report(failed={"from": first, "to": last, "reason": self._outcome})
        else:
            report(acked={"from": first, "to": last, "seq": self.seq})

    async def write(self, data: bytes):
        await asyncio.wait_for(self._chunks.put(data), PUT_TIMEOUT_S)

    async def close(self):
        await asyncio.wait_for(self._chunks.put(None), PUT_TIMEOUT_S)

    async def body(self):
        while (chunk := await self._chunks.get()) is not None:
            self.taken = True
            yield chunk


class Publisher:
    def __init__(self, url: str, mime: str, habits: Habits):
        self.url = url
        self.mime = mime
        self.habits = habits
        self.seq = -1 if habits.asks_next else 0
        self.failures = 0
        self.ended: str | None = None
        self._session: aiohttp.ClientSession | None = None
        self._lock = asyncio.Lock()
        self._next: Segment | None = None
        self._posts: set[asyncio.Task] = set()
        self._preconnecting: asyncio.Task | None = None

    async def open(self) -> Segment:
        """The preconnected segment. The one after it is preconnected in the background."""
        async with self._lock:
            if self.ended and self.habits.terminal:
                raise Ended(self.ended)
            self.ended = None
            if self._session is None:
                await self._begin()
            segment = self._next or self._preconnect()
            self._next = None
        self._preconnecting = asyncio.create_task(self._preconnect_next())
        return segment

    async def close(self):
        """Cancels every POST under way before the channel is deleted; what they held is lost."""
        if self._preconnecting:
            await self._preconnecting
        for task in self._posts:
            task.cancel()
        await asyncio.gather(*self._posts, return_exceptions=True)
        if self._session is None:
            return
        if self.habits.deletes:
            try:
                async with self._session.delete(self.url):
                    pass
            except (aiohttp.ClientError, asyncio.TimeoutError):
                pass
        await self._session.close()

    async def _begin(self):
        timeout = aiohttp.ClientTimeout(total=self.habits.timeout_s)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0))
        self._reset = False
        if not self.habits.asks_next:
            return
        self._reset = True
        try:
            async with self._session.get(f"{self.url}/next") as response:
                # Where this fails it stays at -1 and collides with its own preconnect of 0.
                self.seq = int(response.headers.get(LATEST, -1))
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
            pass

    async def _preconnect_next(self):
        async with self._lock:
            if self._next is None:
                self._next = self._preconnect()

    def _preconnect(self) -> Segment:
        segment = Segment(self.seq, self.habits.queued_chunks)
        self.seq += 1
        task = asyncio.create_task(self._post(segment))
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)
        return segment

    async def _post(self, segment: Segment):
        headers = {"Content-Type": self.mime}
        if self.habits.connection_close:
            headers["Connection"] = "close"
        if self._reset:
            headers[RESET] = "1"
            self._reset = False
        try:
            outcome = await self._attempt(segment, headers)
            if outcome and self.habits.retries_unread and not segment.taken and outcome != "not_found":
                outcome = await self._attempt(segment, headers)
        except asyncio.CancelledError:
            segment.settle("cancelled")
            raise
        segment.settle(outcome)
        self.failures = self.failures + 1 if outcome else 0
        if outcome and (outcome == "not_found" or self.failures == MAX_FAILURES):
            self.ended = outcome

    async def _attempt(self, segment: Segment, headers: dict) -> str | None:
        """None when it was answered 200; nothing else of the answer is looked at."""
        try:
            async with self._session.post(f"{self.url}/{segment.seq}", data=segment.body(), headers=headers) as response:
                if response.status == 200:
                    return None
                return "not_found" if response.status == 404 else f"status {response.status}"
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            return type(error).__name__

