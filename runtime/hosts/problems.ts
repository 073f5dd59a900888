import type { DiagnosticCode } from '../../compiler/bundle/codes.ts';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';

function told(code: DiagnosticCode, message: string, help: string): Diagnostic {
  return { code, severity: 'error', message, help, related: [] };
}

/** The engine itself cannot be used. */
export function engineUnusable(url: string, why: string, help: string): Diagnostic {
  return told('CW530', `Nothing can be run on ${url}: ${why}.`, help);
}

interface NoHost {
  readonly seconds: number;
  /** Where this machine is to be found. */
  readonly at: string;
  /** What the host that ended last had to say; empty when none ended. */
  readonly lastWord: string;
}

/** The engine answers, and none of its machines has reached this one. */
export function noHost(url: string, how: NoHost): Diagnostic {
  const { seconds, at, lastWord } = how;
  const why = lastWord === '' ? '' : ` The last one that was started said: ${lastWord}.`;
  return told(
    'CW530',
    `No host of ${url} has come within ${String(seconds)} seconds.${why}`,
    `The cluster may be busy, or its machines do not reach ${at}: name the address by which they know this machine with --driver-address.`,
  );
}

/** The store that all machines share does not let one of them in, or is not what it says. @param node where; empty for this machine */
export function storeRefused(
  node: string,
  { message, help }: { readonly message: string; readonly help: string },
): Diagnostic {
  return told('CW817', node === '' ? message : `On ${node}: ${message}`, help);
}

/** What cells would run with there is not what they run with here. */
export function anotherInstallation(node: string, differences: readonly string[]): Diagnostic {
  return told(
    'CW531',
    `Cells would not run on ${node} as they do here: ${differences.join('; ')}.`,
    'Install the same interpreter and packages at the same path on every machine, for example from one image.',
  );
}

/** A machine with another processor: results are believed, and may differ in their last digits. */
export function anotherProcessor(node: string): Diagnostic {
  return {
    code: 'CW532',
    severity: 'warning',
    message: `${node} has another processor than this machine, and numerical libraries choose their code by it.`,
    help: 'Results may differ in their last digits from those of this machine; run on machines of one kind where that matters.',
    related: [],
  };
}
