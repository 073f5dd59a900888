import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Program } from './call-command.ts';
import { answerMessage, messageOf } from './json-rpc.ts';
import { NotebookService } from './notebook-service.ts';
import type { ServiceMessage } from './protocol.ts';

/** The two ways of a connection that carries lines. */
export interface Lines {
  readonly input: Readable;
  readonly send: (line: string) => void;
}

/** Answers requests, one a line, until the input ends. Runs that were started go on. */
export async function serveLines(program: Program, { input, send }: Lines): Promise<void> {
  const tell = (message: ServiceMessage): void => send(JSON.stringify(message));
  const service = new NotebookService(program, (notification) => tell(messageOf(notification)));
  const lines = createInterface({ input, crlfDelay: Infinity });
  for await (const line of lines) {
    if (line.trim() === '') continue;
    // A request that takes long does not hold up those after it.
    void answerMessage(line, service).then((answer) => {
      if (answer !== undefined) tell(answer);
    });
  }
  service.close();
}
