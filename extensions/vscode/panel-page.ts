/** The page that the pipeline view is drawn into, and what it may load. */

/** Addresses of the page's own files, as the editor serves them. */
export interface PageFiles {
  readonly script: string;
  readonly worker: string;
  readonly runtimeWasm: string;
  readonly languageWasm: string;
  readonly typescript: string;
  /** The source from which the editor serves them, for the content security policy. */
  readonly source: string;
}

/** Two hundred bits that nobody can guess. */
export function makeNonce(): string {
  return [...crypto.getRandomValues(new Uint8Array(25))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');

/**
 * The text of the page. Only the script with the nonce runs; it may fetch the page's own files and nothing else, so that nothing which a
 * cell shows can reach the network.
 */
export function panelPage(files: PageFiles, nonce: string): string {
  const policy = [
    "default-src 'none'",
    // The worker imports TypeScript's compiler from memory; nothing but the script with the nonce can put anything there.
    `script-src 'nonce-${nonce}' 'wasm-unsafe-eval' blob:`,
    'worker-src blob:',
    `connect-src ${files.source}`,
    `style-src ${files.source} 'unsafe-inline'`,
    'img-src data: blob:',
    `font-src ${files.source}`,
    // Outputs of cells, in frames without scripts and without an origin.
    "frame-src 'self' blob: data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const { script, worker, runtimeWasm, languageWasm, typescript } = files;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pipeline</title>
<style nonce="${nonce}">html, body { height: 100%; margin: 0; padding: 0; } #pipeline { height: 100vh; } h1 { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }</style>
</head>
<body>
<main>
<h1>Pipeline</h1>
<div id="pipeline" data-worker="${escape(worker)}" data-runtime-wasm="${escape(runtimeWasm)}" data-language-wasm="${escape(languageWasm)}" data-typescript="${escape(typescript)}"></div>
</main>
<script nonce="${nonce}" src="${escape(script)}"></script>
</body>
</html>
`;
}
