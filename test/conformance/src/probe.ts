/** Finds out what a server offers, where it can be seen from outside within a second. */
import { randomUUID } from 'node:crypto';
import { CHANGES, CHANNELS, Header } from '@runnel/protocol';
import { FEATURES, type Feature, type Features } from './features.ts';
import { Mismatch } from './mismatch.ts';
import { HANGS_MS } from './wire/exchange.ts';
import { field } from './wire/fields.ts';
import { Wire } from './wire/wire.ts';

/**
 * Asks the server for each feature it may have. Additions to the protocol that it does not show are taken as absent, so that a server which
 * means to have one should be given its features by name. Limits and policy cannot be seen, and times are taken as PROTOCOL.md has them.
 * Rejects when the server does not answer.
 */
export async function probeFeatures(url: string | URL): Promise<Features> {
  const base = new URL(url);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const wire = new Wire({ url: base, features: new Map([['autocreate', true]]) });
  const features = new Map<Feature, number | true>();
  const found = (feature: Feature, is: boolean) => is && features.set(feature, FEATURES[feature]);
  try {
    found('autocreate', (await wire.ask('POST', wire.name())).status === 200);
    found('changefeed', (await wire.ask('HEAD', `${CHANGES}/next`)).status === 200);
    found('listing', (await wire.ask('GET', CHANNELS)).status === 200);
    if (!features.has('autocreate')) return features;
    found('reserved', (await wire.ask('POST', `_conformance-${randomUUID()}`)).status === 403);
    await probeSegments(wire, found);
    await probeEnding(wire, found);
    return features;
  } finally {
    await wire.cleanUp();
    wire.cut();
  }
}

type Found = (feature: Feature, is: boolean) => unknown;

async function probeSegments(wire: Wire, found: Found): Promise<void> {
  const channel = await wire.channel();
  const published = await wire.publish(`${channel}/0`, 'segment');
  found('epochs', field(published, Header.epoch) !== undefined);
  found('size', field(await wire.ask('GET', `${channel}/0`), Header.size) !== undefined);
  for (let seq = 1; seq <= 8; seq += 1) await wire.publish(`${channel}/${seq}`, 'segment');
  found('keep', (await wire.ask('GET', `${channel}/0`)).status === 200);
  await wire.publish(`${channel}/11`, 'segment');
  found('head-request', await answersSoon(wire, 'HEAD', `${channel}/12`));
  const hole = await wire.open('GET', `${channel}/10`);
  const skipped = await hole.answer(2_000).catch(ignoreMismatch);
  found('skipped', skipped !== undefined && field(skipped, Header.skipped) !== undefined);
  found('aborted', await announcesAborted(wire, channel));
}

/** A server that can say "aborted" says so in the head of a segment that is being written. */
async function announcesAborted(wire: Wire, channel: string): Promise<boolean> {
  const writer = await wire.open('POST', `${channel}/12`);
  writer.send('begun');
  await wire.headIs(channel, 13);
  const head = await (await wire.open('GET', `${channel}/12`)).head();
  return field(head, 'Trailer')?.toLowerCase().includes(Header.aborted.toLowerCase()) ?? false;
}

async function probeEnding(wire: Wire, found: Found): Promise<void> {
  const channel = await wire.channel();
  await wire.publish(`${channel}/0`, 'last');
  await wire.ask('DELETE', channel);
  found('linger', (await wire.ask('GET', `${channel}/0`)).status === 200);
  found('tombstone', (await wire.ask('POST', `${channel}/1`, { body: 'late' })).status === 404);
}

async function answersSoon(wire: Wire, method: 'HEAD', path: string): Promise<boolean> {
  const head = await (await wire.open(method, path)).head(2 * HANGS_MS).catch(ignoreMismatch);
  return head !== undefined;
}

function ignoreMismatch(error: unknown): undefined {
  if (!(error instanceof Mismatch)) throw error;
}
