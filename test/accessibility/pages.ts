import path from 'node:path';
import { makeWorkplace, type Workplace } from '../cli/installation.ts';

const notebook = `# %% [markdown]
# # Rain at three airports
#
# What the *weather* of a **year** says, with \`pandas\`:
#
# - a list, and a [link](https://example.org/weather)
# - an end
#
# ### A heading that leaves a level out
#
# | airport | name |
# | --- | --- |
# | JFK | Kennedy |
# %% tags=["parameters"]
city = "JFK"
factor = 2
# %%
import pandas as pd
import matplotlib.pyplot as plt
from IPython.display import HTML
table = pd.read_csv("rain.csv")
table
# %%
figure, axes = plt.subplots(figsize=(3, 2))
axes.plot(table["rain"] * factor)
plt.show()
# %%
#| metric: rmse, auc
#| gate: rmse < 90
#| slices: city of table
table["error"] = table["rain"] * factor
rmse = float(table["error"].mean())
auc = 0.7 + factor / 100
# %%
import sys
print("\\x1b[31mred\\x1b[0m \\x1b[38;5;190myellow\\x1b[0m \\x1b[38;5;18mblue\\x1b[0m \\x1b[41mpaper\\x1b[0m \\x1b[7minverse\\x1b[0m", factor)
print("a warning", file=sys.stderr)
# %%
table.to_csv("out.csv")
HTML('<p style="color:#777;background:#999">said with colours of its own</p>')
# %% tags=["raises-exception"]
1 / 0
`;

/** Real pages, made by real runs: their names and files. */
export async function makePages(): Promise<{ readonly place: Workplace; readonly pages: ReadonlyMap<string, string> }> {
  const place = makeWorkplace();
  place.write('rain.csv', 'city,rain\nJFK,3\nLGA,4\nEWR,5\n');
  place.write('n.py', notebook);
  const codes: number[] = [];
  const call = async (...words: string[]): Promise<void> => {
    const { code, out, err } = await place.call(...words);
    if (!codes.includes(code)) codes.push(code);
    if (code > 4 || code === 2) throw new Error(`${words.join(' ')} ended with ${String(code)}:\n${out}${err}`);
  };
  await call('run', 'n.py', '-o', 'out/', '-q');
  place.write('n.py', notebook.replace('figsize=(3, 2)', 'figsize=(3, 3)'));
  await call('run', 'n.py', '-o', 'out/', '-q', '-p', 'factor', '3');
  await call('run', 'n.py', '-o', 'variants/', '-q', '--matrix', 'factor=3,100');
  await call('metrics', 'n.py', '--html', 'metrics.html');
  await call('diff', 'n.py', '--html', 'diff.html');
  await call('graph', 'n.py', '-o', 'graph.svg');
  const at = (...parts: string[]): string => path.join(place.folder, ...parts);
  const pages = new Map([
    ['the report of a run', at('out', 'n.report.html')],
    ['the report of a variant that a gate stopped', at('variants', 'factor=100.report.html')],
    ['the page of all variants', at('variants', 'summary.html')],
    ['the page of metrics', at('metrics.html')],
    ['the comparison of two runs', at('diff.html')],
    ['the graph as a file', at('graph.svg')],
  ]);
  return { place, pages };
}
