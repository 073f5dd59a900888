import type { CellRunner } from './target.ts';

/** Lines of a file of Python, where `subprocess` is imported and `HERE` is the project's folder. @param cells expression for the folder of the cells */
export function engineEnvironment({ programs }: CellRunner, variable: string, cells: string): string {
  const name = programs.at(-1)?.name ?? '';
  return `# Another ${name} or other modules are a reason to run a step again.
${variable} = subprocess.check_output(
    ["node", HERE / "bundle" / "worker" / "node" / "steps.mjs", "environment", HERE / "bundle", ${cells}], text=True
).strip()
`;
}
