/** One statement of a control state, and how long it holds. PROTOCOL.md section 8.6. */
import type { Clock, ControlState, ControlVersion } from '@runnel/protocol';
import type { ControlStatus } from './control-status.ts';

export class Statement {
  readonly #from: ControlVersion;
  readonly #state: ControlState;
  readonly #clock: Clock;
  /** On the monotonic clock. */
  readonly #endsAt: number | undefined;
  /** Its time is over, by our clock or the runner's. */
  expired = false;

  /** The time that `state` is for begins now, unless its end is given. */
  constructor(from: ControlVersion, state: ControlState, clock: Clock, endsAt?: number) {
    this.#from = from;
    this.#state = state;
    this.#clock = clock;
    this.#endsAt = endsAt ?? (state.expires_ms === undefined ? undefined : clock.now() + state.expires_ms);
  }

  /**
   * The same, ending at the same time, as a version of its own: a runner that starts may find the line of this one in the channel's last segment and give it all of its time once more,
   * and the same version again would change nothing.
   */
  renewed(): Statement {
    const { client, version } = this.#from;
    return new Statement({ client, version: version + 1 }, this.#state, this.#clock, this.#endsAt);
  }

  get version(): number {
    return this.#from.version;
  }

  /** Whether that is what a runner acts by, or answers. */
  is({ client, version }: ControlVersion): boolean {
    return client === this.#from.client && version === this.#from.version;
  }

  /** For the control channel, with what is left of its time. */
  get message(): object {
    const left = this.#endsAt && { expires_ms: Math.max(1, Math.ceil(this.#endsAt - this.#clock.now())) };
    return { type: 'control', ...this.#from, state: { ...this.#state, ...left } };
  }

  get status(): ControlStatus['asked'] {
    const ends = this.#endsAt;
    return {
      version: this.version,
      state: this.#state,
      ...(ends !== undefined && { expiresAt: Math.round(this.#clock.wall() + ends - this.#clock.now()) }),
      ...(this.expired && { expired: true as const }),
    };
  }
}
