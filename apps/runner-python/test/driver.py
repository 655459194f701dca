"""A Python worker for the tests: obeys one JSON command a line on stdin, answers each with one JSON line on stdout."""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent.parent))
import runnel_runner  # noqa: E402

url, session, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
runner = runnel_runner.Runner(url, session, **options)
streams = []


def fail(_message):
    raise RuntimeError("no such pipeline")


runner.on_request("start_stream", lambda message: {"echo": message.get("params")})
runner.on_request("api", fail)


class Hostile:
    def keys(self):
        raise RuntimeError("no keys for you")


def cycle():
    data = {}
    data["self"] = data
    return data


COMMANDS = {
    "emit": lambda events: [runner.emit(type, data) for type, data in events],
    "emit_many": lambda count: [runner.emit("bulk", {"n": n}) for n in range(count)],
    "emit_ids": lambda ids: [runner.emit("work", {"n": n}, correlation_id=id) for n, id in enumerate(ids)],
    "emit_bad": lambda _: [
        runner.emit("cycle", cycle()),
        runner.emit("object", {"value": object()}),
        runner.emit("hostile", Hostile()),
        runner.emit("large", {"text": "x" * 70_000}),
        runner.emit("nan", {"value": float("nan"), "error": ValueError("bad frame"), "type": "overwritten"}),
    ],
    "log": lambda lines: [runner.log(*line) for line in lines],
    "notify": runner.notify,
    "stream": lambda frames: streams.append(runner.stream().__enter__()) or [streams[-1].frame_in() for _ in range(frames)],
    "matches": lambda cases: [runnel_runner.matches(pattern, text) for pattern, text in cases],
    "books": lambda _: runner.books,
    "control": lambda _: runner.control,
    "close": lambda _: runner.close(),
}
print(json.dumps({"epoch": runner.epoch}), flush=True)
for line in sys.stdin:
    name, argument = json.loads(line)
    result = COMMANDS[name](argument)
    print(json.dumps(result if name in ("matches", "books", "control", "close") else None), flush=True)
