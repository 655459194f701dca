#!/usr/bin/env python3
"""A Runnel runner in one file: telemetry out, control in. Python 3.10 or newer, standard library only. Copy it next to your worker.

    from runnel_runner import Runner
    with Runner("http://127.0.0.1:7800/", "demo") as runner:
        runner.emit("model_loaded", {"seconds": 3.2})

Reads from top to bottom as an event goes: emit, the ring, the drain, the events channel, one segment of it; then what comes back: the control
channel, requests, the control state. The sections named in comments are those of Runnel's PROTOCOL.md.
"""
from __future__ import annotations

import argparse, atexit, collections, contextlib, http.client, json, math, os, random, shutil, signal, ssl, struct, sys, threading, time, uuid  # noqa: E401
from urllib.parse import quote, urlsplit

JSONL = "application/jsonl"
EXPECT, RESET = "Expect-Content", "Lp-Trickle-Reset"
SEQ, LATEST, CLOSED, EPOCH = "Lp-Trickle-Seq", "Lp-Trickle-Latest", "Lp-Trickle-Closed", "Lp-Trickle-Epoch"
EVENT_CAP_BYTES, ROLL_BYTES, ROLL_S = 5_242_880, 524_288, 10.0
BATCH_EVENTS, MESSAGES, LOG_LINES, LOGS_A_MESSAGE, LOG_LINE_CHARS, OPEN_REQUESTS = 256, 256, 1_000, 50, 16_384, 64
SOCKET_S, WAITING_S, WATCH_S = 5.0, 20.0, 0.25  # for an answer; for a segment that is not begun; between two looks at a silent connection
CURRENT, OLDEST = -2, -1_000_000


class LostChannel(OSError):
    """The server answered, and what it said is that the segment or channel cannot be used."""


