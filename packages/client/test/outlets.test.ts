import { describe, expect, onTestFinished, test } from 'vitest';
import { type OutletsOptions, openOutlets } from '../src/index.ts';
import { collectingSink, freshPath } from './loop.ts';

async function opened(options: Partial<OutletsOptions>) {
  const egress = { sinks: [], journal: {} };
  const outlets = await openOutlets({ env: {}, egress, log: collectingSink('log'), sessions: ['demo'], ...options });
  onTestFinished(() => {
    outlets.journal.close();
    outlets.consent?.close();
  });
  return outlets;
}

describe('the outlets of a command', () => {
  test('are the log, the file and what the environment names; a log that it asks for is the one there is', async () => {
    const [log, file] = [collectingSink('log'), collectingSink('file')];
    const egress = { sinks: [collectingSink('log'), collectingSink('http')], journal: {} };
    const { sinks } = await opened({ log, file, egress });
    expect(sinks.map(({ name }) => name)).toEqual(['log', 'file', 'http']);
    expect(sinks[0]).toBe(log);
  });

  test('have the journal that the command line names, else that of the environment, else one in memory', async () => {
    const [path, other] = [freshPath(), freshPath()];
    const egress = (journal: OutletsOptions['egress']['journal']) => ({ sinks: [], journal });
    const pathOf = async (options: Partial<OutletsOptions>) => (await opened(options)).journal.status.path;
    expect(await pathOf({ journal: path, egress: egress({ path: other }) })).toBe(path);
    expect(await pathOf({ egress: egress({ path: other }) })).toBe(other);
    expect(await pathOf({ egress: egress({ path: 'off' }) })).toBeUndefined();
    expect(await pathOf({})).toBeUndefined();
  });

  test('ask for consent where the environment does', async () => {
    expect((await opened({})).consent).toBeUndefined();
    expect((await opened({ env: { RUNNEL_CONSENT: 'explicit' } })).consent?.users.size).toBe(0);
  });

  test('are not opened when something is wrong with them', async () => {
    const path = freshPath();
    const wrong = opened({ journal: path, env: { RUNNEL_CONSENT: 'perhaps' } });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid' });
    await expect(opened({ journal: path })).resolves.toBeDefined();
  });
});
