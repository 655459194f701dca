/** Finished frames onto the session's output channel: one frame, one segment. */
import { createPublisher, type Publisher } from '@runnel/pubsub';

export interface FrameOutput {
  /**
   * Publishes a frame; resolves to whether the server acknowledged it. Undefined if the frame before is still under way: a picture that is late is
   * worth nothing, so frames never queue.
   */
  offer(jpeg: Uint8Array): Promise<boolean> | undefined;
  /** Waits for the frame under way, then deletes the channel. Never rejects. */
  close(deadlineMs: number): Promise<void>;
}

/** Publishes to `url`, one frame at a time. It begins again with a new publisher when the channel has ended, as it does when the server is restarted. */
export function frameOutput(url: string): FrameOutput {
  let publisher = open(url);
  let underWay = false;

  const publish = async (jpeg: Uint8Array): Promise<boolean> => {
    try {
      const segment = await publisher.open();
      segment.write(jpeg);
      await segment.end();
      return true;
    } catch {
      // Whatever kept this frame from arriving, its time is past. The publisher waits by itself before it tries again.
      if (publisher.ended) publisher = await reopened(publisher, url);
      return false;
    } finally {
      underWay = false;
    }
  };

  return {
    offer(jpeg) {
      if (underWay) return undefined;
      underWay = true;
      return publish(jpeg);
    },
    async close(deadlineMs) {
      await publisher.close({ deadlineMs });
    },
  };
}

async function reopened(ended: Publisher, url: string): Promise<Publisher> {
  await ended.close({ deadlineMs: 0, deleteChannel: false });
  return open(url);
}

const open = (url: string): Publisher => createPublisher(url, { mime: 'image/jpeg', create: true });
