/** The page's whole style. Its digest stands in the page's security policy, so it must be sent unchanged. */
export const DASHBOARD_STYLE = `
:root { color-scheme: light dark; --fg: #1c2330; --soft: #5b6675; --bg: #f5f6f8; --card: #fff;
  --line: #dfe3e8; --accent: #2b6cb0; --good: #1f7a4a; --warn: #a15c00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --fg: #e6e9ee; --soft: #9aa5b4; --bg: #12161d;
  --card: #1b212b; --line: #2e3744; --accent: #7ab3ef; --good: #6fcf97; --warn: #f2b35e; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--fg);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem; margin-bottom: 1.25rem; }
h1 { font-size: 1.6rem; margin: 0; letter-spacing: -.02em; }
h2 { font-size: 1.1rem; margin: 2rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .4rem 0; }
a { color: var(--accent); }
.soft { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.15rem; min-width: 0; }
.card.wide { grid-column: 1 / -1; }
.title { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: .5rem; }
.state { font-weight: 600; }
.fresh { color: var(--good); } .stale, .unknown { color: var(--warn); } .suspect { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .7rem 0 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
progress { width: 100%; height: .7rem; accent-color: var(--accent); }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: .3rem 0 .9rem; padding: .7rem .9rem; background: var(--bg); border: 1px solid var(--line);
  border-radius: 6px; overflow-x: auto; user-select: all; }
details + details { margin-top: .5rem; }
summary { cursor: pointer; font-weight: 600; }
footer { margin-top: 2rem; color: var(--soft); font-size: .9rem; }
`