class Runner:
    """One start of a runner in one session. It starts whether or not the server is there and connects again for as long as it lives.

    buffer: events that wait for the drain before the oldest is dropped. context: optional members of every envelope (connection_id,
    pipeline_ids, user_id, connection_info). control: the state of 8.6 that it begins with and goes back to. vitals: further figures for
    heartbeats; what raises or is no finite number is left out. Raises ValueError for a URL or a control state that cannot be used.
    """

    def __init__(self, url, session, *, client_source="runnel", context=None, buffer=256, heartbeat_ms=10_000,
                 max_event_bytes=65_536, control=None, vitals=None):
        if not session or urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"a session id and an http(s) URL are needed, not {session!r} and {url!r}")
        channel = lambda name: url.rstrip("/") + "/" + quote(f"{session}-{name}", safe="!'()*~")  # noqa: E731
        self.epoch = uuid.uuid4().hex[:8]
        self.refused_fields = 0
        self._began, self._vitals = time.monotonic(), vitals
        self._source, self._context = client_source, {"session_id": session, **(context or {})}
        self._buffer, self._max_event_bytes = buffer, max_event_bytes
        lock = threading.RLock()  # re-entrant: a signal handler may emit in the middle of an emit
        self._work, self._times = threading.Condition(lock), threading.Condition(lock)  # what the drain waits for, and the beat
        self._stop = threading.Event()
        self._ring, self._messages, self._logs = collections.deque(), collections.deque(), collections.deque()
        self._emitted = self._written = self._in_hand = self._queued = self._messages_dropped = 0
        self._dropped, self._withheld = collections.Counter(), collections.Counter()
        self._losses_due = self._closing = False
        self._streams, self._handlers, self._open_requests = [], {}, threading.Semaphore(OPEN_REQUESTS)
        self._steering = Steering({"heartbeat_ms": heartbeat_ms, **(control or {})}, self._send, self._times)
        self._events = EventsChannel(channel("events"))
        self._control = ControlChannel(channel("control"), self._stop)
        self._drainer = self._thread(self._drain)
        self._thread(self._beat)
        self._thread(lambda: self._control.follow(self._dispatch))
        atexit.register(self.close)

    # 1. emit: the call, its time and the first level of its data are captured, nothing is serialised.

    def emit(self, type, data=None, *, correlation_id=None):
        """Emits an event. Never waits for the network and never raises; objects within data must not change afterwards. After close it is counted."""
        at = time.time_ns() // 1_000_000
        try:
            own = dict(data or {})
            if correlation_id:
                own["correlation_id"] = correlation_id
            weight, reason = self._steering.gate.admit(str(type), own.get("correlation_id"))
        except Exception:  # the caller's mapping raised
            own, weight, reason = None, 1, "unserialisable"
        with self._work:
            if weight == 0:
                self._withheld[reason] += 1
                return
            self._emitted += 1
            if self._closing or own is None:
                self._dropped["shutdown" if self._closing else "unserialisable"] += 1
                return
            if weight != 1:
                own["sample_weight"] = weight
            # 2. The ring: when it is full the oldest leaves, counted.
            if len(self._ring) >= self._buffer:
                self._ring.popleft()
                self._dropped["queue_overflow"] += 1
            self._ring.append((self._emitted, at, type, own))
            self._work.notify_all()

    def log(self, line, level="info"):
        """Sends a log line unless the control state asks for a higher level (debug, info, warn, error). Never waits and never raises."""
        levels = Steering.LEVELS
        with self._work:
            if level in levels and levels.index(level) < levels.index(self._steering.wanted["log_level"]):
                return
            self._put(self._logs, str(line)[:LOG_LINE_CHARS], LOG_LINES)

    def notify(self, payload):
        """Sends anything for the user. Never waits and never raises."""
        self._send({"type": "notification", "payload": payload})

    def on_request(self, type, handler):
        """Serves requests of a type, e.g. start_stream. handler(message) runs in a thread of its own; the dict it returns is the answer, what it raises an error."""
        self._handlers[type] = handler

    def stream(self):
        """A context manager that counts a stream's frames; stream_heartbeat events tell of them while it is open."""
        return Stream(self)

    @property
    def control(self):
        """The control state in force (8.6)."""
        return self._steering.state

    @property
    def books(self):
        """The counters as of now: emitted = written + pending + the sum of dropped."""
        with self._work:
            pending, waiting = len(self._ring) + self._in_hand, len(self._messages) + len(self._logs)
            return {"emitted": self._emitted, "written": self._written, "pending": pending, "dropped": dict(self._dropped),
                    "withheld": dict(self._withheld), "refused_fields": self.refused_fields,
                    "messages": {"queued": self._queued, "waiting": waiting, "dropped": self._messages_dropped}}

    def close(self, deadline=3.0):
        """Sends what is queued and a last report, then deletes the channel. What is left after deadline seconds is dropped as shutdown. Returns the books."""
        atexit.unregister(self.close)
        with self._work:
            self._closing = True
            self._work.notify_all()
        self._drainer.join(deadline)
        self._stop.set()
        self._events.kill()
        self._control.kill()
        self._drainer.join(0.5)
        with self._work:
            self._dropped["shutdown"] += len(self._ring)
            self._ring.clear()
            self._dropped += collections.Counter()  # leaves reasons out that count nothing
            self._times.notify_all()
        return self.books

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # 3. The drain: a thread takes what is queued, builds each line once, and waits for the socket.

    def _drain(self):
        failures = 0
        while not self._stop.is_set():
            try:
                if self._drain_once():
                    return
                failures = 0
            except Exception as error:  # whatever it is, the runner lives
                self._events.abandon(error)
                failures += 1
                self._stop.wait(backoff(failures))

    def _drain_once(self):
        """One batch. True when all is said and the runner is closing."""
        with self._work:
            self._work.wait_for(lambda: self._waiting or self._losses_due or self._closing or self._events.greet, WATCH_S)
            waiting, last = self._waiting, self._closing and not self._waiting
            due = waiting or self._losses_due or last or self._events.greet
        self._events.check()
        if not due:
            return False
        # Events stay in the ring until one line has found its way.
        if self._events.open():
            self._events.write([encode(self._ready())])
            self._events.greet = False
        messages, captured = self._take(last)
        lines = messages + [line for line in map(self._line, captured) if line]
        before, built = self._events.lines, len(lines) - len(messages)
        try:
            self._events.write(lines)
        finally:
            gone = self._events.lines - before
            with self._work:
                written = max(0, gone - len(messages))
                self._written += written
                if built > written:
                    self._dropped["write_failed"] += built - written
                self._messages_dropped += max(0, len(messages) - gone)
                self._in_hand = 0
        if last:
            self._events.end()
            self._events.delete()
        return last

    @property
    def _waiting(self):
        return bool(self._ring or self._messages or self._logs)

    def _take(self, last):
        with self._work:
            messages = list(self._messages)
            self._messages.clear()
            logs = [self._logs.popleft() for _ in range(min(LOGS_A_MESSAGE, len(self._logs)))]
            captured = [self._ring.popleft() for _ in range(min(BATCH_EVENTS, len(self._ring)))]
            self._in_hand = len(captured)
            if logs:
                messages.append(encode({"type": "logs", "lines": logs}))
            if self._losses_due or last:
                messages.append(encode(self._losses(last)))
            self._losses_due = False
        return messages, captured

    def _line(self, captured):
        """8.3: the envelope, or None if it cannot be written, which is counted."""
        seq, at, type, own = captured
        try:
            fixed = {"type": str(type), "client_source": self._source, "timestamp": str(at)}
            self.refused_fields += sum(1 for name in fixed if own.pop(name, None) is not None)
            names = ("session_id", "connection_id", "pipeline_ids", "user_id", "error", "connection_info")
            optional = {name: plain_error(own.pop(name, self._context.get(name))) for name in names}
            data = {**fixed, **{name: value for name, value in optional.items() if value not in (None, "", {}, [])}, **own}
            event = encode({"id": str(uuid.uuid4()), "type": "stream_trace", "timestamp": str(at), "data": data})
            reason = "oversize" if len(event) > self._max_event_bytes else None
        except Exception:  # a cycle, or something that is no JSON
            reason = "unserialisable"
        if reason is None:
            return b'{"type":"telemetry","epoch":"%s","seq":%d,"event":%s}' % (self.epoch.encode(), seq, event)
        with self._work:
            self._dropped[reason] += 1
            self._in_hand -= 1
        return None

    def _ready(self):
        state = self.control
        return {"type": "runner_ready", "startup_ms": round((time.monotonic() - self._began) * 1000), "epoch": self.epoch,
                "telemetry_enabled": state["enabled"], "sampling_rate": state["sampling"]["rate"], **self._in_force()}

    def _losses(self, last):
        """8.4: cumulative; a report that is lost costs nothing."""
        report = {"type": "losses", "epoch": self.epoch, "emitted": self._emitted, "written": self._written, "dropped": dict(self._dropped)}
        return {**report, **({"withheld": dict(self._withheld)} if self._withheld else {}), **self._in_force(), **({"last": True} if last else {})}

    def _in_force(self):
        return {"control": self._steering.in_force} if self._steering.in_force else {}

    def _send(self, message):
        """Queues a message. Messages leave before telemetry. False if it is no JSON or too large."""
        try:
            line = encode(message)
        except Exception:
            line = None
        with self._work:
            if line is None or len(line) >= EVENT_CAP_BYTES:
                self._messages_dropped += 1
                return False
            self._put(self._messages, line, MESSAGES)
        return True

    def _put(self, queue, item, most):
        self._queued += 1
        if self._closing or len(queue) >= most:
            self._messages_dropped += 1
        if self._closing:
            return
        if len(queue) >= most:
            queue.popleft()
        queue.append(item)
        self._work.notify_all()

    def _beat(self):
        """Heartbeats and reports of losses at each interval, and the end of a control state that expires; all on the monotonic clock."""
        due = interval = 0
        while not self._stop.is_set():
            with self._work:
                if interval != self._steering.wanted["heartbeat_ms"]:  # a new one counts from now
                    interval = self._steering.wanted["heartbeat_ms"]
                    due = time.monotonic() + interval / 1000
                until = min(due, self._steering.expires_at or due)
                if (left := until - time.monotonic()) > 0:
                    self._times.wait(min(left, 1.0))
                    continue
                self._steering.expire()
                if beat := time.monotonic() >= due:
                    due = max(due, time.monotonic() - interval / 1000) + interval / 1000
                    self._losses_due = True
                    self._work.notify_all()
            for stream in list(self._streams) if beat else ():
                stream.beat(finite(self._vitals))

    # 9 to 11 of the other direction: what the client asks, and the answers (8.1, 8.2).

    def _dispatch(self, message):
        type, request_id = message.get("type"), message.get("request_id")
        if not isinstance(type, str) or type == "keep":
            return
        reply = {"request_id": request_id} if isinstance(request_id, str) else {}
        complaint = None
        if type == "control":
            complaint = self._steering.take(message)
        elif type == "ping" and is_number(message.get("timestamp")):
            self._send({"type": "pong", **reply, "timestamp": message["timestamp"]})
        elif type == "ping":
            complaint = "ping: timestamp: must be a number"
        elif type not in self._handlers:
            complaint = f"unknown type {json.dumps(type[:100])}"
        elif not self._open_requests.acquire(blocking=False):
            complaint = f"busy: {OPEN_REQUESTS} requests are open"
        else:
            self._thread(lambda: self._serve(type, message, reply))
        if complaint:
            self._send({"type": "error", **reply, "error": complaint})

    def _serve(self, type, message, reply):
        answers = {"start_stream": "stream_started", "stop_stream": "stream_stopped", "parameters": "parameters_ack"}
        try:
            answer = {**(self._handlers[type](message) or {}), "type": answers.get(type, "api_response"), **reply}
            if reply and not self._send(answer):
                self._send({"type": "error", **reply, "error": "the answer is no JSON, or too large"})
        except Exception as error:
            self._send({"type": "error", **reply, "error": str(error)})
        finally:
            self._open_requests.release()

    @staticmethod
    def _thread(run):
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread


