import { Header, memberFinder, parseSeq, Status } from '@runnel/protocol';

// A telemetry line, and the event in it: cut out as bytes, so that 1.0 stays 1.0.
const line = new TextEncoder().encode('{"type":"telemetry","seq":1,"event":{"data":{"fps":1.0}}}');
const [event] = memberFinder('event')(line) ?? [];
console.log(new TextDecoder().decode(line.subarray(event?.start, event?.end)));

// The words of the wire have one owner.
console.log(Header.latest, Status.notInWindow, parseSeq('-2'));
