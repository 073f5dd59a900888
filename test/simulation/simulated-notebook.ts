import { createHash } from 'node:crypto';
import type { Access, Bundle, Directives, Edge, Task } from '../../compiler/bundle/format.ts';
import { randomNumbers } from './virtual-time.ts';

/** The shape of a notebook that nobody has to write. */
export interface Shape {
  readonly tasks: number;
  /** A task reads what tasks between so many and twice as many before it have bound: so many can run at once. */
  readonly width: number;
  readonly retries: number;
  readonly seed: number;
}

const range = { start: { line: 0, column: 0 }, end: { line: 0, column: 1 } };

/** The variable that the task at a place binds. */
export function variableAt(place: number): string {
  return `v${String(place)}`;
}

/** The names that a task reads, the hidden state left out. */
export function readsOf(task: Task): readonly string[] {
  return task.accesses.flatMap(({ resource, access }) =>
    resource.kind === 'variable' && access === 'read' ? [resource.name] : [],
  );
}

/** Every task binds one variable and reads the first and two earlier ones. */
export function simulatedNotebook({ tasks, width, retries, seed }: Shape): Bundle {
  const random = randomNumbers(seed);
  const list: Task[] = [];
  const edges: Edge[] = [];
  for (let place = 0; place < tasks; place++) {
    const far = (): number => place - width - Math.floor(random() * width);
    const from = [...new Set([0, far(), far()])].filter((other) => other >= 0 && other < place);
    list.push(taskAt(place, from, retries));
    for (const other of from) edges.push(edge(other, place));
  }
  return {
    formatVersion: 1,
    notebook: { name: 'simulated.ipynb', digest: 'sha256:', language: 'python', kernelName: 'python3' },
    parameters: [],
    tasks: list,
    edges,
    shadowedBuiltins: [],
    diagnostics: [],
  };
}

function edge(from: number, to: number): Edge {
  const resource = { kind: 'variable', name: variableAt(from) } as const;
  const ends = { from: idOf(from), to: idOf(to), fromRange: range, toRange: range };
  return { ...ends, kind: 'data', resource, assumed: false, reason: variableAt(from) };
}

function idOf(place: number): string {
  return `cell-${String(place)}`;
}

function taskAt(place: number, from: readonly number[], retries: number): Task {
  const source = `${variableAt(place)} = work(${from.map(variableAt).join(', ')})`;
  const access = (at: number, how: Access['access']): Access => ({
    resource: { kind: 'variable', name: variableAt(at) },
    access: how,
    certainty: 'must',
    assumed: false,
    range,
    reason: source,
  });
  const directives: Directives = { cache: true, raisesException: false, skip: false, gate: false };
  return {
    id: idOf(place),
    name: String(place),
    index: place,
    executionCount: place + 1,
    source,
    code: `sha256:${createHash('sha256').update(source, 'utf8').digest('hex')}`,
    module: `cells/${String(place)}.py`,
    accesses: [...from.map((other) => access(other, 'read')), access(place, 'bind')],
    exposes: [variableAt(place)],
    preload: [],
    imports: [],
    leadingImports: 0,
    directives: retries > 0 ? { ...directives, retries } : directives,
  };
}
