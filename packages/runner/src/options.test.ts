import { describe, expect, it } from 'vitest';
import { createRunner, runnerFromEnv } from './index.ts';

describe('where a runner writes', () => {
  const urlsOf = async (options: Parameters<typeof createRunner>[0]) => {
    const runner = createRunner({ ...options, transport: unreachable });
    await runner.close({ deadlineMs: 0 });
    return runner.urls;
  };
  const unreachable = {
    get: () => Promise.reject(new Error('not in this test')),
    post: () => {
      throw new Error('not in this test');
    },
  };

  it('PROTOCOL 8: finds its channels below the server by the session’s id', async () => {
    expect(await urlsOf({ session: 'a b', url: 'https://host/trickle' })).toStrictEqual({
      events: 'https://host/trickle/a%20b-events',
      control: 'https://host/trickle/a%20b-control',
      out: 'https://host/trickle/a%20b-out',
    });
  });

  it('takes channels that are elsewhere as they are given', async () => {
    const urls = await urlsOf({ session: 's', url: 'http://a/', eventsUrl: 'http://b/x', outUrl: 'http://c/y' });
    expect(urls).toStrictEqual({ events: 'http://b/x', control: 'http://a/s-control', out: 'http://c/y' });
  });

  it.each([
    [{ session: '', url: 'http://a/' }],
    [{ session: 's', url: 'nowhere' }],
    [{ session: 's', url: 'ftp://a/' }],
    [{ session: 's', eventsUrl: '/relative' }],
    [{ session: 's', buffer: 0 }],
    [{ session: 's', buffer: 1.5 }],
    [{ session: 's', heartbeatMs: 0 }],
    [{ session: 's', maxEventBytes: 6_000_000 }],
  ])('refuses %j as invalid', (options) => {
    expect(() => createRunner(options)).toThrow(expect.objectContaining({ name: 'TrickleError', code: 'invalid' }));
  });

  it('a runner that is refused has asked nothing of the server', async () => {
    const asked: string[] = [];
    const ask = (what: string) => () => {
      asked.push(what);
      throw new Error('not in this test');
    };
    const transport = { get: ask('get'), post: ask('post') };
    expect(() => createRunner({ session: 's', url: 'http://a/', transport, lastWordsMs: 0 })).toThrow(/lastWordsMs/);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toStrictEqual([]);
  });

  it('refuses a context that is no JSON as invalid', () => {
    const connection_info: Record<string, unknown> = {};
    connection_info.self = connection_info;
    const create = () => createRunner({ session: 's', context: { connection_info } });
    expect(create).toThrow(expect.objectContaining({ name: 'TrickleError', code: 'invalid' }));
  });
});

describe('the environment', () => {
  it('names session, server and channels; empty variables count as unset', () => {
    const env = {
      RUNNEL_SESSION: 's',
      RUNNEL_URL: 'http://a/',
      RUNNEL_OUT_URL: 'http://b/o',
      RUNNEL_CONTROL_URL: '',
      PATH: '/bin',
    };
    expect(runnerFromEnv(env)).toStrictEqual({
      session: 's',
      url: 'http://a/',
      eventsUrl: undefined,
      controlUrl: undefined,
      outUrl: 'http://b/o',
    });
  });

  it.each([
    [{}, 'RUNNEL_SESSION'],
    [{ RUNNEL_SESSION: '' }, 'RUNNEL_SESSION'],
    [{ RUNNEL_SESSION: 's', RUNNEL_URL: 'nowhere' }, 'RUNNEL_URL'],
    [{ RUNNEL_SESSION: 's', RUNNEL_EVENTS_URL: 'ftp://a/' }, 'RUNNEL_EVENTS_URL'],
  ])('complains of %j by the name of the variable', (env, name) => {
    expect(() => runnerFromEnv(env)).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringContaining(name) }),
    );
  });
});
