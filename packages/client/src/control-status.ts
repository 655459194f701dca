/** What is known of a session's control state, on this side. PROTOCOL.md section 8.6. */
import type { ControlInForce, ControlState, EffectiveState } from '@runnel/protocol';

/**
 * `none`: nothing was asked for. `waiting`: not sent yet, or sent less than 5 s ago. `applied` and `refused` are the runner's answer to the newest statement.
 * `unanswered`: there is no answer: no runner, or one that knows nothing of control.
 */
export type ControlAnswer = 'none' | 'waiting' | 'applied' | 'refused' | 'unanswered';

/** A member that is not known is absent. */
export interface ControlStatus {
  /** The newest statement, whole: what was asked for over what is configured. */
  readonly asked?: {
    readonly version: number;
    readonly state: ControlState;
    /** When it ends, in milliseconds since 1970. */
    readonly expiresAt?: number;
    /** It has ended: the runner goes by its configuration. */
    readonly expired?: true;
  };
  readonly answer: ControlAnswer;
  readonly refused?: { readonly reason: string; readonly message: string };
  /** What the runner that lives now said last that it acts by; `expires_ms` is what is left of it. */
  readonly effective?: EffectiveState;
  /** What it said of itself. Absent: none was heard. */
  readonly runner?: {
    /** Empty where it names none. */
    readonly epoch: string;
    /** Whether it has shown that it knows of control. */
    readonly answers: boolean;
    /** The statement that it acts by; perhaps another client's. */
    readonly inForce?: ControlInForce;
    readonly telemetryEnabled?: boolean;
    readonly samplingRate?: number;
  };
}

/** The control state of one session. */
export interface DesiredState {
  readonly status: ControlStatus;
  /**
   * States `state` as a whole: a member that is absent is as configured, here or at the runner. Resolves with the status when the runner has answered, when it counts as unanswered, or after
   * `waitMs` (default 2,000), whichever is first. It is sent as soon as the channel is there, and again to a runner that has another state.
   * `expires_ms` runs from now on. Rejects with TrickleError `invalid` (PROTOCOL.md section 8.6 has no such state), `refused` (a session of a stderr
   * has no control channel), `conflict` (another state was asked for before there was an answer) or `aborted` (the session was closed).
   */
  ask(state: ControlState, options?: { readonly waitMs?: number }): Promise<ControlStatus>;
}
