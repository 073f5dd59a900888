/** The compiler's worker as a thread of Node: it speaks as a worker of a page does, which Node's threads do in another way. */
import '../ui/compile-worker.ts';
import { parentPort } from 'node:worker_threads';

const side = globalThis as unknown as {
  onmessage: (event: { readonly data: unknown }) => void;
  postMessage: (message: unknown) => void;
};
side.postMessage = (message) => parentPort?.postMessage(message);
parentPort?.on('message', (data) => side.onmessage({ data }));
