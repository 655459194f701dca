/** One sequence, done to the server and to the model, compared after every step. */
import { Driver } from './driver.ts';
import { Model, type ModelSettings, type Told } from './model.ts';
import { type Draft, exact, type Operation } from './operations.ts';

/** Where server and model first said different things, with the steps that led there. */
export class Divergence extends Error {
  override readonly name = 'Divergence';
}

/** Longer than every time of the model, so that at the end everybody must have been told. */
const FOR_EVER_MS = 700_000;

/** Runs `drafts` and then lets time pass until nobody may still wait. Resolves with the steps that were done. Throws a {@link Divergence}. */
export async function runSequence(settings: ModelSettings, drafts: readonly Draft[]): Promise<readonly Operation[]> {
  const model = new Model(settings);
  const driver = new Driver(settings);
  const done: Operation[] = [];
  let nextId = 0;
  const step = async (operation: Operation) => {
    done.push(operation);
    const headBefore = model.life;
    const before = headBefore?.head ?? 0;
    model.apply(operation);
    await driver.apply(operation);
    if (model.life === headBefore && headBefore && headBefore.head < before)
      throw new Divergence('the model moved its head back');
    compare(model, driver, await driver.head(), done);
  };
  try {
    await step({ kind: 'create' });
    for (const draft of drafts) {
      const head = model.life?.head ?? 0;
      const operation = exact(draft, { head, writers: model.openWriters, readers: model.openReaders, nextId });
      if (!operation) continue;
      if (operation.kind === 'post' || operation.kind === 'get') nextId++;
      await step(operation);
    }
    await step({ kind: 'advance', ms: FOR_EVER_MS });
    const waiting = [...driver.readers.values(), ...driver.writers.values()].filter((told) => told.status === 0);
    if (waiting.length > 0) throw new Divergence(`${waiting.length} requests wait for ever after\n${print(done)}`);
  } finally {
    await driver.trickle.stop();
  }
  return done;
}

function compare(model: Model, driver: Driver, head: number | undefined, done: Operation[]): void {
  const expectedHead = (model.life ?? model.lingering?.life)?.head;
  differ('head', expectedHead, head, done);
  const kind = done.at(-1)?.kind;
  if (kind === 'create' || kind === 'delete' || kind === 'close')
    differ('status', model.lastStatus, driver.lastStatus, done);
  for (const [id, told] of model.writers) differ(`writer ${id}`, brief(told), brief(driver.writers.get(id)), done);
  for (const [id, told] of model.readers) differ(`reader ${id}`, whole(told), whole(driver.readers.get(id)), done);
}

function differ(what: string, expected: unknown, came: unknown, done: Operation[]): void {
  const [left, right] = [JSON.stringify(expected), JSON.stringify(came)];
  if (left !== right) throw new Divergence(`${what}: expected ${cut(left)}, came ${cut(right)}, after\n${print(done)}`);
}

const brief = (told: Told | undefined) =>
  told && [told.status, told.closed, told.status === 200 ? told.seq : undefined];

const whole = (told: Told | undefined) =>
  told &&
  (told.status === -1 ? [-1] : [told.status, told.done, told.closed, told.skipped, told.aborted, told.seq, told.bytes]);

const cut = (text: string | undefined) =>
  text && text.length > 300 ? `${text.slice(0, 300)}… (${text.length})` : text;

const print = (done: Operation[]) => done.map((each, at) => `  ${at} ${cut(JSON.stringify(each))}`).join('\n');