class Stream:
    """Counts the frames of one stream: with runner.stream() as stream: stream.frame_in(); …; stream.frame_out()."""

    def __init__(self, runner):
        self._runner, self._began, self._in, self._out = runner, time.monotonic(), 0, 0
        self._last = (self._began, 0, 0)

    def frame_in(self):
        self._in += 1

    def frame_out(self):
        self._out += 1

    def beat(self, vitals):
        now, (at, frames_in, frames_out) = time.monotonic(), self._last
        self._last = (now, self._in, self._out)
        rate = lambda frames: round(frames / max(now - at, 1e-9), 2)  # noqa: E731
        self._runner.emit("stream_heartbeat", {
            "frames_in": self._in, "frames_out": self._out, "fps_in": rate(self._in - frames_in), "fps_out": rate(self._out - frames_out),
            "elapsed_ms": round((now - self._began) * 1000), "since_last_heartbeat_ms": round((now - at) * 1000), **vitals})

    def __enter__(self):
        self._runner._streams.append(self)
        return self

    def __exit__(self, *_):
        self._runner._streams.remove(self)


# 4. The events channel: lines become segments, rolled by time and by size (7.2).


class EventsChannel:
    def __init__(self, url):
        self.lines = 0  # handed to the socket
        self.greet = True  # the next line must be runner_ready: a start, a failure, or another life of the channel
        self._url, self._epoch, self._segment, self._error = url, None, None, None

    def open(self):
        """Sees to it that a segment is open. True if runner_ready has to be its first line. Raises when the server is not there or refuses."""
        if self._segment is None:
            answer = ask(self._url, "GET", "/next")
            if answer.status == 404 or answer.headers[CLOSED]:
                made = ask(self._url, "POST", "", {EXPECT: JSONL})  # 404: it is made for us, or will be
                answer = made if made.status == 200 and made.headers[LATEST] else ask(self._url, "GET", "/next")
            if answer.status != 200 or answer.headers[CLOSED]:
                raise LostChannel(f"{self._url}: {answer.status}")
            seq = int(answer.headers[LATEST] or 0)
            self.greet = self.greet or answer.headers[EPOCH] != self._epoch
            self._epoch = answer.headers[EPOCH]
            # Who takes over, also from itself after a failure, ends what was left open.
            self._segment = Segment(self._url, seq, reset=self.greet and seq > 0)
        return self.greet

    def write(self, lines):
        """Writes lines without their LF in as few chunks as rolling allows."""
        chunk = []
        for line in lines:
            size = self._segment.bytes + sum(map(len, chunk)) + len(chunk)
            if size and size + len(line) + 1 > ROLL_BYTES:
                self._flush(chunk)
                self.end()
                self.open()
                chunk = []
            chunk.append(line)
        self._flush(chunk)

    def _flush(self, chunk):
        if chunk:
            self._segment.write(b"\n".join(chunk) + b"\n")
            self.lines += len(chunk)

    def check(self):
        """Raises if the server has hung up or answered while nothing was written; ends a segment that is old enough."""
        if self._segment:
            self._segment.check()
            if time.monotonic() - self._segment.began >= ROLL_S:
                self.end()

    def end(self):
        if segment := self._segment:
            segment.end()
            self._segment = None

    def abandon(self, error):
        """After a failure. The first one of a row is told on stderr."""
        if not self.greet or self._error is None:
            print(f"runnel: {error or type(error).__name__}; trying again", file=sys.stderr)
        self._error, self.greet = error, True
        if self._segment:
            self._segment.connection.close()
        self._segment = None

    def kill(self):
        if segment := self._segment:
            hang_up(segment.sock)

    def delete(self):
        ask(self._url, "DELETE")


