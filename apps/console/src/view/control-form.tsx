/** The form that asks a runner for a control state. */
import type { Signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { type Fields, NOTHING_ASKED, stateOf } from '../model/control-form.ts';
import { ask, type EndpointError } from '../model/endpoint.ts';
import { span } from '../model/format.ts';
import { visible } from '../model/text.ts';
import type { SessionControl } from '../model/wire.ts';

interface ControlFormProps {
  readonly path: string;
  readonly fields: Signal<Fields | undefined>;
  readonly take: (control: SessionControl) => void;
}

export function ControlForm({ path, fields, take }: ControlFormProps) {
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
        <input
          {...field('rate')}
          name="rate"
          type="number"
          min="0"
          max="100"
          step="any"
          placeholder={configured}
          // Types alone say nothing, and would be left out.
          required={shown.patterns.trim() !== ''}
        />
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
