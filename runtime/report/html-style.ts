/** The look of the report: light and dark, readable without colour. */
export const reportStyle = `
:root { color-scheme: light dark; --page: #ffffff; --ink: #1c2128; --soft: #57606a; --line: #d0d7de; --card: #f6f8fa; --good: #1a7f37; --bad: #cf222e; --ran: #0969da; }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --card: #151b23; --good: #3fb950; --bad: #f85149; --ran: #58a6ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 24px; }
h1 { font-size: 26px; margin: 0 0 12px; } h2 { font-size: 19px; margin: 32px 0 8px; } h3 { font-size: 17px; margin: 20px 0 4px; } h4 { font-size: 13px; font-weight: 600; color: var(--soft); margin: 0 0 4px; }
a { color: var(--ran); } a:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--ran); outline-offset: 2px; }
.verdict { border: 1px solid var(--line); border-left: 6px solid var(--good); padding: 8px 14px; background: var(--card); } .verdict.failed, .verdict.refused { border-left-color: var(--bad); }
.verdict p { margin: 4px 0; overflow-wrap: anywhere; } .note { color: var(--soft); }
.wide { overflow-x: auto; } .picture { width: calc(100vw - 48px); margin-left: calc(50% - 50vw + 24px); max-height: 95vh; overflow: auto; text-align: center; } .picture svg { max-width: 100%; min-width: min(100%, 480px); height: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; } th, td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); font-weight: 400; vertical-align: top; } thead th { font-weight: 600; }
.narrow { width: auto; min-width: 420px; } .narrow td, .narrow th { padding-right: 20px; } .number, thead th.number { text-align: right; white-space: nowrap; } .bar { width: 120px; } .bar div { height: 9px; margin-top: 7px; background: var(--ran); min-width: 1px; } .cached .bar div { background: var(--good); } .failed .bar div { background: var(--bad); }
.cell { margin: 16px 0; padding-left: 12px; border-left: 3px solid var(--ran); } .cell.cached { border-color: var(--good); } .cell.failed { border-color: var(--bad); } .cell.not-run { border-color: var(--line); }
pre { margin: 0 0 8px; padding: 8px 10px; overflow-x: auto; font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 600px; } .source { background: var(--card); border: 1px solid var(--line); max-height: none; } .stderr { border-left: 3px solid #bf8700; } .error { border-left: 3px solid var(--bad); }
.prose { white-space: pre-wrap; overflow-wrap: anywhere; } img { max-width: 100%; background: #ffffff; } iframe { width: 100%; border: 1px solid var(--line); background: #ffffff; resize: vertical; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, monospace; font-size: 13px; }
.b { font-weight: 700; } .i { font-style: italic; } .u { text-decoration: underline; } .inv { filter: invert(1); }
.f0 { color: #57606a; } .f1, .f9 { color: var(--bad); } .f2, .f10 { color: var(--good); } .f3, .f11 { color: #9a6700; } .f4, .f12 { color: var(--ran); } .f5, .f13 { color: #8250df; } .f6, .f14 { color: #1b7c83; } .f7, .f15 { color: inherit; } .f8 { color: var(--soft); }
.k1, .k9 { background: #ffcecb; } .k2, .k10 { background: #aceebb; } .k3, .k11 { background: #fae17d; color: #1c2128; } .k4, .k12 { background: #b6e3ff; } .k5, .k13 { background: #e2c5ff; } .k6, .k14 { background: #b3f0ff; } .k7, .k15 { background: #eaeef2; }
@media print { .source { max-height: none; } }
`;