# 5. A segment: one POST, kept open (3.2). Every answer that comes before its end means that it is over.


class Segment:
    def __init__(self, url, seq, reset):
        self.bytes, self.began = 0, time.monotonic()
        self.connection = connect(url, SOCKET_S)
        self.connection.putrequest("POST", f"{urlsplit(url).path}/{seq}", skip_accept_encoding=True)
        for name, value in {"Content-Type": JSONL, "Transfer-Encoding": "chunked", **({RESET: "1"} if reset else {})}.items():
            self.connection.putheader(name, value)
        self.connection.endheaders()
        self.sock = self.connection.sock

    def write(self, piece):
        self.check()
        self.connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.bytes += len(piece)

    def check(self):
        self.sock.settimeout(0)
        try:
            self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            self.sock.settimeout(SOCKET_S)
            return
        raise LostChannel("the segment was answered before its end, or the server is gone")

    def end(self):
        """Returns when the server has acknowledged all of it."""
        self.connection.send(b"0\r\n\r\n")
        answer = self.connection.getresponse()
        closed = answer.headers[CLOSED]
        self.connection.close()
        if answer.status != 200 or closed:
            raise LostChannel(f"the segment was answered with {answer.status}{', the channel has ended' if closed else ''}")


# 9 and 10. The control channel, read for as long as the runner lives (8.2): segments in order, lines as they complete.


