/** Which events are emitted at all: the decision of the state in force, kept per type until the state changes. PROTOCOL.md section 8.6. */
import { type EffectiveState, matchesPattern } from '@runnel/protocol';
import { textOf } from './text.ts';

/** Why an event was not emitted. None of these is a loss: the event has no `seq`. */
export type WithheldReason = 'disabled' | 'filtered' | 'sampled';

type Rules = Pick<EffectiveState, 'enabled' | 'sampling' | 'filter'>;

/** Types whose decisions are kept. Whoever makes up type after type pays for the decision each time, and not in memory. */
const MOST_SITES = 1_024;

export class Gate {
  /** Every event passes: nobody needs to ask. */
  open = true;
  /** Changes with the rules: a decision of another revision is void. */
  revision = 0;
  readonly withheld: Record<WithheldReason, number> = { disabled: 0, filtered: 0, sampled: 0 };
  #rules: Rules = { enabled: true, sampling: { rate: 1, patterns: [] }, filter: { allowed: [], blocked: [] } };
  readonly #sites = new Map<string, Site>();

  /** From now on these are the rules. */
  setRules(rules: Rules): void {
    const { enabled, sampling, filter } = rules;
    this.#rules = rules;
    this.open = enabled && sampling.rate === 1 && filter.allowed.length === 0 && filter.blocked.length === 0;
    this.revision++;
  }

  site(type: string): Site {
    let site = this.#sites.get(type);
    if (site === undefined) {
      if (this.#sites.size >= MOST_SITES) this.#sites.clear();
      site = new Site(this, type);
      this.#sites.set(type, site);
    }
    return site;
  }

  /** The share of the events of a type that is emitted, and what the others count as. */
  decide(type: string): { rate: number; reason: WithheldReason } {
    const { enabled, sampling, filter } = this.#rules;
    const fits = (patterns: readonly string[]) => patterns.some((pattern) => matchesPattern(pattern, type));
    if (!enabled) return { rate: 0, reason: 'disabled' };
    if (fits(filter.blocked)) return { rate: 0, reason: 'filtered' };
    if (filter.allowed.length > 0 && !fits(filter.allowed)) return { rate: 0, reason: 'filtered' };
    const sampled = sampling.patterns.length === 0 || fits(sampling.patterns);
    return { rate: sampled ? sampling.rate : 1, reason: 'sampled' };
  }
}

/** The decision for one type. */
export class Site {
  readonly type: string;
  readonly #gate: Gate;
  #revision = -1;
  #rate = 1;
  #reason: WithheldReason = 'sampled';

  constructor(gate: Gate, type: string) {
    this.type = textOf(type);
    this.#gate = gate;
  }

  /** Whether any event of this type is emitted. */
  get enabled(): boolean {
    this.#renew();
    return this.#rate > 0;
  }

  /** How many events the one that asks stands for; 0 if it is not to be emitted, which is counted. */
  admit(correlationId: unknown): number {
    this.#renew();
    const rate = this.#rate;
    if (rate === 1) return 1;
    if (rate > 0 && shareOf(correlationId) < rate) return 1 / rate;
    this.#gate.withheld[this.#reason]++;
    return 0;
  }

  /** Why nothing of this type is emitted now, were it sampled or not; undefined if it is. */
  get closed(): Exclude<WithheldReason, 'sampled'> | undefined {
    this.#renew();
    return this.#rate > 0 || this.#reason === 'sampled' ? undefined : this.#reason;
  }

  #renew(): void {
    if (this.#revision === this.#gate.revision) return;
    const { rate, reason } = this.#gate.decide(this.type);
    this.#rate = rate;
    this.#reason = reason;
    this.#revision = this.#gate.revision;
  }
}

/** Where a correlation id stands between 0 and 1, the same in every process; without an id, anywhere. */
function shareOf(correlationId: unknown): number {
  if (typeof correlationId !== 'string' || correlationId === '') return Math.random();
  let hash = 0x811c9dc5;
  for (let at = 0; at < correlationId.length; at++) {
    hash = Math.imul(hash ^ correlationId.charCodeAt(at), 0x01000193);
  }
  // FNV-1a leaves ids that differ at their end close together.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
