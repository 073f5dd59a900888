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
