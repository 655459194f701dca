/** The bar at the top. */
import { helpOpen } from '../model/page.ts';
import { route } from '../model/route.ts';
import { visible } from '../model/text.ts';
import { theme, turnTheme } from '../model/theme.ts';
import { usePage } from './context.ts';
import { Tip } from './parts/chip.tsx';
import { Icon } from './parts/icon.tsx';

const THEMES = { system: 'as the system has it', light: 'light', dark: 'dark' } as const;

export function TopBar() {
  const { view, id } = route.value;
  const { hello } = usePage().feed;
  return (
    <header class="bar">
      <a class="brand" href="#/" title="Overview">
        <Icon name="brand" />
        <span>runnel</span>
      </a>
      <nav aria-label="Views">
        <a href="#/" aria-current={view === 'overview' ? 'page' : undefined}>
          Overview
        </a>
        <a href="#/sinks" aria-current={view === 'sinks' ? 'page' : undefined}>
          Sinks
        </a>
        {view === 'session' && id !== undefined && (
          <a class="crumb" href={location.hash} aria-current="page" title={visible(id)}>
            {visible(id, 80)}
          </a>
        )}
      </nav>
      <span class="spacer" />
      {hello.value && (
        <span class="relay wide" title={`The relay of ${hello.value.server}`}>
          {visible(hello.value.name, 40)}
        </span>
      )}
      <Connection />
      <button
        type="button"
        class="icon"
        onClick={turnTheme}
        title={`Theme: ${THEMES[theme.value]} (t)`}
        aria-label={`Theme: ${THEMES[theme.value]}`}
      >
        <Icon name={theme.value === 'system' ? 'auto' : theme.value === 'light' ? 'sun' : 'moon'} />
      </button>
      <button type="button" class="icon" onClick={() => (helpOpen.value = true)} title="Keys (?)" aria-label="Keys">
        <Icon name="help" />
      </button>
    </header>
  );
}

function Connection() {
  const { state } = usePage().feed;
  const { kind } = state.value;
  if (kind === 'open') return <Tip tone="good" word="connected" sentence="The relay's figures come every second" />;
  if (kind === 'denied') return <Tip tone="bad" word="denied" sentence="The relay asks for its token" />;
  if (kind === 'lost') return <Tip tone="bad" word="lost" sentence="The relay does not answer" />;
  return <Tip tone="warn" word="connecting" sentence="Waiting for the relay's first figures" />;
}
