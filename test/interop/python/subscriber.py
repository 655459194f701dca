"""A subscriber with the habits of the existing Python ones, in our own words."""

import asyncio
from dataclasses import dataclass

import aiohttp

from wire import CLOSED, LATEST, NO_SEGMENT, SEQ, report


@dataclass(frozen=True)
class Habits:
    """Where the two Python subscribers differ."""

    timeout_s: float  # of a whole GET, the waiting included
    connection_close: bool
    waits_behind: bool  # a 470 with Latest below the wanted seq: 250 ms and the same seq again; else it goes there


GATEWAY = Habits(300, False, True)
PYTRICKLE = Habits(30, True, False)

START = -2
MAX_ATTEMPTS = 5
RETRY_PAUSE_S = 0.5
BEHIND_PAUSE_S = 0.25


class Subscriber:
    def __init__(self, url: str, habits: Habits, start: int = START):
        self.url = url
        self.habits = habits
        self.seq = start
        self.end: str | None = None
        self._session: aiohttp.ClientSession | None = None
        self._pending: asyncio.Task | None = None
        self._lock = asyncio.Lock()

    async def next(self) -> aiohttp.ClientResponse | None:
        """The next segment once its head is in, with the one after it already asked for; None at the end, for whatever reason."""
        async with self._lock:
            if self.end:
                return None
            if self._session is None:
                self._session = self._open_session()
            response = await (self._pending or self._ask())
            self._pending = None
            if response is None:
                return None
            if response.headers.get(CLOSED):
                response.release()
                self.end = "closed"
                return None
            seq = response.headers.get(SEQ, "")
            if seq.lstrip("-").isdigit():
                self.seq = int(seq) + 1
            self._pending = asyncio.create_task(self._ask())
            return response

    async def close(self):
        if self._pending:
            self._pending.cancel()
            await asyncio.gather(self._pending, return_exceptions=True)
        if self._session:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        ready = False

        async def on_wire(*_):
            nonlocal ready
            if not ready:
                report(ready="sub")
            ready = True

        trace.on_request_headers_sent.append(on_wire)
        timeout = aiohttp.ClientTimeout(total=self.habits.timeout_s)
        connector = aiohttp.TCPConnector(limit=0)
        return aiohttp.ClientSession(timeout=timeout, connector=connector, trace_configs=[trace])

    async def _ask(self) -> aiohttp.ClientResponse | None:
        headers = {"Connection": "close"} if self.habits.connection_close else {}
        for _ in range(MAX_ATTEMPTS):
            try:
                response = await self._session.get(f"{self.url}/{self.seq}", headers=headers)
            except (aiohttp.ClientError, asyncio.TimeoutError):
                await asyncio.sleep(RETRY_PAUSE_S)
                continue
            if response.status == 200:
                return response
            response.release()
            if response.status == 404:
                self.end = "not_found"
                return None
            if response.status == NO_SEGMENT:
                await self._jump(response)
            else:
                await asyncio.sleep(RETRY_PAUSE_S)
        self.end = "gave_up"
        return None

    async def _jump(self, response: aiohttp.ClientResponse):
        """Goes to the head. What was skipped is not counted anywhere in the real ones; here it is told to the test."""
        latest = int(response.headers.get(LATEST, -1))
        report(gap={"wanted": self.seq, "latest": latest})
        if self.habits.waits_behind and latest < self.seq:
            await asyncio.sleep(BEHIND_PAUSE_S)
        else:
            self.seq = latest
