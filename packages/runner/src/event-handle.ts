/** A call site that is passed often. EGRESS E2. */
import type { Site } from './gate.ts';
import type { Telemetry } from './telemetry.ts';

/** Emits events of one type. */
export interface EventHandle {
  readonly type: string;
  /** Whether any event of this type is emitted now; figures that cost something need not be gathered where not. */
  readonly enabled: boolean;
  /** As the runner's `emit`. */
  emit(data?: object, options?: EmitOptions): void;
}

export interface EmitOptions {
  /** Becomes `data.correlation_id`. */
  readonly correlationId?: string;
}

/** What a call site keeps: the decision for its type is at hand. */
export class Handle implements EventHandle {
  readonly #telemetry: Telemetry;
  readonly #site: Site;

  constructor(telemetry: Telemetry, site: Site) {
    this.#telemetry = telemetry;
    this.#site = site;
  }

  get type(): string {
    return this.#site.type;
  }

  get enabled(): boolean {
    return this.#site.enabled;
  }

  emit(data?: object, options?: EmitOptions): void {
    this.#telemetry.emitAt(this.#site, data, options?.correlationId);
  }
}
