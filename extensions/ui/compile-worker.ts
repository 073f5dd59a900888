/** The compiler in a thread of its own, so that the page stays quick while it works. */
import { createCompiler, type Compiler } from '../../compiler/index.ts';
import type { CompileAnswer, CompileQuestion } from './compile-messages.ts';

let compiler: Promise<Compiler> | undefined;

/** What a worker has of `Worker`'s other side; the page's own types have no name for it. */
interface WorkerSide {
  onmessage: ((event: MessageEvent<CompileQuestion>) => void) | null;
  postMessage(answer: CompileAnswer): void;
}

const side = globalThis as unknown as WorkerSide;

side.onmessage = ({ data }) => {
  void answer(data).then((told) => side.postMessage(told));
};

async function answer(question: CompileQuestion): Promise<CompileAnswer> {
  const { number } = question;
  try {
    if (question.type === 'load') {
      const [runtimeWasm, languageWasm] = await Promise.all([
        bytesOf(question.runtimeWasm),
        bytesOf(question.languageWasm),
      ]);
      compiler = createCompiler({ runtimeWasm, languageWasm });
      await compiler;
      return { type: 'loaded', number };
    }
    if (compiler === undefined) throw new Error('the compiler is not loaded');
    const ready = await compiler;
    await ready.prepare(question.text, question.name).catch(() => {
      throw new Error('TypeScript cannot be loaded here: cellwright graph shows this notebook on the command line.');
    });
    const { bundle, notebook, diagnostics } = ready.compile(question.text, question.name);
    const cells = notebook?.cells.map(({ id, index, kind, source }) => ({ id, index, kind, source }));
    return { type: 'compiled', number, compiled: { name: question.name, bundle, cells, diagnostics } };
  } catch (error) {
    return { type: 'failed', number, reason: error instanceof Error ? error.message : String(error) };
  }
}

async function bytesOf(file: string | ArrayBuffer): Promise<Uint8Array> {
  if (typeof file !== 'string') return new Uint8Array(file);
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file} cannot be loaded: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
