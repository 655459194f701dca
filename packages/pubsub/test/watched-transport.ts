/** A transport whose uploads a test can wait for. */
import { nodeTransport, type Transport, type Upload } from '../src/index.ts';

export interface WatchedTransport extends Transport {
  /** Resolves when the `index`-th upload has broken off, as its owner sees it. */
  broken(index: number): Promise<void>;
}

export function watched(inner: Transport = nodeTransport()): WatchedTransport {
  const uploads: Upload[] = [];
  return {
    get: (url, request) => inner.get(url, request),
    post(url, request) {
      const upload = inner.post(url, request);
      uploads.push(upload);
      return upload;
    },
    async broken(index) {
      await uploads[index]?.answer.then(
        () => {
          throw new Error('It was answered');
        },
        () => {},
      );
    },
  };
}
