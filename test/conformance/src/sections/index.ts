/** The whole suite, in the order of PROTOCOL.md. */
import type { Section } from '../case.ts';
import { addresses } from './addresses.ts';
import { changefeed } from './changefeed.ts';
import { channelStates } from './channel-states.ts';
import { closeChannel } from './close-channel.ts';
import { closeSegment } from './close-segment.ts';
import { create } from './create.ts';
import { early } from './early.ts';
import { epochs } from './epochs.ts';
import { headRequest } from './head-request.ts';
import { headers } from './headers.ts';
import { limits } from './limits.ts';
import { linger } from './linger.ts';
import { listing } from './listing.ts';
import { names } from './names.ts';
import { next } from './next.ts';
import { provisional } from './provisional.ts';
import { publish } from './publish.ts';
import { reset } from './reset.ts';
import { segmentStates } from './segment-states.ts';
import { seqs } from './seqs.ts';
import { stop } from './stop.ts';
import { subscribe } from './subscribe.ts';
import { waiting } from './waiting.ts';
import { window } from './window.ts';

export const sections: readonly Section[] = [
  { number: '2', title: 'Addresses', cases: [...addresses, ...names, ...seqs] },
  { number: '3.1', title: 'Create', cases: create },
  { number: '3.2', title: 'Publish', cases: [...publish, ...provisional, ...early] },
  { number: '3.3', title: 'Head', cases: next },
  { number: '3.4', title: 'Subscribe', cases: [...subscribe, ...waiting] },
  { number: '3.5', title: 'HEAD', cases: headRequest },
  { number: '3.6', title: 'Close a segment', cases: closeSegment },
  { number: '3.7', title: 'Close the channel', cases: closeChannel },
  { number: '3.8', title: 'Listing', cases: listing },
  { number: '4.1', title: 'States of a channel', cases: channelStates },
  { number: '4.2', title: 'States of a segment', cases: segmentStates },
  { number: '4.3', title: 'Reset', cases: reset },
  { number: '4.4', title: 'Window', cases: window },
  { number: '4.5', title: 'Linger and tombstones', cases: linger },
  { number: '4.6', title: 'Epochs', cases: epochs },
  { number: '4.7', title: 'Limits', cases: limits },
  { number: '4.8', title: 'Stop', cases: stop },
  { number: '5', title: 'Changefeed', cases: changefeed },
  { number: '6', title: 'Headers', cases: headers },
];
