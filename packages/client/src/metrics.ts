/** The relay's figures for Prometheus. They are read from the books when they are asked for, so that there is one place that counts. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { RelayStatus } from './relay.ts';

type Labels = Readonly<Record<string, string>>;
type Add = (labels: Labels, value: number) => void;

/** A function that renders `status()` in Prometheus' text format. Labels are session ids, sink names and words of this package; nothing else from the wire. */
export function createMetrics(status: () => RelayStatus): () => Promise<string> {
  const registry = new Registry();
  const registers = [registry];

  function counter(name: string, help: string, labelNames: string[], read: (status: RelayStatus, add: Add) => void) {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        read(status(), (labels, value) => this.inc({ ...labels }, value));
      },
    });
  }

  function gauge(name: string, help: string, labelNames: string[], read: (status: RelayStatus, set: Add) => void) {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        read(status(), (labels, value) => this.set({ ...labels }, value));
      },
    });
  }

  sessionFigures(counter, gauge);
  sinkFigures(counter, gauge);
  journalFigures(counter, gauge);
  handlerFigures(counter);
  return () => registry.metrics();
}

type Define = (name: string, help: string, labelNames: string[], read: (status: RelayStatus, add: Add) => void) => void;

function sessionFigures(counter: Define, gauge: Define): void {
  perSession(gauge, 'runnel_session_live', 'Whether the events of the session are being read.', ({ state }) =>
    state === 'live' ? 1 : 0,
  );
  gauge('runnel_session_rtt_seconds', 'Way to the runner and back, newest ping.', ['session'], ({ sessions }, set) => {
    for (const { id, pings } of sessions) if (pings.rttMs !== undefined) set({ session: id }, pings.rttMs / 1000);
  });
  gauge(
    'runnel_session_latency_seconds',
    "From an event's own time to its receipt, over the last ten seconds.",
    ['session', 'quantile'],
    ({ sessions }, set) => {
      for (const { id, latencyMs } of sessions) {
        if (!latencyMs) continue;
        set({ session: id, quantile: '0.5' }, latencyMs.p50 / 1000);
        set({ session: id, quantile: '0.99' }, latencyMs.p99 / 1000);
      }
    },
  );
  gauge(
    'runnel_session_control',
    'Whether the runner acts by the control state asked for.',
    ['session', 'answer'],
    ({ sessions }, set) => {
      for (const { id, control } of sessions) set({ session: id, answer: control.answer }, 1);
    },
  );
  perSession(counter, 'runnel_session_lines_total', 'Lines read.', ({ lines }) => lines);
  counter(
    'runnel_session_bad_lines_total',
    'Lines that could not be read.',
    ['session', 'reason'],
    ({ sessions }, add) => {
      for (const { id, badLines } of sessions) each(badLines, (reason, n) => add({ session: id, reason }, n));
    },
  );
  counter('runnel_session_events_total', 'Telemetry lines by outcome.', ['session', 'outcome'], ({ sessions }, add) => {
    for (const { id, telemetry } of sessions) {
      const { relayed, malformed, replay, withheld } = telemetry;
      each({ relayed, malformed, replay, withheld }, (outcome, n) => add({ session: id, outcome }, n));
    }
  });
  counter('runnel_session_messages_total', 'Other lines by type.', ['session', 'type'], ({ sessions }, add) => {
    for (const { id, messages } of sessions) {
      const { byType, invalid, unknown } = messages;
      each({ ...byType, invalid, unknown }, (type, n) => add({ session: id, type }, n));
    }
  });
  perSession(
    counter,
    'runnel_session_segments_skipped_total',
    'Segments gone before they were read.',
    ({ segmentsSkipped }) => segmentsSkipped,
  );
  perSession(
    counter,
    'runnel_session_discontinuities_total',
    'New lives of the events channel.',
    ({ discontinuities }) => discontinuities,
  );
  perSession(
    counter,
    'runnel_session_events_missed_total',
    'Events that gaps in seq say did not come.',
    ({ sums }) => sums.missed,
  );
  perSession(
    gauge,
    'runnel_session_events_lost',
    'Events the runner says it wrote that did not come.',
    ({ sums }) => sums.lost,
  );
  perSession(
    gauge,
    'runnel_session_starts_unreported',
    'Starts of the runner without a last report.',
    ({ sums }) => sums.unreported,
  );
}

