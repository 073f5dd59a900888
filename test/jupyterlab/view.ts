import type { Locator } from 'playwright-core';

/** A row of the view for a task, by the place in its list. */
export function taskRows(view: Locator): Locator {
  return view.locator('.cw-rail [role="treeitem"]:not(.cw-heading)');
}

/** How many tasks the view shows, when it shows any. */
export async function taskCount(view: Locator): Promise<number> {
  await taskRows(view).first().waitFor();
  return await taskRows(view).count();
}

/** The row of a task by its number in `In [n]`. */
export function taskRow(view: Locator, number: number): Locator {
  return taskRows(view).filter({
    has: view.page().locator('.cw-number', { hasText: new RegExp(`^${String(number)}$`) }),
  });
}

/** The state of every task in words of the view, such as `done` or `cached`, in notebook order. */
export async function states(view: Locator): Promise<readonly string[]> {
  const chips = await taskRows(view).locator('.cw-chip').all();
  const classes = await Promise.all(chips.map((chip) => chip.getAttribute('class')));
  return classes.map((name) => /cw-is-([\w-]+)/.exec(name ?? '')?.[1] ?? '');
}

/** Waits until the run that goes on has ended, and gives the states. */
export async function untilEnded(view: Locator, patience: number): Promise<readonly string[]> {
  const status = view.locator('.cw-status');
  const until = Date.now() + patience;
  while (/Starting|Running|Stopping/.test(await status.innerText())) {
    if (Date.now() > until) throw new Error(`The run does not end: ${await status.innerText()}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return await states(view);
}
