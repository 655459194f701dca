import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { parseFeatures } from './features.ts';
import type { Result } from './report.ts';
import { runConformance } from './run.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that answers every request in one way. */
async function serverOf(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const yes: RequestListener = (_, response) => void response.end('yes');

describe('runConformance', () => {
  test('tells what was expected and what came from a server that says yes to everything', async () => {
    const report = await runConformance({ url: await serverOf(yes), features: new Map(), only: ['TRICKLE 45', '3.1'] });
    const [first, ...rest] = report.results.filter(({ verdict }) => verdict === 'fail');
    expect(first).toMatchObject({
      id: 'TRICKLE 1',
      expected: expect.stringContaining('404'),
      came: expect.stringContaining('200'),
    });
    expect(rest.map(({ id }) => id)).toEqual(['TRICKLE 45']);
  });

  test('fails a server that says yes to everything in all but the cases that ask whether a route is there', {
    timeout: 90_000,
  }, async () => {
    const features = parseFeatures('autocreate,changefeed,epochs,size,skipped,aborted,linger,keep,tombstone,policy');
    const { results } = await runConformance({ url: await serverOf(yes), features });
    const passed = results.filter(({ verdict }) => verdict === 'pass').map(({ id }) => id);
    expect(passed.filter((id) => !/^PROTOCOL 2 [A-Z]+ /.test(id))).toEqual([]);
  });

  test('never passes a case that the features rule out', async () => {
    const { results } = await runConformance({
      url: await serverOf(yes),
      features: parseFeatures('autocreate'),
      only: ['3.8'],
    });
    expect(results.find(({ id }) => id === 'PROTOCOL 3.8 entry')).toMatchObject({
      verdict: 'not applicable',
      reason: 'needs listing',
    });
  });

  // On a busy machine the case is tried three times, each for as long as an answer may take.
  test('fails the cases of a server that hangs, instead of hanging itself', { timeout: 90_000 }, async () => {
    const only = ['TRICKLE 45'];
    const { results } = await runConformance({ url: await serverOf(() => {}), features: new Map(), only });
    expect(results).toMatchObject([{ verdict: 'fail', came: expect.stringContaining('no answer') }]);
  });

  test('fails the cases of a server that does not speak HTTP', async () => {
    const url = await serverOf((_, response) => void response.socket?.end('SSH-2.0-server\r\n\r\n'));
    const { results } = await runConformance({ url, features: new Map(), only: ['TRICKLE 45'] });
    expect(results).toMatchObject([{ verdict: 'fail', came: expect.stringContaining('SSH-2.0-server') }]);
  });

  test('fails the cases when nobody listens', async () => {
    const url = await serverOf(yes);
    for (const close of closers.splice(0)) close();
    const { results } = await runConformance({ url, features: new Map(), only: ['TRICKLE 45'] });
    expect(results).toMatchObject([{ verdict: 'fail', came: expect.stringContaining('ECONNREFUSED') }]);
  });

  test('reports each case as it is over', async () => {
    const seen: Result[] = [];
    const only = ['3.1'];
    const report = await runConformance({
      url: await serverOf(yes),
      features: new Map(),
      only,
      onCase: (r) => seen.push(r),
    });
    expect(new Set(seen)).toEqual(new Set(report.results));
  });

  test('refuses a section that is none', async () => {
    const run = runConformance({ url: 'http://127.0.0.1:9/', features: new Map(), only: ['3.1', '99'] });
    await expect(run).rejects.toThrow('"99" is neither a section nor a case');
  });

  test('ends with the reason of its signal, in the middle of a case', async () => {
    const abort = new AbortController();
    const url = await serverOf(() => abort.abort(new Error('enough')));
    await expect(runConformance({ url, features: new Map(), signal: abort.signal })).rejects.toThrow('enough');
  });
});
