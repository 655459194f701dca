/** What a session's runner has said of its control state: of one start of it, since the next may think otherwise. PROTOCOL.md section 8.6. */
import type { Clock, ControlInForce, EffectiveState } from '@runnel/protocol';
import type { ControlStatus } from './control-status.ts';
import type { MessageOf } from './handlers.ts';
import { isEpoch } from './replay.ts';

export type Report = MessageOf<'runner_ready'> | MessageOf<'losses'>;
export type Answer = MessageOf<'control_applied'> | MessageOf<'control_refused'>;

type Word = NonNullable<ControlStatus['runner']>;

export class RunnerWord {
  readonly #clock: Clock;
  #word: Word | undefined;
  #effective: { readonly state: EffectiveState; readonly at: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes what a report says; returns whether it is the first of a start of the runner. */
  report(report: Report): boolean {
    const { control } = report;
    const epoch = isEpoch(report.epoch) ? report.epoch : '';
    const ready = report.type === 'runner_ready';
    const began = this.#begins(epoch, ready);
    if (began) this.#effective = undefined;
    const { inForce: _, ...word } = !began && this.#word ? this.#word : { answers: false };
    this.#word = {
      ...word,
      epoch,
      ...(control && { answers: true, inForce: inForce(control) }),
      ...(ready && handshake(report)),
    };
    return began;
  }

  /** Who has only answered so far, which names no start, is the one whose report comes next, unless that says that it has just started. */
  #begins(epoch: string, ready: boolean): boolean {
    if (this.#word === undefined || (ready && epoch === '')) return true;
    return epoch !== this.#word.epoch && (ready || this.#word.epoch !== '');
  }

  /** Takes an answer, or the end of a state. */
  answer(answer: Answer): void {
    this.#effective = { state: known(answer.state), at: this.#clock.now() };
    const word: Word = { epoch: '', ...this.#word, answers: true };
    this.#word = answer.type === 'control_applied' ? { ...word, inForce: inForce(answer) } : word;
  }

  /** As members of the status. */
  get status(): Pick<ControlStatus, 'effective' | 'runner'> {
    return {
      ...(this.#effective && { effective: this.#now(this.#effective) }),
      ...(this.#word && { runner: this.#word }),
    };
  }

  #now({ state, at }: { state: EffectiveState; at: number }): EffectiveState {
    if (state.expires_ms === undefined) return state;
    return { ...state, expires_ms: Math.max(0, Math.round(state.expires_ms - (this.#clock.now() - at))) };
  }
}

function inForce({ client, version, expired }: ControlInForce): ControlInForce {
  return { client, version, ...(expired && { expired }) };
}

/** What else a newer runner says, or a hostile one, is not kept. */
function known(state: EffectiveState): EffectiveState {
  const { enabled, sampling, filter, heartbeat_ms, log_level, expires_ms } = state;
  return {
    enabled,
    sampling: { rate: sampling.rate, patterns: sampling.patterns },
    filter: { allowed: filter.allowed, blocked: filter.blocked },
    heartbeat_ms,
    log_level,
    ...(expires_ms !== undefined && { expires_ms }),
  };
}

/** EGRESS 4.12. */
function handshake({ telemetry_enabled: on, sampling_rate: rate }: MessageOf<'runner_ready'>) {
  return { ...(on !== undefined && { telemetryEnabled: on }), ...(rate !== undefined && { samplingRate: rate }) };
}
