import { describe, expect, it } from 'vitest';
import { type PeerEvent, startPeer } from './peer.ts';

const program = (code: string) => [process.execPath, '-e', code] as const;

describe('a peer', () => {
  it('loses no line that comes before it is ready', async () => {
    const events: PeerEvent[] = [];
    const code = `for (const line of [{ segment: 1 }, { ready: 'sub' }, { segment: 2 }]) console.log(JSON.stringify(line))`;
    const peer = await startPeer(program(code), [], (event) => events.push(event));
    expect(await peer.exited).toBe(0);
    expect(peer.ready).toEqual({ ready: 'sub' });
    expect(events).toEqual([{ segment: 1 }, { segment: 2 }]);
  });

  it('that ends before it is ready is an error that says what it complained of', async () => {
    const started = startPeer(program(`console.error('no such channel'); process.exit(3)`), []);
    await expect(started).rejects.toThrow(/ended with 3: no such channel/);
  });

  it('is told its steps, and ends when it is stopped', async () => {
    const events: PeerEvent[] = [];
    const code = `process.on('SIGTERM', () => process.exit(0)); console.log('{"ready":1}'); process.stdin.on('data', (d) => console.log(JSON.stringify({ got: String(d).trim() })))`;
    const peer = await startPeer(program(code), [], (event) => events.push(event));
    peer.send({ end: 'close' });
    await expect.poll(() => events).toEqual([{ got: '{"end":"close"}' }]);
    await peer.stop();
    expect(await peer.exited).toBe(0);
  });
});