class ControlChannel:
    def __init__(self, url, stop):
        self._url, self._stop, self._sock = url, stop, None
        self._epoch, self._seq, self._lines = None, CURRENT, 0  # the place: lines of the segment that were read
        self._unsure = True

    def follow(self, dispatch):
        failures = 0
        while not self._stop.is_set():
            try:
                if self._unsure:
                    self._find_place()
                self._read(dispatch)
                failures = 0
            except TimeoutError:  # nothing for a while: the request is made anew
                self._unsure = True
            except Exception:  # whatever it is, the channel is read again
                self._unsure = True
                failures += 1
                self._stop.wait(backoff(failures))

    def kill(self):
        hang_up(self._sock)

    def _find_place(self):
        answer = ask(self._url, "GET", "/next")
        if answer.status == 404:
            self._go_to(OLDEST)  # all of its next life is new
        if answer.status != 200:
            raise LostChannel(f"{self._url}: {answer.status}")
        epoch = answer.headers[EPOCH]
        if epoch and self._epoch and epoch != self._epoch:
            self._go_to(OLDEST)
        self._epoch, self._unsure = epoch, False

    def _go_to(self, seq):
        self._seq, self._lines = seq, 0

    def _read(self, dispatch):
        with contextlib.closing(connect(self._url, WAITING_S)) as connection:
            connection.request("GET", f"{urlsplit(self._url).path}/{self._seq}")
            self._sock = connection.sock
            self._take(connection.getresponse(), dispatch)

    def _take(self, answer, dispatch):
        latest, epoch = int(answer.headers[LATEST] or 0), answer.headers[EPOCH]
        if answer.headers[CLOSED]:
            raise LostChannel("the control channel has ended")
        if epoch and epoch != self._epoch:  # another life of the channel: the place is void
            self._epoch = epoch
            return self._go_to(OLDEST)
        if answer.status == 470 and latest > self._seq:
            return self._go_to(OLDEST if epoch else latest)
        if answer.status != 200:
            raise LostChannel(f"{self._url}: {answer.status}")
        seq = int(answer.headers[SEQ])
        if seq != self._seq:
            self._go_to(seq)
        for number, line in enumerate(lines_of(answer), 1):
            if number > self._lines:
                self._lines = number
                if message := parse(line):
                    dispatch(message)
        return self._go_to(seq + 1)


