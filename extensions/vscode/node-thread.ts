/** A thread of Node that looks like a worker of a page. */
import { Worker } from 'node:worker_threads';
import type { CompileThread } from '../ui/compile-client.ts';

/** @param file path of the thread's bundle */
export function startThread(file: string): CompileThread {
  const worker = new Worker(file);
  // An open notebook is no reason for the extension host to stay.
  worker.unref();
  const thread: CompileThread = {
    onmessage: null,
    onerror: null,
    postMessage: (message: unknown) => worker.postMessage(message),
    terminate: () => void worker.terminate(),
  };
  const self = thread as unknown as Worker & globalThis.Worker;
  worker.on('message', (data: unknown) => {
    thread.onmessage?.call(self, { data } as MessageEvent);
  });
  worker.on('error', (error) => {
    thread.onerror?.call(self, { message: error.message } as ErrorEvent);
  });
  return thread;
}
