/** What was asked of the runner beside what is in force, and how it answered. */
import { membersOf } from '../model/control-form.ts';
import { exactly, span } from '../model/format.ts';
import type { Standing } from '../model/session-state.ts';
import { visible } from '../model/text.ts';
import type { SessionControl } from '../model/wire.ts';
import { now } from './now.ts';

export const ANSWERS: Readonly<Record<SessionControl['answer'], Standing>> = {
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

export function ControlAnswer({ control }: { control: SessionControl }) {
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
