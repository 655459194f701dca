/** The server's numbers as Prometheus text. Every one is described in README.md. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Tally } from './counters.ts';
import type { Hub } from './hub.ts';

const PREFIX = 'runnel_server_';

/** Renders the metrics of a hub. */
export function createMetrics(hub: Hub): () => Promise<string> {
  const { counters, ledger, readers, limits } = hub.core;
  const registers = [new Registry()];

  gauge('channels', 'Channels, lingering ones included', () => hub.list().length);
  gauge(
    'lingering_channels',
    'Closed channels that can still be read',
    () => hub.list().filter((c) => c.closed).length,
  );
  gauge('tombstones', 'Names that refuse segments because their channel was closed a moment ago', () => hub.tombstones);
  gauge('readers', 'GETs attached to a segment', () => readers.count);
  gauge('writers', 'Open POSTs of segments', () => ledger.writers);
  gauge('kept_segments', 'Finished segments in windows', () => ledger.keptSegments);
  gauge('kept_bytes', 'Bytes of finished segments in windows', () => ledger.keptBytes);
  gauge('open_bytes', 'Bytes of segments being written', () => ledger.openBytes);
  gauge('pinned_bytes', 'Bytes of segments that left the window and are still being read', () => ledger.pinnedBytes);
  gauge('spare_bytes', 'Bytes of memory kept for the next segments', () => ledger.blocks.bytes);
  gauge('budget_bytes', 'Bytes that may be held', () => limits.budgetBytes);
  gauge('paused', '1 while bodies are not read for want of memory', () => Number(ledger.full));
  counter('connections_total', 'Connections accepted', () => counters.connections);
  counter('received_bytes_total', 'Bytes accepted into segments', () => counters.bytesIn);
  counter('sent_bytes_total', 'Bytes handed to readers', () => counters.bytesOut);
  counter('discarded_bytes_total', 'Bytes of POSTs that were answered early', () => counters.discardedBytes);
  counter('fast_bodies_total', 'Bodies decoded by fast ingest', () => counters.fastBodies);
  counter('joined_writers_total', 'POSTs of a segment that another POST was writing', () => counters.joinedWriters);
  counter('dead_writers_total', 'POSTs whose connection broke before their body ended', () => counters.deadWriters);
  counter('cut_readers_total', 'Readers cut because their segment had left the window', () => counters.cutReaders);
  counter('pauses_total', 'Times the server stopped reading bodies for want of memory', () => counters.pauses);
  counter('channels_created_total', 'Channels created', () => counters.channelsCreated);
  counter('restarts_total', 'New lives begun by a POST of seq 0', () => counters.restarts);
  tally('segments_total', 'Segments that ended, by how', 'state', counters.segments);
  tally('evictions_total', 'Segments that left the window, by reason', 'reason', counters.evictions);
  tally('channels_removed_total', 'Channels closed, by reason', 'reason', counters.removals);
  tally('refusals_total', 'Requests refused, by reason', 'reason', counters.refusals);
  tally('answer_seconds_total', 'Seconds from request to head of the answer', 'method', counters.answerMs, 1e-3);
  answers();
  return () => registers[0]?.metrics() ?? Promise.resolve('');

  function gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }

  function counter(name: string, help: string, read: () => number): void {
    new Counter({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  function tally(name: string, help: string, label: string, { values }: Tally, scale = 1): void {
    const labelNames = [label];
    new Counter({
      name: PREFIX + name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [key, value] of values) this.inc({ [label]: key }, value * scale);
      },
    });
  }

  function answers(): void {
    const labelNames = ['method', 'status'];
    new Counter({
      name: `${PREFIX}answers_total`,
      help: 'Answers by method and status',
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [key, value] of counters.answers.values) {
          const [method = '', status = ''] = key.split(' ');
          this.inc({ method, status }, value);
        }
      },
    });
  }
}
