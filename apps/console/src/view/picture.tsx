/** The session's finished frames, as they come. */
import { computed } from '@preact/signals';
import { sessionChannels } from '@runnel/protocol';
import { useEffect, useState } from 'preact/hooks';
import { mayBeThere } from '../model/channels.ts';
import { bytes, count } from '../model/format.ts';
import { type LivePicture, livePicture } from '../model/live-picture.ts';
import { visible } from '../model/text.ts';
import { usePage } from './context.ts';
import { now } from './now.ts';
import { Tag } from './parts/chip.tsx';
import { Empty } from './parts/empty.tsx';
import { Panel } from './parts/panel.tsx';

/** Longer than this without a frame, and the picture is said to stand still. */
const STILL_MS = 3_000;

export function PicturePanel({ server, session }: { server: string; session: string }) {
  const { channels } = usePage();
  const [picture, setPicture] = useState<LivePicture>();
  useEffect(() => {
    const { out } = sessionChannels(session);
    const there = computed(() => mayBeThere(channels.value, out));
    const opened = livePicture(server, session, there);
    setPicture(opened);
    return () => opened.close();
  }, [server, session, channels]);
  return (
    <Panel title="Picture" class="picture" aside={picture && <About picture={picture} />}>
      {picture ? <Frame picture={picture} /> : <Empty title="Opening the out channel" busy />}
    </Panel>
  );
}

function Frame({ picture }: { picture: LivePicture }) {
  const state = picture.state.value;
  const broken = picture.broken.value;
  if (state.kind === 'waiting') {
    if (broken !== undefined)
      return <Empty title="No picture that can be shown" text={`What came was ${visible(broken, 200)}.`} busy />;
    return (
      <Empty
        title="Waiting for a picture"
        text="The session has no out channel yet, or nothing was written to it."
        busy
      />
    );
  }
  const ended = picture.ended.value;
  const still = now.value - state.at > STILL_MS;
  return (
    <figure class="frame">
      <img src={state.url} alt="The newest finished frame" draggable={false} onError={() => picture.failed()} />
      {(ended || still) && (
        <figcaption>
          <Tag tone={ended ? 'idle' : 'warn'}>{ended ? 'the channel has ended' : 'stands still'}</Tag>
        </figcaption>
      )}
    </figure>
  );
}

function About({ picture }: { picture: LivePicture }) {
  const state = picture.state.value;
  const { counts } = picture;
  const broken = picture.broken.value;
  // Read so that the counts beside the picture move once a second, and not with every frame.
  const fps = picture.fps(now.value);
  return (
    <span class="about num">
      {state.kind === 'shown' && (
        <span
          title={`${count(counts.frames)} frames, ${bytes(counts.bytes)}; ${count(counts.passed)} passed over because a newer one had come`}
        >
          {state.width} × {state.height} · {fps.toFixed(0)} fps
        </span>
      )}
      {counts.broken > 0 && (
        <Tag tone="bad" title={broken === undefined ? '' : `The last: ${visible(broken, 200)}`}>
          {count(counts.broken)} broken
        </Tag>
      )}
      {counts.skipped > 0 && (
        <Tag tone="warn" title="Frames that were gone before they could be read">
          {count(counts.skipped)} skipped
        </Tag>
      )}
    </span>
  );
}
