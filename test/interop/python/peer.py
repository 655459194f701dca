"""The Python side of Runnel's interop tests: aiohttp clients with the habits of livepeer-python-gateway and pytrickle.

    peer.py pub URL [--habits gateway|pytrickle] [--lines] [--roll-ms N]
    peer.py sub URL [--habits gateway|pytrickle] [--from N] [--lines]

Writes JSON lines to stdout, one when it is ready, and ends with status 0 on SIGTERM.
"""

import argparse
import asyncio
import hashlib
import os
import signal

import aiohttp

import publisher as publishing
import subscriber as subscribing
from jsonl import BadLine, JsonlWriter, read_jsonl
from wire import SEQ, content, pad, report, steps


async def publish(args):
    habits = publishing.PYTRICKLE if args.habits == "pytrickle" else publishing.GATEWAY
    mime = "application/jsonl" if args.lines else "application/octet-stream"
    publisher = publishing.Publisher(args.url, mime, habits)
    writer = JsonlWriter(publisher, args.roll_ms / 1000) if args.lines else None
    report(ready="pub")
    async for step in steps():
        if segment := step.get("segment"):
            await _write_segment(publisher, segment)
        elif line := step.get("line"):
            await _write_line(writer, line)
        elif end := step.get("end"):
            if writer:
                await writer.close()
            if end == "close":
                await publisher.close()
                report(done={"ended": publisher.ended})
            break


async def _write_segment(publisher, step):
    index, pieces = step["index"], step["pieces"]
    data, sent = content(index, sum(pieces)), 0
    try:
        segment = await publisher.open()
        segment.carries(index)
        for number, piece in enumerate(pieces):
            if number:
                await asyncio.sleep(step.get("pauseMs", 0) / 1000)
            await segment.write(data[sent : sent + piece])
            sent += piece
        await segment.close()
    except (publishing.Ended, asyncio.TimeoutError) as error:
        report(failed={"from": index, "to": index, "reason": type(error).__name__})


async def _write_line(writer, step):
    index = step["index"]
    try:
        await writer.write(index, {"n": index, "pad": pad(index, step["size"])})
    except (publishing.Ended, asyncio.TimeoutError) as error:
        report(failed={"from": index, "to": index, "reason": type(error).__name__})


async def subscribe(args):
    habits = subscribing.PYTRICKLE if args.habits == "pytrickle" else subscribing.GATEWAY
    subscriber = subscribing.Subscriber(args.url, habits, args.start)
    try:
        await (_read_lines(subscriber) if args.lines else _read_segments(subscriber))
    except asyncio.CancelledError:
        subscriber.end = "stopped"
    finally:
        await subscriber.close()
    report(done={"end": subscriber.end})


async def _read_segments(subscriber):
    while response := await subscriber.next():
        seq, cut, data = int(response.headers.get(SEQ, -1)), False, bytearray()
        try:
            async for chunk in response.content.iter_any():
                data += chunk
        except (aiohttp.ClientError, asyncio.TimeoutError):
            cut = True
        segment = {"seq": seq, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "cut": cut}
        if len(data) >= 4:
            segment["index"] = int.from_bytes(data[:4], "big")
        report(segment=segment)


async def _read_lines(subscriber):
    try:
        async for seq, line in read_jsonl(subscriber):
            report(line={"seq": seq, "text": line})
    except BadLine as error:
        subscriber.end = f"bad line: {error}"
    except (aiohttp.ClientError, asyncio.TimeoutError) as error:
        subscriber.end = type(error).__name__


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["pub", "sub"])
    parser.add_argument("url")
    parser.add_argument("--habits", choices=["gateway", "pytrickle"], default="gateway")
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--from", dest="start", type=int, default=subscribing.START)
    parser.add_argument("--roll-ms", type=int, default=1000)
    args = parser.parse_args()

    work = asyncio.ensure_future(publish(args) if args.role == "pub" else subscribe(args))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        pass
    # "leave" walks off with everything open, as a process that ends does.
    os._exit(0)


asyncio.run(main())
