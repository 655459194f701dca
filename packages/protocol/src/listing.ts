/** What a server tells of its channels. PROTOCOL.md section 3.8. */
import { z } from 'zod';

const listedChannel = z.object({
  name: z.string(),
  mime: z.string(),
  /** Which life of the channel it is. */
  epoch: z.string().optional(),
  /** The next seq to be written. */
  head: z.number(),
  /** The oldest seq kept, or null. */
  oldest: z.number().nullable(),
  readers: z.number(),
  writers: z.number(),
  /** What its segments hold. */
  bytes: z.number(),
  closed: z.boolean(),
});

/** The body of the listing. */
export const channelListing = z.object({ channels: z.array(listedChannel) });

export type ListedChannel = z.infer<typeof listedChannel>;