def lines_of(answer):
    """Lines as they complete, without LF; one over the event cap comes empty."""
    rest, too_long = b"", False
    # read1 forgets the Content-Length in Python 3.10 and 3.11.
    pieces = iter(lambda: answer.read1(65_536), b"") if answer.chunked else [answer.read()]
    for piece in pieces:
        *complete, rest = (rest + piece).split(b"\n")
        for line in complete:
            yield b"" if too_long or len(line) >= EVENT_CAP_BYTES else line
            too_long = False
        if len(rest) >= EVENT_CAP_BYTES:
            rest, too_long = b"", True
    if rest and not too_long:
        yield rest


# The control state (8.6): stated as a whole, answered, in force until it expires.


class Steering:
    LEVELS = ("debug", "info", "warn", "error", "off")
    MOST_MS = 2**31 - 1

    def __init__(self, configured, send, lock):
        if complaint := complaint_about(configured):
            raise ValueError(f"control: {complaint}")
        self._configured, self._send, self._lock = configured, send, lock
        self.in_force = self.expires_at = None
        self._set({})

    @property
    def state(self):
        with self._lock:
            left = {} if self.expires_at is None else {"expires_ms": max(0, round((self.expires_at - time.monotonic()) * 1000))}
            return {**self.wanted, **left}

    def take(self, message):
        """Takes a statement and answers it. Returns what is wrong where not even its sender can be read."""
        client, version = message.get("client"), message.get("version")
        if not is_text(client) or not is_whole(version, 0, 2**53 - 1):
            return "control: client: must be 1 to 128 characters, and version a whole number"
        sender, wanted = {"client": client, "version": int(version)}, message.get("state")
        with self._lock:
            same = self.in_force is not None and self.in_force["client"] == client
            last = self.in_force["version"] if same else -1
            if complaint := complaint_about(wanted):
                self._refuse(sender, "invalid", complaint)
            elif version < last:
                self._refuse(sender, "stale", f"version {last} is in force")
            else:
                if version > last:  # the same again is answered, and prolongs nothing
                    self.in_force = sender
                    self._set(wanted)
                self._say_applied()
        return None

    def expire(self):
        """The configuration is in force again, once the state's time has passed."""
        with self._lock:
            if self.expires_at is not None and time.monotonic() >= self.expires_at:
                self.in_force = {**self.in_force, "expired": True}
                self._set({})
                self._say_applied()

    def _set(self, wanted):
        merged = {"enabled": True, "sampling": {"rate": 1}, "filter": {}, "log_level": "debug", **self._configured, **wanted}
        sampling, filter = merged["sampling"], merged["filter"]
        self.wanted = {
            "enabled": merged["enabled"],
            "sampling": {"rate": min(1, max(0, sampling["rate"])), "patterns": sampling.get("patterns", [])},
            "filter": {"allowed": filter.get("allowed", []), "blocked": filter.get("blocked", [])},
            "heartbeat_ms": int(merged["heartbeat_ms"]),
            "log_level": merged["log_level"],
        }
        self.expires_at = time.monotonic() + wanted["expires_ms"] / 1000 if "expires_ms" in wanted else None
        self.gate = Gate(self.wanted)
        with self._lock:
            self._lock.notify_all()  # the beat has other times to wait for

    def _say_applied(self):
        self._send({"type": "control_applied", **self.in_force, "state": self.state})

    def _refuse(self, sender, reason, message):
        self._send({"type": "control_refused", **sender, "reason": reason, "message": message, "state": self.state})


