import { askInterpreter, type Question } from '../process/ask-interpreter.ts';

type TypesByName = Readonly<Record<string, readonly [string, string]>>;

/** The types of variables as a run saw them: by cell, before and after it, the module and the name of the class. */
export type ObservedTypes = Readonly<Record<string, { readonly inputs: TypesByName; readonly outputs: TypesByName }>>;

/** Asks the store; none when the values cannot be loaded, since the types only say more than is needed. */
export function observedTypes(
  { state, run }: { readonly state: string; readonly run: string },
  asked: Omit<Question, 'given' | 'isolated'>,
): ObservedTypes {
  const answer = askInterpreter({ ...asked, given: { state, run }, isolated: false });
  return answer.ok ? (answer.value as ObservedTypes) : {};
}
