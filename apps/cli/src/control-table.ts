/** A session's control state in columns: what was asked for beside what the runner says is in force. */
import type { ControlStatus } from '@runnel/client';
import type { ControlState } from '@runnel/protocol';
import { systemClock } from '@runnel/protocol';
import { printable, table } from './table.ts';
import { durationText } from './time.ts';

type Column = Partial<ControlState>;

export function controlTable(session: string, status: ControlStatus): string {
  const { asked, effective, answer } = status;
  const rows = lines.map(([name, cell]) => [name, asked ? cell(asked.state) : '-', effective ? cell(effective) : '-']);
  const ends = ['reverts', endOf(asked), effective?.expires_ms === undefined ? '-' : inTime(effective.expires_ms)];
  const version = asked ? ` (version ${asked.version})` : '';
  return `${printable(`session ${session}: ${words[answer]}${version}${runnerOf(status)}`)}\n${table(['', 'ASKED FOR', 'IN FORCE'], [...rows, ends])}`;
}

const words = {
  none: 'nothing asked for',
  waiting: 'waiting for the runner',
  applied: 'applied',
  refused: 'refused',
  unanswered: 'unanswered',
} as const satisfies Record<ControlStatus['answer'], string>;

const lines: readonly (readonly [string, (state: Column) => string])[] = [
  ['enabled', ({ enabled }) => (enabled === undefined ? '-' : enabled ? 'on' : 'off')],
  ['sampling', ({ sampling }) => (sampling ? samplingText(sampling) : '-')],
  ['filter', ({ filter }) => (filter ? filterText(filter) : '-')],
  ['heartbeat', ({ heartbeat_ms: ms }) => (ms === undefined ? '-' : durationText(ms))],
  ['log level', ({ log_level: level }) => level ?? '-'],
];

function samplingText({ rate, patterns = [] }: NonNullable<ControlState['sampling']>): string {
  if (rate >= 1) return 'all';
  return patterns.length > 0 ? `${rate} of ${patterns.join(', ')}` : `${rate} of all`;
}

function filterText({ allowed = [], blocked = [] }: NonNullable<ControlState['filter']>): string {
  const only = allowed.length > 0 ? `only ${allowed.join(', ')}` : 'all';
  return blocked.length > 0 ? `${only} but ${blocked.join(', ')}` : only;
}

function endOf(asked: ControlStatus['asked']): string {
  if (asked?.expired) return 'ended';
  return asked?.expiresAt === undefined ? '-' : inTime(Math.max(0, asked.expiresAt - systemClock.wall()));
}

const inTime = (ms: number) => `in ${durationText(ms)}`;

/** Where nothing was asked for, all that is known may be what the runner said when it started. */
function runnerOf({ asked, effective, runner }: ControlStatus): string {
  if (!runner) return '; no runner has been heard';
  if (asked || effective || runner.telemetryEnabled === undefined) return '';
  const { telemetryEnabled: on, samplingRate: rate = 1 } = runner;
  return `; the runner began with telemetry ${on ? `on, sampling ${samplingText({ rate })}` : 'off'}`;
}
