/** The frame around the views: where one is, how the connection stands, and what was missed. */
import { helpOpen, type Page } from '../model/page.ts';
import { route } from '../model/route.ts';
import { Banner } from './banner.tsx';
import { PageContext } from './context.ts';
import { Help } from './help.tsx';
import { Overview } from './overview.tsx';
import { Empty } from './parts/empty.tsx';
import { SessionView } from './session.tsx';
import { SinksView } from './sinks.tsx';
import { TopBar } from './top-bar.tsx';

export function App({ page }: { page: Page }) {
  const { kind } = page.feed.state.value;
  return (
    <PageContext.Provider value={page}>
      <TopBar />
      <Banner />
      <main class={kind === 'open' ? '' : 'stale'}>
        <View page={page} />
      </main>
      {helpOpen.value && <Help />}
    </PageContext.Provider>
  );
}

function View({ page }: { page: Page }) {
  const { view, id } = route.value;
  const { state, status } = page.feed;
  if (!status.value) return <NothingYet kind={state.value.kind} />;
  if (view === 'overview') return <Overview status={status.value} />;
  if (view === 'sinks') return <SinksView status={status.value} selected={id} />;
  if (view === 'session' && id !== undefined) return <SessionView key={id} status={status.value} id={id} />;
  return (
    <Empty
      title="There is no such view"
      text="The link may be from another version of this page."
      action={
        <a class="button" href="#/">
          To the overview
        </a>
      }
    />
  );
}

function NothingYet({ kind }: { kind: string }) {
  if (kind === 'connecting')
    return <Empty title="Connecting to the relay" text="Its figures come once a second." busy />;
  if (kind === 'denied')
    return (
      <Empty
        title="The relay asks for its token"
        text="It is printed where the relay was started. Session ids are credentials, so only who has it may look."
        action={
          <a class="button primary" href="login">
            Enter the token
          </a>
        }
      />
    );
  return <Empty title="The relay does not answer" text="This page tries again by itself. Is the relay running?" busy />;
}
