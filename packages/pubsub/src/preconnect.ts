/** The POST of the segment that is still to come, connected before there is anything to send. PROTOCOL.md section 9. */
import type { Answer, Upload } from './transport.ts';

/** What a preconnect asks of its publisher. */
export interface PreconnectOwner {
  post(seq: number): Promise<Upload>;
  /** It was answered before it was used: that says what became of the channel. */
  answered(seq: number, answer: Answer): void;
  /** Its connection broke, or never stood. */
  broke(): void;
}

/** Holds at most one. */
export class Preconnect {
  readonly #owner: PreconnectOwner;
  #ahead: { readonly seq: number; readonly upload: Promise<Upload> } | undefined;

  constructor(owner: PreconnectOwner) {
    this.#owner = owner;
  }

  connect(seq: number): void {
    const ahead = { seq, upload: this.#owner.post(seq) };
    this.#ahead = ahead;
    const unused = (then: () => void) => {
      if (this.#ahead !== ahead) return;
      this.#ahead = undefined;
      then();
    };
    ahead.upload
      .then((upload) => upload.answer)
      .then(
        (answer) => unused(() => this.#owner.answered(seq, answer)),
        () => unused(() => this.#owner.broke()),
      );
  }

  /** Hands over the POST of `seq`, if it is that one and it stands. One of another seq is dropped. */
  async take(seq: number | undefined): Promise<Upload | undefined> {
    const ahead = this.#ahead;
    if (ahead === undefined || ahead.seq !== seq) {
      this.drop();
      return undefined;
    }
    this.#ahead = undefined;
    return ahead.upload.catch(() => {
      this.#owner.broke();
      return undefined;
    });
  }

  drop(): void {
    this.#ahead?.upload.then(
      (upload) => upload.abort(),
      () => {},
    );
    this.#ahead = undefined;
  }
}
