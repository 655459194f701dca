import { expect, test } from 'vitest';
import { resultOf } from './result.ts';
import type { Workload } from './workload.ts';

test('why a contender has no figures says nothing of where things are on the machine', () => {
  const machine = { cpu: '', cores: 2, memoryGiB: 1, system: '', pinning: '', load: 0, versions: {} };
  const failed = {
    peer: 'Error: cannot open /home/someone/bench/go/main.go: http://127.0.0.1:80/a/b of POST /c/d HTTP/1.1\n',
  };

  const result = resultOf(
    workload,
    { rounds: {}, unavailable: {}, failed },
    { rounds: 1, warmup: 0, machine, took: 1 },
  );

  expect(result.failed.peer).toBe('Error: cannot open …/main.go: http://127.0.0.1:80/a/b of POST …/d HTTP/1.1');
});

const workload: Workload = { name: 'w', about: '', baseline: '', figures: {}, contenders: {} };
