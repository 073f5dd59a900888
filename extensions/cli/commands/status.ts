import { readLastRun, status as planStatus, type TaskPlan } from '../../../runtime/index.ts';
import type { ParsedArguments } from '../args.ts';
import type { CommandResult, Host } from '../host.ts';
import { openInput } from '../input.ts';
import { prepareEnvironment } from '../locked-environment.ts';
import { describeLast, describeObserved } from '../observed.ts';
import { renderTable } from '../render.ts';
import { findFolder } from '../run-targets.ts';
import { findPlace } from '../state-folder.ts';

/** `cellwright status NB`: what the next run would reuse, and why it would run the rest. */
export async function statusCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const input = await openInput(host, parsed);
  if (!input.ok) return input.result;
  const { bundle, diagnostics, sources, path } = input.value;
  const place = findPlace(host, parsed, input.value);
  if (!place.ok) return place.result;
  const folder = findFolder(host, parsed, input.value);
  if (!folder.ok) return folder.result;
  const silent = { builds: false, silent: true };
  const prepared = await prepareEnvironment(host, parsed, { input: input.value, place: place.value, ...silent });
  if (!prepared.ok) return prepared.result;
  const plans = planStatus(bundle, { ...prepared.value.place, cwd: folder.value });
  const number = (plan: TaskPlan['plan']): number => plans.filter((entry) => entry.plan === plan).length;
  const counts = [`${number('cached')} would be reused`, `${number('run')} would run`];
  if (number('unknown') > 0) counts.push(`${number('unknown')} depend on those`);
  const last = readLastRun(place.value.state);
  const tasks = new Map(bundle.tasks.map((task) => [task.id, task]));
  const rows = plans.map((plan) => [
    `[${tasks.get(plan.task)?.executionCount ?? 0}]`,
    plan.name,
    plan.plan === 'cached' ? 'reuse' : plan.plan,
    describeMiss(plan),
  ]);
  return {
    status: 'ok',
    diagnostics: [...diagnostics, ...prepared.value.diagnostics],
    sources,
    text: `${renderTable(rows)}${counts.join(', ')}\n${last === undefined ? '' : describeLast(last, bundle)}`,
    document: {
      notebook: path,
      reused: number('cached'),
      run: number('run'),
      unknown: number('unknown'),
      lastRun: last?.id ?? null,
      oneProcess: last?.lane ?? null,
      tasks: plans.map((plan) => ({
        id: plan.task,
        name: plan.name,
        code: tasks.get(plan.task)?.code ?? '',
        plan: plan.plan === 'cached' ? 'reuse' : plan.plan,
        because: describeMiss(plan),
        ...describeObserved(last?.tasks.get(plan.task)),
      })),
    },
  };
}

function describeMiss({ miss }: TaskPlan): string {
  if (miss === undefined) return '';
  if (miss.part === 'no earlier run') return 'no finished run of this source';
  return miss.name === '' ? miss.part : `${miss.part}: ${miss.name}`;
}
