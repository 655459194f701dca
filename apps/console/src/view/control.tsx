/** What is asked of the runner's telemetry, and what the runner makes of it. */
import { useSignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { type Fields, fieldsOf, NOTHING_ASKED } from '../model/control-form.ts';
import { ask } from '../model/endpoint.ts';
import { visible } from '../model/text.ts';
import type { SessionControl } from '../model/wire.ts';
import { ANSWERS, ControlAnswer } from './control-answer.tsx';
import { ControlForm } from './control-form.tsx';
import { Tip } from './parts/chip.tsx';
import { Empty } from './parts/empty.tsx';
import { Panel } from './parts/panel.tsx';

const EVERY_MS = 2_000;

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
          <ControlAnswer control={control} />
          <ControlForm path={path} fields={fields} take={take} />
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
