/** The look of the view. Colours come from the editor's theme where there is one; states have colours that are told apart on light and dark. */
const text = `
:root {
  --cw-will-run: #0969da; --cw-cached: #1a7f37; --cw-running: #bc4c00; --cw-done: #116329; --cw-failed: #cf222e;
  --cw-gated: #9a3412; --cw-fused: #8250df; --cw-unused: #6e7781; --cw-not-run: #6e7781; --cw-stale: #8a5d00;
  --cw-unknown: #6e7781; --cw-refused: #cf222e;
  --cw-lane-0: #2f81f7; --cw-lane-1: #1a9e4b; --cw-lane-2: #b87a00; --cw-lane-3: #9a6cf0; --cw-lane-4: #e5534b; --cw-lane-5: #11949f;
}
.cw { --cw-own-bg: #ffffff; --cw-own-fg: #1f2328; --cw-own-accent: #0969da; }
@media (prefers-color-scheme: dark) { .cw { --cw-own-bg: #0d1117; --cw-own-fg: #e6edf3; --cw-own-accent: #4493f8; } }
.cw {
  --cw-bg: var(--jp-layout-color1, var(--vscode-sideBar-background, var(--vscode-editor-background, var(--cw-own-bg))));
  --cw-fg: var(--jp-ui-font-color0, var(--vscode-foreground, var(--cw-own-fg)));
  --cw-accent: var(--jp-brand-color1, var(--vscode-focusBorder, var(--cw-own-accent)));
  --cw-font: var(--jp-ui-font-family, var(--vscode-font-family, system-ui, sans-serif));
  --cw-code: var(--jp-code-font-family, var(--vscode-editor-font-family, ui-monospace, monospace));
  --cw-soft: color-mix(in srgb, var(--cw-fg) 74%, var(--cw-bg));
  --cw-line: color-mix(in srgb, var(--cw-fg) 22%, var(--cw-bg));
  --cw-raised: color-mix(in srgb, var(--cw-fg) 5%, var(--cw-bg));
  --cw-hover: color-mix(in srgb, var(--cw-fg) 9%, var(--cw-bg));
  --cw-chosen: color-mix(in srgb, var(--cw-accent) 20%, var(--cw-bg));
  display: flex; flex-direction: column; height: 100%; min-height: 0; box-sizing: border-box;
  background: var(--cw-bg); color: var(--cw-fg); font: 13px/1.4 var(--cw-font); overflow: hidden; container-type: inline-size;
}
.cw *, .cw *::before { box-sizing: border-box; }
.cw button { font: inherit; color: var(--cw-fg); background: var(--cw-raised); border: 1px solid var(--cw-line); border-radius: 4px; padding: 2px 9px; min-height: 26px; min-width: 26px; cursor: pointer; }
.cw button:hover:not(:disabled) { background: var(--cw-hover); }
.cw button:disabled { opacity: .55; cursor: default; }
.cw button.cw-main { background: #0969da; border-color: #0969da; color: #ffffff; font-weight: 600; }
.cw button.cw-main:hover:not(:disabled) { background: #0757b3; }
.cw button.cw-link { background: none; border: 0; padding: 0; min-height: 24px; color: inherit; text-decoration: underline; text-align: left; }
.cw :focus-visible { outline: 2px solid var(--cw-accent); outline-offset: 1px; }
.cw input { font: inherit; color: var(--cw-fg); background: var(--cw-bg); border: 1px solid color-mix(in srgb, var(--cw-fg) 55%, var(--cw-bg)); border-radius: 4px; padding: 2px 8px; min-height: 26px; min-width: 0; }
.cw input::placeholder { color: var(--cw-soft); opacity: 1; }
.cw h2, .cw h3 { font-size: 13px; margin: 0 0 4px; font-weight: 600; }
.cw h3 { margin-top: 10px; }
.cw p { margin: 0 0 6px; }
.cw ul { margin: 0; padding: 0; list-style: none; }
.cw code, .cw pre { font-family: var(--cw-code); font-size: 12px; }
.cw pre { margin: 4px 0; padding: 6px 8px; background: var(--cw-raised); border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 320px; overflow: auto; }
.cw table { border-collapse: collapse; width: 100%; }
.cw th, .cw td { text-align: left; padding: 3px 8px 3px 0; vertical-align: middle; border-bottom: 1px solid var(--cw-line); }
.cw th { font-weight: 600; color: var(--cw-soft); }
.cw td.cw-number, .cw th.cw-number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.cw-soft { color: var(--cw-soft); }
.cw-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.cw-top { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; padding: 6px 8px; border-bottom: 1px solid var(--cw-line); }
.cw-status { flex: 1 1 120px; min-width: 0; color: var(--cw-soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.cw-tabs { display: flex; gap: 2px; padding: 4px 8px 0; border-bottom: 1px solid var(--cw-line); }
.cw button.cw-tab { border: 0; border-bottom: 2px solid transparent; border-radius: 0; background: none; }
.cw button.cw-tab[aria-selected="true"] { border-bottom-color: var(--cw-accent); font-weight: 600; }
.cw-page { flex: 1 1 auto; min-height: 0; display: flex; flex-direction: column; }
.cw-page[hidden] { display: none; }
.cw-tools { display: flex; flex-wrap: wrap; gap: 6px; padding: 6px 8px; align-items: center; }
.cw-tools input { flex: 1 1 90px; }
.cw-tools [aria-pressed="true"] { background: var(--cw-chosen); border-color: var(--cw-accent); }
.cw-problems { border-bottom: 1px solid var(--cw-line); padding: 6px 8px; max-height: 40%; overflow: auto; }
.cw-scroll { flex: 1 1 auto; min-height: 0; overflow: auto; position: relative; }
.cw-pad { padding: 8px; }

.cw-chip { display: inline-flex; flex: none; align-items: center; justify-content: center; width: 18px; height: 18px; border-radius: 4px; font: 700 11px/1 var(--cw-font, system-ui, sans-serif); box-sizing: border-box; color: #ffffff; background: var(--cw-unknown); border: 1px solid transparent; }
.cw-chip.cw-round { border-radius: 9px; }
${states((name) => `.cw-chip.cw-is-${name} { background: var(--cw-${name}); } .cw-layers .cw-is-${name} .cw-edge { stroke: var(--cw-${name}); } .cw-layers .cw-is-${name} .cw-sign { fill: var(--cw-${name}); }`)}
@media (prefers-reduced-motion: no-preference) { .cw-chip.cw-is-running { animation: cw-beat 1.4s ease-in-out infinite; } @keyframes cw-beat { 50% { box-shadow: 0 0 0 3px color-mix(in srgb, var(--cw-running) 45%, transparent); } } }

.cw-rail { padding: 2px 0 8px; position: relative; }
.cw-row { display: flex; align-items: center; gap: 7px; height: 40px; padding: 0 8px 0 var(--cw-lanes, 20px); cursor: pointer; position: relative; content-visibility: auto; contain-intrinsic-size: auto 40px; }
.cw-row:hover { background: var(--cw-hover); }
.cw-row[aria-selected="true"] { background: var(--cw-chosen); }
.cw-row:focus-visible { outline-offset: -2px; }
.cw-row.cw-heading { height: 28px; font-weight: 600; }
.cw-lanes { position: absolute; left: 0; top: 0; z-index: 1; pointer-events: none; }
.cw-row .cw-number { flex: none; min-width: 26px; text-align: right; color: var(--cw-soft); font-variant-numeric: tabular-nums; }
.cw-row .cw-what { flex: 1 1 auto; min-width: 0; }
.cw-row .cw-name, .cw-row .cw-line { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; line-height: 17px; }
.cw-row .cw-line { font: 11px/15px var(--cw-code); color: var(--cw-soft); }
.cw-row .cw-time { flex: none; color: var(--cw-soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.cw-row.cw-lost { opacity: .35; }
.cw-row .cw-flag { flex: none; font-size: 12px; font-weight: 700; }
.cw-row.cw-gives::after, .cw-row.cw-takes::after { position: absolute; inset: 3px auto 3px 0; width: 3px; content: ""; background: var(--cw-accent); }
.cw-row.cw-takes::after { background: repeating-linear-gradient(var(--cw-accent) 0 4px, transparent 4px 7px); }
.cw-folder { flex: none; width: 14px; text-align: center; }
.cw-counts { display: inline-flex; gap: 3px; margin-left: auto; font-weight: 400; }
.cw-lanes path, .cw-lanes circle { fill: none; stroke-width: 1.6; }
.cw-lanes circle { fill: var(--cw-bg); stroke-width: 2; }
.cw-marked .cw-lanes .cw-lane { opacity: .25; }
.cw-marked .cw-lanes .cw-lane.cw-on { opacity: 1; stroke-width: 2.6; }
${[0, 1, 2, 3, 4, 5].map((lane) => `.cw-lane-${lane} { stroke: var(--cw-lane-${lane}); }`).join(' ')}

.cw-layers svg { display: block; }
.cw-layers .cw-node { cursor: pointer; }
.cw-layers .cw-node:focus { outline: none; }
.cw-layers .cw-edge { fill: var(--cw-raised); stroke: var(--cw-unknown); stroke-width: 1.5; }
.cw-layers .cw-node:hover .cw-edge { fill: var(--cw-hover); }
.cw-layers .cw-node[aria-pressed="true"] .cw-edge, .cw-layers .cw-node.cw-chosen .cw-edge { fill: var(--cw-chosen); stroke-width: 2.5; }
.cw-layers .cw-node:focus-visible .cw-edge { stroke: var(--cw-accent); stroke-width: 3.5; }
.cw-layers .cw-is-not-run .cw-edge, .cw-layers .cw-is-unknown .cw-edge { stroke-dasharray: 4 3; }
.cw-layers text { fill: var(--cw-fg); font: 13px var(--cw-font); }
.cw-layers text.cw-line { font: 11px var(--cw-code); fill: var(--cw-soft); }
.cw-layers text.cw-letter { fill: #ffffff; font: 700 11px var(--cw-font); text-anchor: middle; }
.cw-layers .cw-sign { fill: var(--cw-unknown); }
.cw-layers .cw-arrow { fill: none; stroke: color-mix(in srgb, var(--cw-fg) 45%, var(--cw-bg)); stroke-width: 1.4; }
.cw-layers .cw-head { fill: color-mix(in srgb, var(--cw-fg) 45%, var(--cw-bg)); }
.cw-layers .cw-carries { font: 11px var(--cw-code); fill: var(--cw-soft); stroke: var(--cw-bg); stroke-width: 4px; paint-order: stroke; text-anchor: middle; pointer-events: none; }
.cw-layers .cw-lost { opacity: .3; }
.cw-marked.cw-layers .cw-arrow, .cw-marked.cw-layers .cw-carries { opacity: .25; }
.cw-marked.cw-layers .cw-arrow.cw-on, .cw-marked.cw-layers .cw-carries.cw-on { opacity: 1; }
.cw-marked.cw-layers .cw-arrow.cw-on { stroke: var(--cw-accent); stroke-width: 2.6; }

.cw-details { flex: 0 1 auto; max-height: 46%; overflow: auto; border-top: 1px solid var(--cw-line); padding: 8px; background: var(--cw-bg); }
.cw-title { display: flex; gap: 7px; align-items: center; font-weight: 600; }
.cw-acts { display: flex; flex-wrap: wrap; gap: 6px; margin: 6px 0; }
.cw-needs li { margin: 2px 0; overflow-wrap: anywhere; }
.cw-said { border-left: 3px solid var(--cw-stale); padding: 3px 0 3px 8px; margin: 6px 0; }
.cw-said.cw-error { border-color: var(--cw-failed); }
.cw-said.cw-info { border-color: var(--cw-line); }
.cw details > summary { cursor: pointer; min-height: 24px; }
.cw-output { margin: 4px 0; overflow: auto; max-width: 100%; }
.cw-output img { max-width: 100%; background: #ffffff; }
.cw-output iframe { width: 100%; border: 1px solid var(--cw-line); background: #ffffff; border-radius: 4px; }
.cw-bar { height: 6px; border-radius: 3px; background: var(--cw-hover); overflow: hidden; margin: 6px 0; }
.cw-bar > div { height: 100%; background: var(--cw-cached); }
.cw-bar.cw-bad > div { background: var(--cw-failed); }
.cw-cards { display: flex; flex-wrap: wrap; gap: 6px; }
.cw-card { border: 1px solid var(--cw-line); border-radius: 4px; padding: 4px 9px; min-width: 76px; }
.cw-card b { display: block; font-size: 15px; font-variant-numeric: tabular-nums; }
.cw-legend li { display: flex; gap: 7px; margin: 3px 0; align-items: center; }

@container (max-width: 300px) { .cw-row .cw-time { display: none; } .cw-row { gap: 5px; } }
@media (forced-colors: active) {
  .cw-chip { border-color: ButtonText; color: ButtonText; background: ButtonFace; }
  .cw-row[aria-selected="true"] { outline: 2px solid Highlight; outline-offset: -2px; }
  .cw-lanes path, .cw-lanes circle, .cw-layers .cw-arrow, .cw-layers .cw-edge { stroke: CanvasText; }
  .cw-layers .cw-edge { fill: Canvas; }
  .cw-layers .cw-head, .cw-layers text, .cw-layers text.cw-line, .cw-layers .cw-carries { fill: CanvasText; stroke: none; }
  .cw-layers .cw-sign { fill: Canvas; stroke: CanvasText; }
  .cw-layers text.cw-letter { fill: CanvasText; }
  .cw-layers .cw-node:focus-visible .cw-edge { stroke: Highlight; }
  .cw button.cw-main { background: ButtonFace; color: ButtonText; border-color: ButtonText; }
  .cw button[aria-pressed="true"], .cw button.cw-tab[aria-selected="true"] { border-color: Highlight; }
}
`;

function states(of: (name: string) => string): string {
  const names = [
    'will-run',
    'cached',
    'running',
    'done',
    'failed',
    'gated',
    'fused',
    'unused',
    'not-run',
    'stale',
    'refused',
  ];
  return names.map(of).join('\n');
}

const added = new WeakSet<Document>();

/** Adds the look to a page, once. A sheet of its own needs no permission of a content security policy. */
export function addStyle(to: Document): void {
  if (added.has(to)) return;
  added.add(to);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  to.adoptedStyleSheets = [...to.adoptedStyleSheets, sheet];
}
