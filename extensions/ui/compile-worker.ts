/** The compiler in a thread of its own, so that the page stays quick while it works. */
import { createCompiler, type Compiler, type TypeScriptModule } from '../../compiler/index.ts';
import type { CompileAnswer, CompileQuestion } from './compile-messages.ts';

let compiler: Promise<Compiler> | undefined;

/** What a worker has of `Worker`'s other side; the page's own types have no name for it. */
interface WorkerSide {
  onmessage: ((event: MessageEvent<CompileQuestion>) => void) | null;
  postMessage(answer: CompileAnswer): void;
}

/** What waits for the address of TypeScript's compiler. */
interface Waiting {
  readonly resolve: (address: string) => void;
  readonly reject: (error: Error) => void;
}

const side = globalThis as unknown as WorkerSide;
let waiting: Waiting | undefined;

side.onmessage = ({ data }) => {
  if (data.type === 'typescript') waiting?.resolve(data.address);
  else if (data.type === 'no-typescript') waiting?.reject(new Error(data.reason));
  else void answer(data).then((told) => side.postMessage(told));
};

async function importTypeScript(): Promise<TypeScriptModule> {
  const address = await new Promise<string>((resolve, reject) => {
    waiting = { resolve, reject };
    side.postMessage({ type: 'wants-typescript' });
  });
  return (await import(address)) as TypeScriptModule;
}

type Question = Extract<CompileQuestion, { readonly type: 'load' | 'compile' }>;

async function answer(question: Question): Promise<CompileAnswer> {
  const { number } = question;
  try {
    if (question.type === 'load') {
      const [runtimeWasm, languageWasm] = await Promise.all([
        bytesOf(question.runtimeWasm),
        bytesOf(question.languageWasm),
      ]);
      const wasm = { runtimeWasm, languageWasm };
      compiler = question.asksForTypeScript ? createCompiler(wasm, importTypeScript) : createCompiler(wasm);
      await compiler;
      return { type: 'loaded', number };
    }
    if (compiler === undefined) throw new Error('the compiler is not loaded');
    const ready = await compiler;
    await ready.prepare(question.text, question.name).catch((error: unknown) => {
      throw new Error(
        `TypeScript's compiler cannot be loaded (${messageOf(error)}). Load the page again, or use cellwright graph on the command line.`,
      );
    });
    const { bundle, notebook, diagnostics } = ready.compile(question.text, question.name);
    const cells = notebook?.cells.map(({ id, index, kind, source }) => ({ id, index, kind, source }));
    return { type: 'compiled', number, compiled: { name: question.name, bundle, cells, diagnostics } };
  } catch (error) {
    return { type: 'failed', number, reason: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function bytesOf(file: string | ArrayBuffer): Promise<Uint8Array> {
  if (typeof file !== 'string') return new Uint8Array(file);
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file} cannot be loaded: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
