/** The part of docs/conformance.md that shows what the fuzzers did when their figures were recorded, with its charts. */
import { STATUS_CODES } from 'node:http';
import { bars, readable } from '@runnel/bench/charts';
import { Status } from '@runnel/protocol';
import { recorded } from '../fuzz/figures.ts';
import type { Operation } from '../fuzz/operations.ts';

/** In docs/. */
const STEPS_CHART = 'conformance-steps.svg';
const ANSWERS_CHART = 'conformance-answers.svg';

const STEPS: Readonly<Record<Operation['kind'], string>> = {
  create: 'a channel is created',
  post: 'a POST begins',
  write: 'a piece of a body comes',
  end: 'a body ends',
  abort: 'a publisher dies',
  get: 'a GET begins',
  cancel: 'a reader hangs up',
  close: 'a segment is closed',
  delete: 'a channel is deleted',
  advance: 'time passes',
};

/** The statuses of HTTP, and the one that is trickle’s own. */
const ANSWERS: Readonly<Record<string, string | undefined>> = {
  ...STATUS_CODES,
  [Status.notInWindow]: 'Not in Window',
};

export function fuzzed(): string[] {
  const { model, surface } = recorded();
  return [
    '## Random sequences',
    '',
    'A model of channel and segment, a pure function of operations written from PROTOCOL.md alone, and our server are given the same random sequences of',
    'creates, POSTs in pieces, broken POSTs, resets, GETs early and late, cancels, deletes and passing time, and are compared after every step; at the',
    'end time passes until nobody may still wait. A second fuzzer sends damaged, split and pipelined bytes: no 5xx, nothing that stays attached, no growth.',
    '',
    '| Fuzzer | Size of the recorded run | Seed |',
    '|---|---|---|',
    `| model | ${readable(model.sequences)} sequences, ${readable(sum(model.steps))} steps, no difference | ${model.seed} |`,
    `| bytes | ${readable(surface.conversations)} conversations, ${readable(sum(surface.answers))} answers, none of them 5xx | ${surface.seed} |`,
    '',
    `![The steps of the model's run, by kind](${STEPS_CHART})`,
    '',
    `![The answers to damaged bytes, by status](${ANSWERS_CHART})`,
    '',
    '`npm run fuzz` runs both; `FUZZ_RUNS`, `FUZZ_SURFACE_RUNS`, `FUZZ_SEED` and `FUZZ_PATH` (printed with a failure) choose and replay, `FUZZ_RECORD=1` keeps the figures.',
    '',
  ];
}

/** SVG files, by name. */
export function fuzzedCharts(): Record<string, string> {
  const { model, surface } = recorded();
  const kinds = Object.keys(STEPS) as Operation['kind'][];
  return {
    [STEPS_CHART]: bars({
      title: `${readable(sum(model.steps))} random steps, after each of which server and model agreed`,
      subtitle: `steps by kind, in ${readable(model.sequences)} sequences`,
      bars: kinds.map((kind) => ({ name: STEPS[kind], value: model.steps[kind] ?? 0 })),
    }),
    [ANSWERS_CHART]: bars({
      title: `Answers in ${readable(surface.conversations)} conversations of damaged bytes`,
      subtitle: `${readable(sum(surface.answers))} answers: some conversations break off before one, others have several`,
      bars: Object.entries(surface.answers).map(([status, value]) => ({ name: `${status} ${ANSWERS[status]}`, value })),
    }),
  };
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);
