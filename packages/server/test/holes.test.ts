import { expect, it } from 'vitest';
import { inProcess, told } from './in-process.ts';

it('PROTOCOL 4.2: a hole is waited for, and released one hole time after the head passed it, not after the GET', async () => {
  const server = inProcess();
  await server.post('c/0', 'zero');
  await server.post('c/2', 'two');
  await server.advance(600);
  const hole = await server.wait('c/1');
  await server.advance(399);
  expect(hole.response).toBeUndefined();
  await server.advance(1);
  expect(hole.response?.status).toBe(200);
  expect(told(hole.response)).toEqual({ seq: '1', latest: '3', skipped: '1', epoch: true });
  expect(hole.response?.headers.get('content-type')).toBeNull();
  expect(hole.response?.headers.get('content-length')).toBe('0');
});

it('PROTOCOL 4.2: all holes of one jump are released together, and answered at once from then on', async () => {
  const server = inProcess();
  await server.post('c/0', 'zero');
  await server.post('c/4', 'four');
  const holes = await Promise.all([1, 2].map((seq) => server.wait(`c/${seq}`)));
  await server.advance(1_000);
  for (const { response } of holes) expect(told(response)).toMatchObject({ skipped: '1' });
  const late = await server.get('c/3');
  expect(told(late)).toEqual({ seq: '3', latest: '5', skipped: '1', epoch: true });
  expect(told(await server.head('c/3'))).toMatchObject({ skipped: '1' });
});

it('PROTOCOL 3.4: a hole that is written before its release is an ordinary segment', async () => {
  const server = inProcess();
  await server.post('c/0', 'zero');
  await server.post('c/2', 'two');
  const hole = await server.wait('c/1');
  const answer = await server.post('c/1', 'one');
  expect(told(answer)).toEqual({ seq: '1', latest: '3', epoch: true });
  await server.advance(1_000);
  expect(hole.text).toBe('one');
  expect(told(hole.response)).not.toHaveProperty('skipped');
});

it('PROTOCOL 3.2: a hole that was released is refused, whether someone waited for it or not', async () => {
  const server = inProcess();
  await server.post('c/0', 'zero');
  await server.post('c/3', 'three');
  await server.wait('c/1');
  await server.advance(1_000);
  for (const seq of [1, 2]) {
    const answer = await server.post(`c/${seq}`, 'late');
    expect(answer.status).toBe(409);
    expect(told(answer)).toEqual({ latest: '4', epoch: true });
  }
});

it('PROTOCOL 3.2: a preconnect in a hole is answered at once when the hole is released', async () => {
  const server = inProcess();
  const early = await server.open('c/1');
  await server.post('c/0', 'zero');
  await server.post('c/2', 'two');
  await server.advance(999);
  expect(early.answered).toBe(false);
  await server.advance(1);
  const answer = await early.answer;
  expect(answer.status).toBe(200);
  expect(told(answer)).toEqual({ seq: '1', latest: '3', epoch: true });
  expect(answer.headers.get('connection')).toBe('close');
});

it('PROTOCOL 4.4: what lies below both the oldest segment kept and head-5 is no hole', async () => {
  const server = inProcess();
  expect((await server.post('c/7', 'seven')).status).toBe(200);
  const gone = await server.get('c/2');
  expect(gone.status).toBe(470);
  expect(told(gone)).toEqual({ seq: '2', latest: '8', epoch: true });
  const hole = await server.wait('c/3');
  await server.advance(1_000);
  expect(told(hole.response)).toMatchObject({ skipped: '1' });
});

it('PROTOCOL 4.4: a seq below one that has left the window is no hole', async () => {
  const server = inProcess({ keepMs: 0, window: 1, holeMs: 60_000 });
  await server.post('c/0', 'zero');
  await server.post('c/2', 'two');
  await server.post('c/3', 'three');
  expect((await server.get('c/1')).status).toBe(470);
});

it('a jump over more seqs than there is memory for costs nothing', async () => {
  const server = inProcess();
  const far = 2 ** 53 - 2;
  expect(told(await server.post(`c/${far}`, 'far'))).toEqual({
    seq: String(far),
    latest: String(far + 1),
    epoch: true,
  });
  await server.advance(1_000);
  expect(await server.metric('kept_segments')).toBe(1);
  expect((await server.post('c/-1', 'one more')).status).toBe(409);
});

it('holes that nobody waits for any more are forgotten', async () => {
  const server = inProcess({ holeMs: 10_000 });
  await server.post('c/0', 'zero');
  await server.post('c/3', 'three');
  const waiting = await server.wait('c/1');
  await waiting.abort();
  await server.advance(10_000);
  expect(await server.metric('segments_total{state="skipped"}')).toBe(0);
  expect(told(await server.get('c/1'))).toMatchObject({ skipped: '1' });
});
