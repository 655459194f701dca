/** What is asked of the runner's telemetry, and what the runner makes of it. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { type Fields, fieldsOf, membersOf, NOTHING_ASKED, stateOf } from '../model/control-form.ts';
import { ask, type EndpointError } from '../model/endpoint.ts';
import { exactly, span } from '../model/format.ts';
import type { Standing } from '../model/session-state.ts';
import { visible } from '../model/text.ts';
import type { SessionControl } from '../model/wire.ts';
import { now } from './now.ts';
import { Tip } from './parts/chip.tsx';
import { Empty } from './parts/empty.tsx';
import { Panel } from './parts/panel.tsx';

const EVERY_MS = 2_000;

const ANSWERS: Readonly<Record<SessionControl['answer'], Standing>> = {
  none: { tone: 'idle', word: 'nothing asked', sentence: 'The runner acts as it is configured' },
  waiting: { tone: 'warn', word: 'asked', sentence: 'The runner has not answered yet' },
  applied: { tone: 'good', word: 'applied', sentence: 'The runner acts by it' },
  refused: { tone: 'bad', word: 'refused', sentence: 'The runner says that it does not act by it' },
  unanswered: {
    tone: 'bad',
    word: 'unanswered',
    sentence: 'The runner does not answer to it: it may know nothing of control',
  },
};

export function ControlPanel({ session }: { session: string }) {
  const path = `sessions/${encodeURIComponent(session)}/control`;
  const [control, setControl] = useState<SessionControl>();
  const [trouble, setTrouble] = useState<string>();
  // A signal, so that what is typed within one frame is all there.
  const fields = useSignal<Fields | undefined>(undefined);
  const take = (answer: SessionControl) => {
    setControl(answer);
    setTrouble(undefined);
    fields.value ??= answer.asked ? fieldsOf(answer.asked.state) : NOTHING_ASKED;
  };
  useEffect(() => {
    const stop = new AbortController();
    const read = () => {
      if (!document.hidden)
        ask<SessionControl>(path, { signal: stop.signal }).then(
          take,
          (error) => !stop.signal.aborted && setTrouble(error.message),
        );
    };
    read();
    const timer = setInterval(read, EVERY_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [path]);
  const aside = control && <Tip {...ANSWERS[control.answer]} />;
  return (
    <Panel title="Control" class="control" aside={aside}>
      {control ? (
        <>
          <Answer control={control} />
          <Form path={path} fields={fields} take={take} />
        </>
      ) : (
        <Empty
          title={trouble === undefined ? 'Asking what is in force' : 'Control is not to be had'}
          {...(trouble !== undefined && { text: visible(trouble, 300) })}
          busy={trouble === undefined}
        />
      )}
    </Panel>
  );
}

function Answer({ control }: { control: SessionControl }) {
  const { asked, answer, refused, effective, runner } = control;
  const wanted = asked ? membersOf(asked.state) : new Map<string, string>();
  const inForce = effective ? membersOf(effective) : new Map<string, string>();
  const names = [...new Set([...wanted.keys(), ...inForce.keys()])];
  return (
    <div class="answer">
      <p class="sentence">
        {asked ? `Version ${asked.version}: ` : ''}
        {ANSWERS[answer].sentence}
        {asked?.expiresAt !== undefined && (
          <span class="num" title={exactly(asked.expiresAt)}>
            {asked.expiresAt > now.value ? `; ends in ${span(asked.expiresAt - now.value)}` : '; it has ended'}
          </span>
        )}
        .
      </p>
      {refused && (
        <p class="refusal">
          <b>{visible(refused.reason, 60)}</b> {visible(refused.message, 400)}
        </p>
      )}
      {names.length > 0 && (
        <table class="compare">
          <thead>
            <tr>
              <th />
              <th>asked</th>
              <th>in force</th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => {
              const [is, was] = [inForce.get(name), wanted.get(name)];
              return (
                <tr key={name} class={was !== undefined && was !== is ? 'differs' : ''}>
                  <th>{name}</th>
                  <td>{was === undefined ? '–' : visible(was, 200)}</td>
                  <td>{is === undefined ? 'not told' : visible(is, 200)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {answer !== 'none' && runner && !runner.answers && (
        <p class="remark">This runner has not answered any statement yet.</p>
      )}
    </div>
  );
}

interface FormProps {
  readonly path: string;
  readonly fields: Signal<Fields | undefined>;
  readonly take: (control: SessionControl) => void;
}

function Form({ path, fields, take }: FormProps) {
  const [state, setState] = useState<'idle' | 'asking' | { readonly why: string }>('idle');
  const put = async () => {
    setState('asking');
    await ask<SessionControl>(path, { method: 'PUT', body: stateOf(fields.value ?? NOTHING_ASKED) }).then(
      (answer) => {
        take(answer);
        setState('idle');
      },
      ({ message }: EndpointError) => setState({ why: message }),
    );
  };
  const shown = fields.value ?? NOTHING_ASKED;
  const field = (name: keyof Fields) => ({
    value: shown[name],
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement | HTMLSelectElement }) => {
      fields.value = { ...(fields.value ?? NOTHING_ASKED), [name]: currentTarget.value };
    },
  });
  const configured = 'as configured';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void put();
      }}
    >
      <label>
        Telemetry
        <select {...field('enabled')} name="enabled">
          <option value="">{configured}</option>
          <option value="on">on</option>
          <option value="off">off</option>
        </select>
      </label>
      <label>
        Sampling, %
        <input {...field('rate')} name="rate" type="number" min="0" max="100" step="any" placeholder={configured} />
      </label>
      <label>
        of types
        <input {...field('patterns')} name="patterns" placeholder="all" spellcheck={false} autocomplete="off" />
      </label>
      <label>
        Allow only
        <input {...field('allowed')} name="allowed" placeholder={configured} spellcheck={false} autocomplete="off" />
      </label>
      <label>
        Block
        <input {...field('blocked')} name="blocked" placeholder={configured} spellcheck={false} autocomplete="off" />
      </label>
      <label>
        Heartbeat, ms
        <input {...field('heartbeat')} name="heartbeat" type="number" min="100" step="1" placeholder={configured} />
      </label>
      <label>
        Log level
        <select {...field('logLevel')} name="logLevel">
          <option value="">{configured}</option>
          {['debug', 'info', 'warn', 'error', 'off'].map((level) => (
            <option key={level} value={level}>
              {level}
            </option>
          ))}
        </select>
      </label>
      <label>
        Ends after
        <select {...field('expires')} name="expires">
          <option value="">never</option>
          {!['', ...EXPIRIES.map(([value]) => value)].includes(shown.expires) && (
            <option value={shown.expires}>{span(Number(shown.expires))}</option>
          )}
          {EXPIRIES.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <div class="actions">
        <button type="submit" class="primary" disabled={state === 'asking'}>
          {state === 'asking' ? 'Asking…' : 'Ask the runner'}
        </button>
        <button
          type="button"
          onClick={() => {
            fields.value = NOTHING_ASKED;
            void put();
          }}
        >
          As configured
        </button>
      </div>
      {typeof state === 'object' && (
        <p class="refusal" role="alert">
          {visible(state.why, 400)}
        </p>
      )}
    </form>
  );
}

const EXPIRIES = [
  ['60000', '1 minute'],
  ['600000', '10 minutes'],
  ['3600000', '1 hour'],
] as const;