class Gate:
    """Which events a state lets through. The decision for a type is kept, and void with the gate."""

    def __init__(self, state):
        self._state, self._kept = state, {}

    def admit(self, type, correlation_id):
        """How many events this one stands for; 0 and why if it is not to be emitted."""
        if (decision := self._kept.get(type)) is None:
            if len(self._kept) >= 1_024:
                self._kept.clear()
            decision = self._kept[type] = self._decide(type)
        rate, reason = decision
        if rate >= 1:
            return 1, None
        return (1 / rate, None) if rate > 0 and share_of(correlation_id) < rate else (0, reason)

    def _decide(self, type):
        sampling, filter = self._state["sampling"], self._state["filter"]
        fits = lambda patterns: any(matches(pattern, type) for pattern in patterns)  # noqa: E731
        if not self._state["enabled"]:
            return 0, "disabled"
        if fits(filter["blocked"]) or (filter["allowed"] and not fits(filter["allowed"])):
            return 0, "filtered"
        return (sampling["rate"] if not sampling["patterns"] or fits(sampling["patterns"]) else 1), "sampled"


def matches(pattern, text):
    """Whether the whole of text fits: * is any run of characters, ? is one. At most len(text) * len(pattern) steps, since patterns come from the wire."""
    pattern, text = units(pattern), units(text)
    star, question = ord("*"), ord("?")
    at = place = resume = 0
    starred = -1
    while at < len(text):
        wanted = pattern[place] if place < len(pattern) else None
        if wanted == star:
            starred, resume, place = place, at, place + 1
        elif wanted in (question, text[at]):
            place, at = place + 1, at + 1
        elif starred >= 0:  # the last star takes one character more; earlier ones never need to
            resume += 1
            place, at = starred + 1, resume
        else:
            return False
    return all(unit == star for unit in pattern[place:])


