/** The runner's log lines, newest first. */
import { count, exactly, timeOf } from '../model/format.ts';
import { route } from '../model/route.ts';
import { visible } from '../model/text.ts';
import type { Watch } from '../model/watch.ts';
import { Empty } from './parts/empty.tsx';
import { Search } from './parts/search.tsx';

const AT_ONCE = 200;

export function Logs({ watch }: { watch: Watch }) {
  watch.changes.version.value;
  const wanted = (route.value.params.get('q') ?? '').toLowerCase();
  const lines = watch.logs
    .newest(watch.logs.length)
    .filter(({ text }) => text.toLowerCase().includes(wanted))
    .slice(0, AT_ONCE);
  return (
    <div class="tail">
      <div class="tools">
        <Search name="q" label="Text in the line" isMain />
        <span class="about num">{count(watch.logs.length)} lines kept</span>
      </div>
      {lines.length === 0 ? (
        <Empty
          title={wanted === '' ? 'No log lines yet' : 'No line matches'}
          text="What the runner logs is shown here, newest first."
        />
      ) : (
        <ol class="logs">
          {lines.map(({ n, at, text }) => (
            <li key={n}>
              <time title={exactly(at)}>{timeOf(at)}</time>
              <span>{visible(text, 4000)}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
