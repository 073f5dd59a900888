import { inspect } from 'node:util';
import type { MimeBundle } from '../../process/protocol.ts';
import type { Emit, Kernel } from './kernel.ts';

/** Cells as tslab runs them, under Node. */
export class TslabKernel implements Kernel {
  readonly prefix = "'use strict'; void 0;";
  #emit: Emit = () => undefined;

  install(emit: Emit): void {
    this.#emit = emit;
    for (const name of ['stdout', 'stderr'] as const) {
      const write = (chunk: unknown): boolean => {
        const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString('utf8');
        emit({ kind: 'stream', name, text });
        return true;
      };
      Object.defineProperty(process[name], 'write', { value: write, configurable: true, writable: true });
    }
  }

  async show(value: unknown): Promise<{ readonly data: MimeBundle; readonly metadata: MimeBundle } | undefined> {
    await Promise.resolve();
    if (value !== undefined) this.#emit({ kind: 'stream', name: 'stdout', text: `${inspect(value)}\n` });
    return undefined;
  }

  consoleState(): string | undefined {
    return undefined;
  }

  environment(): Record<string, string> {
    return Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  }

  setVariable(name: string, value: string | undefined): void {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }

  aside<T>(action: () => T): T {
    return action();
  }

  async asideAsync<T>(action: () => Promise<T>): Promise<T> {
    return await action();
  }
}
