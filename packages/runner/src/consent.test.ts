import type { Envelope, Sink } from '@runnel/protocol';
import { expect, it } from 'vitest';
import { control, follow, runnerOn, server, telemetry } from '../test/session.ts';
import { createRunner, type Runner } from './index.ts';

/** A sink that holds its first batch until it is told to go on, or told to give up. */
function holding() {
  const sent: string[] = [];
  const held = Promise.withResolvers<AbortSignal>();
  let holds = true;
  const sink: Sink = {
    name: 'holding',
    async send(batch: readonly Envelope[], signal) {
      if (holds) {
        holds = false;
        held.resolve(signal);
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      }
      sent.push(...batch.map(({ bytes }) => JSON.parse(new TextDecoder().decode(bytes)).data.type));
    },
    async close() {},
  };
  return { sink, sent, held: held.promise };
}

const balance = ({ emitted, written, pending, dropped }: Runner['books']) =>
  emitted - written - pending - Object.values(dropped).reduce((sum, count) => sum + count, 0);

it('EGRESS 1.23: without consent no byte of telemetry leaves for the session, and what is emitted is counted; messages do', async () => {
  const host = server();
  const runner = runnerOn(host, { consent: false });
  runner.emit('secret', { name: 'n' });
  runner.event('secret').emit();
  runner.span('secret', () => {});
  runner.log('line');
  const client = control(host);
  runner.onRequest('api', () => ({ data: 'answered' }));
  const events = follow(host);
  await client.ask({ type: 'api', request_id: '1', method: 'GET', path: '/' });
  await events.one('api_response');
  await runner.close();
  await events.done;
  expect(telemetry(events.messages())).toStrictEqual([]);
  expect(JSON.stringify(events.messages())).not.toContain('secret');
  expect(events.messages().some(({ type }) => type === 'logs')).toBe(true);
  expect(runner.books).toMatchObject({ emitted: 4, written: 0, pending: 0, dropped: { consent: 4 } });
});

it('EGRESS 1.23: consent that is taken back ends emission at once; what waits and what is in hand is purged and counted', async () => {
  const { sink, sent, held } = holding();
  const runner = createRunner({ session: 's', sink });
  runner.emit('in hand');
  const signal = await held;
  runner.emit('waiting');
  runner.emit('waiting');
  runner.consent(false);
  expect(signal.aborted).toBe(true);
  expect(runner.books).toMatchObject({ pending: 1, dropped: { consent: 2 } });
  runner.emit('refused');
  await expect.poll(() => runner.books.pending).toBe(0);
  expect(runner.books).toMatchObject({ emitted: 4, written: 0, dropped: { consent: 4 } });
  runner.consent(true);
  runner.emit('agreed');
  await expect.poll(() => sent.length).toBeGreaterThan(0);
  expect(sent).toStrictEqual(['agreed']);
  expect(balance(await runner.close())).toBe(0);
});

it('EGRESS 1.23: events that wait for a server that is away are not sent to it when it is back', async () => {
  const host = server();
  const runner = runnerOn(host);
  await follow(host).one('runner_ready');
  await host.stop();
  runner.emit('secret');
  runner.consent(false);
  host.start();
  const events = follow(host);
  runner.notify('after');
  await events.one('notification');
  expect(telemetry(events.messages())).toStrictEqual([]);
  await expect.poll(() => runner.books.pending).toBe(0);
  expect(balance(runner.books)).toBe(0);
});

it('consent changes nothing of a runner that has nowhere to send to, or is closed', async () => {
  const nowhere = createRunner({ session: 's', consent: false });
  nowhere.consent(true);
  nowhere.emit('e');
  expect((await nowhere.close()).dropped).toStrictEqual({ no_channel: 1 });
  const closed = createRunner({ session: 's', sink: holding().sink });
  await closed.close();
  closed.consent(false);
  closed.consent(true);
  closed.emit('e');
  expect(closed.books.dropped).toStrictEqual({ shutdown: 1 });
});
