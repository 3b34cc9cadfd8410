/** The stylesheet of the report: system fonts, light and dark, phone width. */
export const reportStyle = `
:root { color-scheme: light dark; --ink: #1c2733; --soft: #5d6b7a; --paper: #ffffff; --line: #dfe5ec; --good: #1a7f4b; --bad: #b3412e; --accent: #2f6fde; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf1; --soft: #98a5b3; --paper: #12171d; --line: #2b343f; --good: #58c48d; --bad: #f08a76; --accent: #7fa9ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
p { margin: .4rem 0; } .soft { color: var(--soft); }
dl.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; }
dl.figures div { border: 1px solid var(--line); border-radius: .6rem; padding: .6rem .8rem; }
dt { color: var(--soft); font-size: .82rem; } dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 500; font-size: .85rem; } td.good { color: var(--good); } td.bad { color: var(--bad); }
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1.5rem; align-items: start; }
figure { margin: 0; } figcaption { color: var(--soft); font-size: .88rem; margin-top: .3rem; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; }
code { font: .9em ui-monospace, monospace; }
`;
