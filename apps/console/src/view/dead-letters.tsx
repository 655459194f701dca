/** What a sink will never take: why, in full, and sent again where a person says so. */
import { useEffect, useState } from 'preact/hooks';
import { type DeadList, withNewest, withOlder } from '../model/dead-list.ts';
import { ask, type EndpointError } from '../model/endpoint.ts';
import { count, dateOf, exactly } from '../model/format.ts';
import { sessionLink } from '../model/route.ts';
import { visible, visibleLines } from '../model/text.ts';
import type { DeadEntry, DeadPage, Errand, SinkStatus } from '../model/wire.ts';
import { Errands } from './errands.tsx';
import { CopyButton, FullText } from './event-detail.tsx';
import { Tag } from './parts/chip.tsx';
import { Empty } from './parts/empty.tsx';
import { Icon } from './parts/icon.tsx';
import { Panel } from './parts/panel.tsx';
import { ReplayDialog, type Wish } from './replay-dialog.tsx';

const PAGE = 50;

export function DeadLetters({ sink, errands }: { sink: SinkStatus; errands: readonly Errand[] }) {
  const [pages, setPages] = useState<DeadList>();
  const [trouble, setTrouble] = useState<string>();
  const [opened, setOpened] = useState<number>();
  const [wish, setWish] = useState<Wish>();
  const path = `sinks/${encodeURIComponent(sink.sink)}`;
  const read = (before?: number) =>
    ask<DeadPage>(`${path}/dead?limit=${PAGE}${before === undefined ? '' : `&before=${before}`}`).then(
      (page) => {
        setTrouble(undefined);
        // An older page is of use only to the list that it was asked for.
        if (before === undefined) setPages((known) => withNewest(known, page));
        else setPages((known) => (known?.next === before ? withOlder(known, page) : known));
      },
      ({ message }: EndpointError) => setTrouble(message),
    );
  // What was refused meanwhile, and what was sent again, changes the list.
  const finished = errands.filter(({ state }) => state === 'done' || state === 'failed').length;
  useEffect(() => void read(), [path, sink.dead ?? sink.dropped.refused, finished]);

  const total = pages?.total ?? sink.dead ?? 0;
  const aside = (
    <>
      <Tag tone={total > 0 ? 'bad' : 'idle'}>{count(total)}</Tag>
      <span class="spacer" />
      {total > 0 && (
        <button type="button" onClick={() => setWish({ all: true })}>
          <Icon name="replay" />
          Send all again
        </button>
      )}
    </>
  );
  return (
    <Panel title="Dead letters" class="dead" aside={aside}>
      <Errands errands={errands} />
      {trouble !== undefined && <Empty title="The dead letters cannot be read" text={visible(trouble, 300)} />}
      {!pages && trouble === undefined && <Empty title="Reading the dead letters" busy />}
      {pages?.letters.length === 0 && (
        <Empty title="No dead letters" text="Whatever this sink was given it took, or will be offered again." />
      )}
      {pages && pages.letters.length > 0 && (
        <ul class="letters">
          {pages.letters.map((letter) => (
            <Letter
              key={letter.number}
              letter={letter}
              isOpen={letter.number === opened}
              onTurn={() => setOpened(letter.number === opened ? undefined : letter.number)}
              onReplay={() => setWish({ number: letter.number })}
            />
          ))}
        </ul>
      )}
      {pages?.next !== undefined && (
        <button type="button" class="more" onClick={() => void read(pages.next)}>
          Older ones
        </button>
      )}
      {wish && (
        <ReplayDialog sink={sink.sink} path={path} wish={wish} total={total} onClose={() => setWish(undefined)} />
      )}
    </Panel>
  );
}

interface LetterProps {
  readonly letter: DeadEntry;
  readonly isOpen: boolean;
  readonly onTurn: () => void;
  readonly onReplay: () => void;
}

function Letter({ letter, isOpen, onTurn, onReplay }: LetterProps) {
  const { number, session, reason, at, receivedAt, status, response, event } = letter;
  return (
    <li class={isOpen ? 'open' : ''}>
      <div class="line">
        <button type="button" class="turn" aria-expanded={isOpen} onClick={onTurn}>
          <Icon name="right" />
          <span class="num">{count(number)}</span>
          <time title={exactly(at)}>{dateOf(at)}</time>
          {status !== undefined && <Tag tone="bad">{String(status)}</Tag>}
          <span class="reason">{visible(reason, 200)}</span>
        </button>
        <a href={sessionLink(session)} class="id">
          {visible(session, 40)}
        </a>
        <button type="button" onClick={onReplay} title="Send this one again">
          <Icon name="replay" />
          Send again
        </button>
      </div>
      {isOpen && (
        <div class="letter">
          <p class="dim">
            Received <time title={exactly(receivedAt)}>{dateOf(receivedAt)}</time>, refused{' '}
            <time title={exactly(at)}>{dateOf(at)}</time>: {visible(reason, 2000)}
          </p>
          {response !== undefined && response !== '' && (
            <>
              <h3>The destination's answer</h3>
              <pre class="json">{visibleLines(response, 16_384)}</pre>
            </>
          )}
          <h3>
            The event <CopyButton text={event} />
          </h3>
          <FullText text={event} />
        </div>
      )}
    </li>
  );
}
