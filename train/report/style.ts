/** The style sheet of a report: light and dark by the reader's setting, and black on white on paper. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2430;--dim:#5c6675;--rule:#e3e7ed;--card:#f6f8fa;--shade:rgba(120,130,150,.14);
--good:#1a7f4b;--bad:#c2402e;--warn:#b7791f;--link:#1f5fbf;
--c0:#2f6fd0;--c1:#d9762b;--c2:#2a9d67;--c3:#b4469b;--c4:#8a6d1f;--c5:#159aa6;--c6:#c5402f;--c7:#6a5acd}
@media (prefers-color-scheme:dark){:root{--paper:#14181f;--ink:#e6eaf0;--dim:#9aa6b5;--rule:#2c3440;--card:#1b212a;--shade:rgba(160,175,200,.13);
--good:#3fb37a;--bad:#ef7465;--warn:#e0a84a;--link:#7fb0ff;
--c0:#6ea8ff;--c1:#f2a15f;--c2:#5fce9a;--c3:#dd86ca;--c4:#cdb25c;--c5:#55c6d1;--c6:#f08377;--c7:#a79cff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main,header,nav>div{max-width:1020px;margin:0 auto;padding:0 24px}
header{padding-top:36px}
h1{font-size:28px;line-height:1.2;margin:0 0 6px}
h2{font-size:20px;margin:44px 0 8px;padding-top:16px;border-top:1px solid var(--rule)}
h3{font-size:15px;margin:22px 0 6px}
p{margin:8px 0;max-width:78ch}
a{color:var(--link)}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:10px 12px;white-space:pre-wrap;overflow-wrap:anywhere}
.lead{color:var(--dim);margin:0 0 12px}
.note{color:var(--dim);font-size:13.5px}
nav{position:sticky;top:0;background:var(--paper);border-bottom:1px solid var(--rule);font-size:13px;z-index:1;margin-top:14px}
nav>div{display:flex;flex-wrap:wrap;gap:2px 14px;padding-top:8px;padding-bottom:8px}
nav a{text-decoration:none}
h2,section{scroll-margin-top:64px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(148px,1fr));gap:12px;margin:16px 0}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:12px 14px}
.tile b{display:block;font-size:25px;line-height:1.2;font-variant-numeric:tabular-nums;font-weight:600}
.tile span{display:block;font-size:13px}
.tile small{display:block;color:var(--dim);font-size:12px;line-height:1.4}
.box{border:1px solid var(--rule);border-left:4px solid var(--warn);border-radius:6px;padding:8px 14px;margin:14px 0;background:var(--card)}
.box.bad{border-left-color:var(--bad)}.box.good{border-left-color:var(--good)}
.box ul{margin:4px 0;padding-left:20px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin:10px 0;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:4px 12px 4px 0;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
th{font-weight:600;vertical-align:bottom}
th.n,td.n{text-align:right}
td small,th small{color:var(--dim);font-weight:400;white-space:nowrap}
span.good,b.good{color:var(--good)}span.bad,b.bad{color:var(--bad)}span.warn,b.warn{color:var(--warn)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(380px,1fr));gap:8px 28px;align-items:start}
figure{margin:14px 0;break-inside:avoid}
figure svg{max-width:100%;height:auto;color:var(--ink)}
figcaption{color:var(--dim);font-size:13px;max-width:74ch}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:13px;margin:6px 0}
.legend i{display:inline-block;width:12px;height:12px;border-radius:3px;margin-right:5px;vertical-align:-1px}
.spark{vertical-align:middle;overflow:visible}.spark line{stroke:var(--rule)}.spark path{stroke:var(--c1);stroke-width:2;fill:none}
.spark .up{fill:var(--c0)}.spark .dn{fill:var(--c1)}.spark .mis{fill:var(--dim);opacity:.5}
.drift{display:grid;grid-template-columns:repeat(auto-fill,minmax(218px,1fr));gap:10px 16px;font-size:12px;margin:12px 0}
.drift div{overflow-wrap:anywhere;break-inside:avoid}.drift .spark{display:block;margin-bottom:2px}
details{margin:10px 0}summary{cursor:pointer;color:var(--link)}
footer{color:var(--dim);font-size:12.5px;border-top:1px solid var(--rule);margin-top:44px;padding:14px 0 40px}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--dim:#444;--rule:#ccc;--card:#fff;--shade:#eee;--good:#146c3f;--bad:#a83222;--warn:#8a5a10;--link:#000;
--c0:#2f6fd0;--c1:#d9762b;--c2:#2a9d67;--c3:#b4469b;--c4:#8a6d1f;--c5:#159aa6;--c6:#c5402f;--c7:#6a5acd}
nav{display:none}body{font-size:11pt}main,header{max-width:none;padding:0}h2{break-after:avoid}tr,.tile{break-inside:avoid}.pair{grid-template-columns:1fr 1fr}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`;
