/** The channels of the trickle server. */
import { bytes, count } from '../model/format.ts';
import { route } from '../model/route.ts';
import { visible } from '../model/text.ts';
import type { ServerChannel } from '../model/wire.ts';
import { usePage } from './context.ts';
import { Tag } from './parts/chip.tsx';
import { Empty } from './parts/empty.tsx';
import { type Column, Table } from './parts/table.tsx';

export function ChannelTable() {
  const channels = usePage().channels.value;
  if (channels.kind === 'loading') return <Empty title="Asking the server" busy />;
  if (channels.kind === 'failed') {
    const title = channels.status === 404 ? 'The server does not list its channels' : 'The channels cannot be listed';
    return <Empty title={title} text={visible(channels.why, 300)} busy={channels.status !== 404} />;
  }
  if (channels.list.length === 0)
    return <Empty title="The server has no channels" text="A runner makes its own when it starts." />;
  const wanted = (route.value.params.get('q') ?? '').toLowerCase();
  const rows = channels.list.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (rows.length === 0) return <Empty title="No channel matches" />;
  return <Table name="channels" rows={rows} columns={COLUMNS} keyOf={({ name }) => name} sort="name" />;
}

const COLUMNS: readonly Column<ServerChannel>[] = [
  {
    name: 'name',
    label: 'Channel',
    class: 'main',
    by: ({ name }) => name,
    cell: ({ name }) => <span class="id">{visible(name, 80)}</span>,
    hover: ({ epoch }) => (epoch === undefined ? undefined : `Life ${epoch}`),
  },
  {
    name: 'mime',
    label: 'Type',
    by: ({ mime }) => mime,
    cell: ({ mime }) => <span class="dim">{visible(mime, 60)}</span>,
  },
  {
    name: 'head',
    label: 'Head',
    title: 'The next segment to be written',
    isFigure: true,
    by: ({ head }) => head,
    cell: ({ head }) => count(head),
  },
  {
    name: 'writers',
    label: 'Writers',
    isFigure: true,
    by: ({ writers }) => writers,
    cell: ({ writers, closed }) => (closed ? <Tag tone="idle">closed</Tag> : count(writers)),
  },
  {
    name: 'readers',
    label: 'Readers',
    isFigure: true,
    by: ({ readers }) => readers,
    cell: ({ readers }) => count(readers),
  },
  {
    name: 'bytes',
    label: 'Kept',
    isFigure: true,
    by: (channel) => channel.bytes,
    cell: (channel) => bytes(channel.bytes),
    hover: (channel) => `${count(channel.bytes)} bytes`,
  },
];