def share_of(correlation_id):
    """Where an id stands between 0 and 1, the same in every process; without an id, anywhere."""
    if not isinstance(correlation_id, str) or not correlation_id:
        return random.random()
    hash = 0x811C9DC5
    for unit in units(correlation_id):
        hash = (hash ^ unit) * 0x01000193 & 0xFFFFFFFF
    hash = (hash ^ hash >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    hash = (hash ^ hash >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return (hash ^ hash >> 16) / 2**32


def units(text):
    """The UTF-16 units that the protocol counts characters in."""
    return [unit for (unit,) in struct.iter_unpack("<H", text.encode("utf-16-le", "surrogatepass"))]


def complaint_about(state):
    """What does not fit the table of 8.6, or None. Members that are not known are ignored."""
    if not isinstance(state, dict):
        return "state: must be an object"
    milliseconds = lambda least: (lambda value: is_whole(value, least, Steering.MOST_MS), f"must be whole, from {least}")  # noqa: E731
    patterns = (lambda value: isinstance(value, list) and len(value) <= 64 and all(map(is_text, value)), "must be at most 64 texts of 1 to 128 characters")
    rules = {
        "enabled": (lambda value: isinstance(value, bool), "must be true or false"), "sampling": (lambda value: isinstance(value, dict), "must be an object"),
        "sampling.rate": (is_number, "must be a number"), "sampling.patterns": patterns, "filter": (lambda value: isinstance(value, dict), "must be an object"),
        "filter.allowed": patterns, "filter.blocked": patterns, "heartbeat_ms": milliseconds(100), "expires_ms": milliseconds(1),
        "log_level": (lambda value: value in Steering.LEVELS, f"must be one of {', '.join(Steering.LEVELS)}"),
    }
    for path, (fits, complaint) in rules.items():
        owner, _, name = path.rpartition(".")
        members = state.get(owner) if owner else state
        needed = path == "sampling.rate" and members is not None
        if members is not None and (name in members or needed) and not fits(members.get(name)):
            return f"{path}: {complaint}"
    return None


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def is_whole(value, least, most):
    return is_number(value) and value == int(value) and least <= value <= most


def is_text(value):
    return isinstance(value, str) and 1 <= len(units(value)) <= 128


# JSON and HTTP, for all of the above.


def encode(value):
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:  # most likely a NaN; a cycle ends in RecursionError
        return json.dumps(without_nan(value), separators=(",", ":"), allow_nan=False).encode()


def without_nan(value):
    if isinstance(value, dict):
        return {key: without_nan(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(member) for member in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def plain_error(value):
    return {"exception_type": type(value).__name__, "message": str(value)} if isinstance(value, BaseException) else value


def parse(line):
    """The JSON object in a line, or None."""
    try:
        value = json.loads(line.decode(), parse_constant=lambda name: float(f"no JSON: {name}"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def connect(url, seconds):
    kind = http.client.HTTPSConnection if urlsplit(url).scheme == "https" else http.client.HTTPConnection
    return kind(urlsplit(url).netloc, timeout=seconds)


def ask(url, method, rest="", headers={}):
    """One short request; its answer, the body read."""
    with contextlib.closing(connect(url, SOCKET_S)) as connection:
        connection.request(method, urlsplit(url).path + rest, headers={"Connection": "close", **headers})
        answer = connection.getresponse()
        answer.read()
        return answer


def hang_up(sock):
    """From any thread: whoever waits for the socket is woken, and closes it."""
    try:
        if sock:
            sock.shutdown(2)
    except OSError:
        pass  # it is down already


def backoff(failures):
    """Half to all of a wait that doubles up to 1 s, so that many runners do not come back at once."""
    return min(1.0, 0.1 * 2 ** min(failures, 10)) * (0.5 + random.random() / 2)


# Figures, and the program: a runner whose job is to watch the machine it runs on. A figure that cannot be had is absent, not zero.


def finite(probe):
    try:
        return {name: value for name, value in (probe() if probe else {}).items() if is_number(value)}
    except Exception:
        return {}


def memory():
    pages = int(open("/proc/self/statm").read().split()[1])
    return {"rss_mb": round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)}


def host_memory():
    fields = {line.split(":")[0]: int(line.split()[1]) for line in open("/proc/meminfo")}
    return {"memory_total_mb": round(fields["MemTotal"] / 1024), "memory_available_mb": round(fields["MemAvailable"] / 1024)}


def load():
    return {"load_1m": round(os.getloadavg()[0], 2), "cpu_count": os.cpu_count()}


def disk():
    return {"disk_free_mb": round(shutil.disk_usage("/").free / 2**20)}


def cpu_meter():
    """A probe of the CPU seconds that this process used, per second since it was asked last."""
    last = [time.monotonic(), time.process_time()]

    def probe():
        now, used = time.monotonic(), time.process_time()
        percent = 100 * (used - last[1]) / (now - last[0])
        last[:] = now, used
        return {"process_cpu_percent": round(percent, 1)}

    return probe


def main():
    parser = argparse.ArgumentParser(description="A Runnel runner that measures the machine it runs on.")
    parser.add_argument("--url", default=os.environ.get("RUNNEL_URL", "http://127.0.0.1:7800/"), help="the server's base URL (RUNNEL_URL)")
    parser.add_argument("--session", default=os.environ.get("RUNNEL_SESSION", "demo"), help="the id of the session (RUNNEL_SESSION)")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="between two host_stats events")
    options = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        runner = Runner(options.url, options.session)
    except ValueError as error:
        parser.error(str(error))
    print(f"runner {runner.epoch} of session {options.session}, to {options.url}", flush=True)
    runner.log(f"watching {os.uname().nodename} with Python {sys.version.split()[0]}")
    probes = [memory, host_memory, load, disk, cpu_meter()]
    while not stopping.wait(options.every):
        figures = {name: value for probe in probes for name, value in finite(probe).items()}
        runner.emit("host_stats", figures)
    print(json.dumps(runner.close()), flush=True)


if __name__ == "__main__":
    main()
