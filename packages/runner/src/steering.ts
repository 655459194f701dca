/** What a client wants of this runner's telemetry: taken, answered, and in force until it expires. PROTOCOL.md section 8.6. */
import {
  type Clock,
  type ControlInForce,
  type ControlState,
  type ControlVersion,
  controlState,
  controlVersion,
  type EffectiveState,
} from '@runnel/protocol';

/** The state that a runner begins with, and goes back to. */
export type ConfiguredState = Omit<ControlState, 'expires_ms' | 'heartbeat_ms'>;

export interface SteeringOptions {
  readonly clock: Clock;
  readonly configured: ControlState;
  readonly say: (kind: string, message: object) => void;
  /** Called with each state that comes into force, the first included. */
  readonly onState: (state: EffectiveState) => void;
}

export class Steering {
  readonly #options: SteeringOptions;
  #state: EffectiveState;
  #inForce: ControlInForce | undefined;
  #expiresAt: number | undefined;
  #cancelExpiry = () => {};

  constructor(options: SteeringOptions) {
    this.#options = options;
    this.#state = effective(options.configured, {});
    options.onState(this.#state);
  }

  /** The state in force, with what is left of its time. */
  get state(): EffectiveState {
    if (this.#expiresAt === undefined) return this.#state;
    return { ...this.#state, expires_ms: Math.max(0, Math.round(this.#expiresAt - this.#options.clock.now())) };
  }

  /** Whose state it is; undefined as long as nobody has stated one. */
  get inForce(): ControlInForce | undefined {
    return this.#inForce;
  }

  /** Takes a statement and answers it. Returns what is wrong with it where even its sender cannot be read. */
  take(message: Readonly<Record<string, unknown>>): string | undefined {
    const from = controlVersion.safeParse(message);
    if (!from.success) return `control: ${complaint(from.error)}`;
    const { client, version } = from.data;
    const wanted = controlState.safeParse(message.state);
    const last = this.#inForce?.client === client ? this.#inForce.version : -1;
    if (!wanted.success) this.#refuse(from.data, 'invalid', complaint(wanted.error));
    else if (version < last) this.#refuse(from.data, 'stale', `version ${last} is in force`);
    else {
      if (version > last) this.#apply(from.data, wanted.data);
      this.#sayApplied();
    }
    return undefined;
  }

  /** No state expires any more. */
  close(): void {
    this.#cancelExpiry();
  }

  #apply(from: ControlVersion, wanted: ControlState): void {
    const { clock, configured, onState } = this.#options;
    this.#cancelExpiry();
    this.#inForce = from;
    this.#state = effective(configured, wanted);
    this.#expiresAt = wanted.expires_ms === undefined ? undefined : clock.now() + wanted.expires_ms;
    if (wanted.expires_ms !== undefined) this.#cancelExpiry = clock.after(wanted.expires_ms, () => this.#expire(from));
    onState(this.#state);
  }

  #expire(from: ControlVersion): void {
    this.#inForce = { ...from, expired: true };
    this.#state = effective(this.#options.configured, {});
    this.#expiresAt = undefined;
    this.#options.onState(this.#state);
    this.#sayApplied();
  }

  #sayApplied(): void {
    this.#options.say('control_applied', { type: 'control_applied', ...this.#inForce, state: this.state });
  }

  #refuse(from: ControlVersion, reason: string, message: string): void {
    this.#options.say('control_refused', { type: 'control_refused', ...from, reason, message, state: this.state });
  }
}

function effective(configured: ControlState, wanted: ControlState): EffectiveState {
  const sampling = wanted.sampling ?? configured.sampling;
  const filter = wanted.filter ?? configured.filter;
  return {
    enabled: wanted.enabled ?? configured.enabled ?? true,
    sampling: { rate: Math.min(1, Math.max(0, sampling?.rate ?? 1)), patterns: sampling?.patterns ?? [] },
    filter: { allowed: filter?.allowed ?? [], blocked: filter?.blocked ?? [] },
    heartbeat_ms: wanted.heartbeat_ms ?? configured.heartbeat_ms ?? 10_000,
    log_level: wanted.log_level ?? configured.log_level ?? 'debug',
  };
}

function complaint({ issues: [issue] }: { issues: { path: PropertyKey[]; message: string }[] }): string {
  return `${issue?.path.map(String).join('.')}: ${issue?.message}`;
}