function sinkFigures(counter: Define, gauge: Define): void {
  perSink(counter, 'runnel_sink_in_total', 'Envelopes for the sink.', ({ in: n }) => n);
  perSink(counter, 'runnel_sink_delivered_total', 'Envelopes acknowledged.', ({ out }) => out);
  perSink(gauge, 'runnel_sink_pending', 'Envelopes that wait.', ({ pending }) => pending);
  counter('runnel_sink_dropped_total', 'Envelopes dropped.', ['sink', 'reason'], ({ sinks }, add) => {
    for (const { sink, dropped } of sinks) each(dropped, (reason, n) => add({ sink, reason }, n));
  });
  perSink(gauge, 'runnel_sink_dead', 'Dead letters kept.', ({ dead }) => dead);
  perSink(gauge, 'runnel_sink_parked', 'Envelopes of keys that fail.', ({ parked }) => parked);
  perSink(
    gauge,
    'runnel_sink_oldest_seconds',
    'For how long the oldest that waits has waited.',
    ({ oldestMs = 0 }) => oldestMs / 1000,
  );
  gauge('runnel_sink_moved_timestamp_seconds', 'When something was settled last.', ['sink'], ({ sinks }, set) => {
    for (const { sink, movedAt } of sinks) if (movedAt !== undefined) set({ sink }, movedAt / 1000);
  });
  perSink(gauge, 'runnel_sink_paused', 'Whether the credentials are refused.', ({ paused }) => (paused ? 1 : 0));
  perSink(counter, 'runnel_sink_requests_total', 'Batches handed over.', ({ requests }) => requests);
  perSink(counter, 'runnel_sink_retries_total', 'Batches handed over again.', ({ retries }) => retries);
}

function journalFigures(counter: Define, gauge: Define): void {
  gauge('runnel_journal_envelopes', 'Envelopes kept.', [], ({ journal }, set) => set({}, journal.rows));
  gauge('runnel_journal_bytes', 'Bytes of them.', [], ({ journal }, set) => set({}, journal.bytes));
  gauge('runnel_journal_waiting', 'Envelopes not committed yet.', [], ({ journal }, set) => set({}, journal.waiting));
  gauge('runnel_journal_failing', 'Whether the last commit failed.', [], ({ journal }, set) =>
    set({}, journal.error ? 1 : 0),
  );
  counter('runnel_journal_commits_total', 'Commits.', [], ({ journal }, add) => add({}, journal.commits.count));
  counter('runnel_journal_commit_seconds_total', 'For how long commits held the event loop.', [], ({ journal }, add) =>
    add({}, journal.commits.totalMs / 1000),
  );
}

function each(counts: Readonly<Record<string, number>>, fn: (name: string, n: number) => void): void {
  for (const [name, n] of Object.entries(counts)) fn(name, n);
}

/** One figure of each session. */
function perSession(
  define: Define,
  name: string,
  help: string,
  of: (session: RelayStatus['sessions'][number]) => number,
): void {
  define(name, help, ['session'], ({ sessions }, put) => {
    for (const session of sessions) put({ session: session.id }, of(session));
  });
}

/** One figure of each sink. */
function perSink(define: Define, name: string, help: string, of: (sink: RelayStatus['sinks'][number]) => number): void {
  define(name, help, ['sink'], ({ sinks }, put) => {
    for (const sink of sinks) put({ sink: sink.sink }, of(sink));
  });
}

/** The ids are the application's, and names from the wire are no labels. */
function handlerFigures(counter: Define): void {
  counter('runnel_handler_calls_total', 'Events handed to a handler.', ['handler'], ({ handlers }, add) => {
    for (const { id, calls } of handlers.attached) add({ handler: id }, calls);
  });
  counter('runnel_handler_failures_total', 'Times a handler threw or rejected.', ['handler'], ({ handlers }, add) => {
    for (const { id, failures } of handlers.attached) add({ handler: id }, failures);
  });
  counter('runnel_handler_skipped_total', 'Events not handed to a handler that paused.', ['handler'], (status, add) => {
    for (const { id, skipped } of status.handlers.attached) add({ handler: id }, skipped);
  });
  counter('runnel_handler_quarantined_total', 'Unknown names and keys.', ['kind'], ({ handlers }, add) => {
    const { names, keys } = handlers.quarantined;
    each({ names, keys }, (kind, n) => add({ kind }, n));
  });
}
