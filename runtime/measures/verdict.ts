/** What became of one gate in one run. */
export interface GateVerdict {
  /** As it is written; of an assertion its test; empty when it is not known. */
  readonly condition: string;
  readonly holds: boolean;
  /** What was seen: the expressions that were compared, as text for people. */
  readonly values: Readonly<Record<string, string>>;
  /** Why it could not be judged, why it holds without a comparison, or what the cell says. */
  readonly why: string;
}

/** The verdict in one line. */
export function describeVerdict({ condition, holds, values, why }: GateVerdict): string {
  const seen = Object.entries(values).map(([name, value]) => `${name} = ${value}`);
  const told = [seen.join(', '), why].filter((text) => text !== '').join('; ');
  const what = `${condition === '' ? 'it' : condition} ${holds ? 'holds' : 'does not hold'}`;
  return told === '' ? what : `${what}: ${told}`;
}
