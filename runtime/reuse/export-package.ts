import type { Diagnostic, Result } from '../../compiler/bundle/diagnostic.ts';
import { askInterpreter, type Question } from '../process/ask-interpreter.ts';
import type { ObservedTypes } from './observed-types.ts';

/** A notebook that becomes a package. */
export interface PackageRequest {
  /** What people call it. */
  readonly name: string;
  /** The name it is imported by. */
  readonly package: string;
  /** Where its modules are looked for first. */
  readonly folder: string;
  /** As the compiler gives them. */
  readonly cells: readonly object[];
  readonly parameters: readonly { readonly name: string; readonly default: string }[];
  /** The cell after which parameters are given; empty when it is before the first. */
  readonly parametersCell: string;
  readonly types: ObservedTypes;
}

/** What a package is made of. */
export interface PackageAnswer {
  /** Texts by file name. */
  readonly files: Readonly<Record<string, string>>;
  /** Of each cell that has a function: its id, the function's name, its inputs and its outputs. */
  readonly functions: readonly (readonly [string, string, readonly string[], readonly string[]])[];
  /** Functions and classes that have a module of their own. */
  readonly definitions: readonly string[];
  /** Definitions that stay in the function of their cell, and why. */
  readonly stays: Readonly<Record<string, string>>;
  readonly problems: readonly PackageProblem[];
}

/** Why a cell cannot be a function. */
export interface PackageProblem {
  readonly cell: string;
  /** From 0. */
  readonly line: number;
  readonly message: string;
  readonly help: string;
}

/** Makes a package of a notebook's cells. Nothing of the notebook is executed; the interpreter reads the syntax. */
export function exportPackage(
  request: PackageRequest,
  asked: Omit<Question, 'given' | 'isolated'>,
): Result<PackageAnswer, Diagnostic> {
  const answer = askInterpreter({ ...asked, given: request, isolated: false });
  return answer.ok ? { ok: true, value: answer.value as PackageAnswer } : answer;
}
