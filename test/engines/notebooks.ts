import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { python } from '../environment.ts';
import { EmittedProject } from './emitted-project.ts';

/** Parameters, a file in and one out, an alias, chance, a metric, a gate; the last cell waits for the gate. */
export const sales = `#tags: parameters
region = "north"
rate = 0.5
tags = ["a", "it's {b}"]
---
import csv, random
random.seed(3)
with open("sales.csv") as file:
    amounts = [float(row["amount"]) for row in csv.DictReader(file) if row["region"] == region]
alias = amounts
---
print(region, tags, rate, max(amounts))
---
#| metric: mean
mean = sum(amounts) / len(amounts) * rate
alias.append(mean)
---
#| gate: mean > 1
with open("report.txt", "w") as file:
    file.write(f"{region}: {mean} {amounts[-1]}")
---
print(open("report.txt").read(), random.random())
`;

/** The same notebook where a cell raises for one region. */
export const raising = sales.replace('mean = sum(', 'assert region != "south"\nmean = sum(');

/** A notebook in a new folder, with its data. The cells run by the interpreter of the tests. */
export function makeProject(folder: string, text = sales): EmittedProject {
  const project = new EmittedProject(folder, python, text);
  writeFileSync(path.join(folder, 'sales.csv'), 'region,amount\nnorth,10\nnorth,20\nsouth,1\nsouth,2\n');
  return project;
}

/** The cell that sets parameters shows nothing and stands behind the first. */
export function withoutInjected(outputs: readonly unknown[]): readonly unknown[] {
  return outputs.filter((_, place) => place !== 1);
}

/** As a repository has it: the notebook, its data, and what was emitted. */
export function makeRepository(of: EmittedProject): void {
  mkdirSync(of.at('repository'));
  for (const name of ['notebook.ipynb', 'sales.csv', 'project'])
    cpSync(of.at(name), path.join(of.at('repository'), name), { recursive: true });
}
