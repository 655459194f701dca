// What publishers and subscribers tell the books, one JSON line each.

export interface Span {
  readonly from: number;
  readonly to: number;
}
export interface SeenSegment {
  readonly seq: number;
  readonly epoch?: string;
  readonly size: number;
  readonly sha256: string;
  readonly index?: number;
  readonly cut?: boolean;
  readonly aborted?: boolean;
  /** The subscriber took its place as void and has begun again. */
  readonly discontinuity?: boolean;
}
export interface SeenLine {
  readonly seq: number;
  readonly epoch?: string;
  readonly text: string;
  readonly discontinuity?: boolean;
}
/** Besides these there is `acked`, which no book needs: what arrived was acknowledged or will be. */
export interface PublisherEvent {
  readonly failed?: Span;
  readonly done?: { readonly linesUnacknowledged?: number };
}
export interface SubscriberEvent {
  readonly segment?: SeenSegment;
  readonly line?: SeenLine;
  readonly gap?: { readonly wanted: number; readonly latest: number; readonly counted?: boolean };
  readonly done?: { readonly end: string; readonly skipped?: number; readonly discontinuities?: number };
}
