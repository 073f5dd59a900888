import { plotStyle } from './line-plot.ts';

/**
 * The look of every page: light and dark, wide and narrow, readable without colour. All pairs of colours that meet have a contrast of
 * 4.5 to 1 at least; nothing moves.
 */
export const reportStyle: string = `
:root { color-scheme: light dark; --page: #ffffff; --ink: #1b1f24; --soft: #59636e; --line: #dde1e6; --edge: #868f99; --card: #f6f7f9; --good: #116329; --bad: #b3212d; --ran: #0757ba; --good-page: #e3f6e7; --bad-page: #fdeaea; --ran-page: #e3effd; --none-page: #eceff2; --amber-page: #fdf0c8; --violet: #7341c9; --amber: #835400; --teal: #14656b; }
@media (prefers-color-scheme: dark) { :root { --page: #0f1318; --ink: #e4e8ee; --soft: #9ca5b0; --line: #2a313a; --edge: #77818c; --card: #171c23; --good: #5fcf76; --bad: #ff8580; --ran: #79b8ff; --good-page: #12301c; --bad-page: #401a1c; --ran-page: #10294a; --none-page: #252c35; --amber-page: #3d3010; --violet: #b794f6; --amber: #dda73f; --teal: #5fc5cc; } }
@media (prefers-contrast: more) { :root { --soft: var(--ink); --line: var(--edge); } }
* { box-sizing: border-box; }
html { scroll-padding-top: 16px; -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 1480px; padding: 0 32px 64px; background: var(--page); color: var(--ink); font: 16px/1.6 system-ui, sans-serif; }
header { padding-top: 40px; max-width: 1080px; }
main:focus { outline: none; } section { max-width: 1080px; } section[aria-labelledby='graph'] { max-width: none; } h1, h2, h3 { line-height: 1.25; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 32px; font-weight: 650; letter-spacing: -0.015em; margin: 0 0 20px; } h2 { font-size: 21px; font-weight: 650; letter-spacing: -0.005em; margin: 56px 0 14px; } h3 { font-size: 16px; font-weight: 600; margin: 24px 0 8px; } p { margin: 0 0 8px; }
.kind { color: var(--soft); font-size: 13px; letter-spacing: 0.02em; margin: 0 0 2px; } .lead { font-size: 17px; } .note { color: var(--soft); } p.note { font-size: 14px; margin-top: 8px; }
a { color: var(--ran); text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 3px; } td a, th a, .cards a, nav a { display: inline-block; min-width: 24px; min-height: 24px; text-decoration-color: var(--edge); } a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--ran); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: 16px; top: -80px; padding: 8px 14px; background: var(--page); z-index: 1; } .skip:focus { top: 12px; }
.verdict { border: 1px solid var(--line); border-left: 6px solid var(--edge); border-radius: 8px; padding: 18px 22px; background: var(--card); } .verdict p { margin: 0 0 6px; overflow-wrap: anywhere; } .verdict.good { border-left-color: var(--good); } .verdict.bad { border-left-color: var(--bad); }
.verdict .said { font-size: 18px; } .said strong { display: inline-block; margin-right: 6px; } .verdict.good strong { color: var(--good); } .verdict.bad strong { color: var(--bad); }
.said strong::first-letter { text-transform: uppercase; } .facts { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 10px 0 0; padding: 0; color: var(--soft); font-size: 14px; }
nav { margin-top: 20px; font-size: 14px; } nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 18px; } nav a { color: var(--soft); text-decoration: none; padding: 2px 0; } nav a:hover { color: var(--ink); text-decoration: underline; }
.pill { display: inline-block; border-radius: 999px; padding: 0 9px; font-size: 13px; line-height: 22px; white-space: nowrap; background: var(--none-page); color: var(--ink); } .pill.good { background: var(--good-page); color: var(--good); } .pill.bad { background: var(--bad-page); color: var(--bad); } .pill.ran { background: var(--ran-page); color: var(--ran); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; line-height: 1.5; font-variant-numeric: tabular-nums; } th, td { text-align: left; padding: 5px 20px 5px 0; border-bottom: 1px solid var(--line); font-weight: 400; vertical-align: top; } thead th, thead td { color: var(--soft); font-size: 13px; border-bottom-color: var(--edge); white-space: nowrap; } tbody tr:last-child > * { border-bottom: 0; }
.narrow { width: auto; min-width: min(100%, 420px); } .number, thead th.number { text-align: right; white-space: nowrap; } td.note { font-size: 13px; } th code, td code { overflow-wrap: anywhere; } td code { white-space: pre-wrap; }
.bar { width: 130px; min-width: 90px; } .bar div { height: 8px; margin-top: 7px; border-radius: 2px; background: var(--ran); min-width: 2px; } .failed .bar div { background: var(--bad); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; } code { font-size: 0.92em; }
.cards { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 260px), 1fr)); gap: 16px; } .cards li { border: 1px solid var(--line); border-radius: 8px; padding: 14px 18px 10px; min-width: 0; } .cards p { margin: 0; } .cards .label { font-weight: 600; overflow-wrap: anywhere; } .cards .label .note { font-weight: 400; font-size: 13px; margin-left: 6px; }
.cards .value { font-size: 28px; font-weight: 600; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; line-height: 1.4; } .cards p.note { font-size: 13px; } .change { font-size: 14px; font-weight: 500; letter-spacing: 0; color: var(--soft); white-space: nowrap; } .change.good { color: var(--good); } .change.bad { color: var(--bad); }
.said-list { list-style: none; padding: 0; margin: 0; } .said-list li { padding: 10px 0; border-bottom: 1px solid var(--line); } .said-list p { margin: 0; } .said-list code { color: var(--soft); }
details { margin: 10px 0; border: 1px solid var(--line); border-radius: 8px; padding: 0 16px; } summary { padding: 8px 0; min-height: 24px; cursor: pointer; font-size: 15px; overflow-wrap: anywhere; } details[open] > summary { margin-bottom: 4px; } details > :last-child:not(summary) { margin-bottom: 14px; }
.picture { border: 1px solid var(--line); border-radius: 8px; max-height: 92vh; overflow: auto; text-align: center; padding: 8px; background: var(--page); } .picture .cw-graph .page { fill: var(--page); } .picture svg { max-width: 100%; min-width: var(--least, 0); height: auto; }
.cell { margin: 28px 0; min-width: 0; } .cell-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 12px; margin-bottom: 6px; font-size: 13px; } .cell-name { font-size: 14px; font-weight: 600; margin: 0; } .cell-name .note { font-weight: 400; font-variant-numeric: tabular-nums; }
pre { margin: 0 0 8px; padding: 10px 14px; overflow: auto; font-size: 13px; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; } .source { background: var(--card); border: 1px solid var(--line); border-radius: 6px; } .source code { font-size: inherit; } .cell.failed > .source { border-color: var(--bad); }
.stderr { border-left: 3px solid var(--amber); } .error { border-left: 3px solid var(--bad); background: var(--card); } .capped { max-height: 600px; }
.prose { max-width: 76ch; overflow-wrap: anywhere; white-space: pre-wrap; } img { max-width: 100%; height: auto; background: #ffffff; border-radius: 4px; } .cell img { display: block; margin: 8px 0; } iframe { width: 100%; border: 1px solid var(--line); border-radius: 6px; background: #ffffff; resize: vertical; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 24px; margin: 0; font-size: 14px; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 13px; }
.packages { list-style: none; margin: 0; padding: 0; columns: 220px; font-size: 13px; } footer { margin-top: 56px; color: var(--soft); font-size: 13px; }
.gone { color: var(--bad); } .new { color: var(--good); }
.b { font-weight: 700; } .i { font-style: italic; } .u { text-decoration: underline; }
.f0, .f8 { color: var(--soft); } .f1, .f9 { color: var(--bad); } .f2, .f10 { color: var(--good); } .f3, .f11 { color: var(--amber); } .f4, .f12 { color: var(--ran); } .f5, .f13 { color: var(--violet); } .f6, .f14 { color: var(--teal); } .f7, .f15 { color: inherit; } .c { color: var(--l); } .inv { background: var(--ink); color: var(--page); }
.k0, .k7, .k8, .k15 { background: var(--none-page); } .k1, .k5, .k9, .k13 { background: var(--bad-page); } .k2, .k10 { background: var(--good-page); } .k3, .k11 { background: var(--amber-page); } .k4, .k6, .k12, .k14 { background: var(--ran-page); }
@media (prefers-color-scheme: dark) { .c { color: var(--d); } }
@media (min-width: 1180px) { body { display: grid; grid-template-columns: 176px minmax(0, 1fr); column-gap: 56px; align-items: start; } header, main, footer { grid-column: 2; } nav { grid-column: 1; grid-row: 1 / span 3; position: sticky; top: 40px; margin-top: 40px; max-height: calc(100vh - 60px); overflow-y: auto; } nav ul { display: block; } }
@media (max-width: 640px) { .wide table:not(.narrow) { min-width: 600px; } body { padding: 0 16px 48px; font-size: 15px; } header { padding-top: 24px; } h1 { font-size: 25px; } h2 { font-size: 19px; margin-top: 44px; } .verdict { padding: 14px 16px; } .verdict .said { font-size: 16px; } dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: 8px; } nav a { padding: 4px 0; } }
@media (forced-colors: active) { .pill, .bar div { border: 1px solid; } }
@media print { .wide, .capped, .picture { overflow: visible; max-height: none; } nav, .skip { display: none; } }
${plotStyle}`;
