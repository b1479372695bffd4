// SPDX-License-Identifier: BSD-2-Clause
#include "output/html/style.hpp"

namespace acceptscope {

std::string_view html_style() {
  return R"css(
:root{color-scheme:light dark;--page:#fff;--card:#f5f7f9;--text:#1b2026;--soft:#525c67;--edge:#cfd6dd;--link:#0b57a4;
--bar:#1f6fb2;--before:#b85c00;--band:#b9d7ef;--mark:#9a3b00;--c0:#e6eaee;--c1:#cfe9b0;--c2:#9fd8b5;--c3:#62c0c1;--c4:#2fa3c3;
--c5:#1d7fb6;--c6:#2257a3;--c7:#0c2c84}
@media (prefers-color-scheme:dark){:root{--page:#10151b;--card:#18202a;--text:#e7edf3;--soft:#a3b0bd;--edge:#36414d;
--link:#79bdff;--bar:#58a6e8;--before:#f0a04b;--band:#2b4a66;--mark:#ffb077;--c0:#232c37;--c1:#46327e;--c2:#3b528b;--c3:#2c728e;
--c4:#21918c;--c5:#35b779;--c6:#8fd744;--c7:#fde725}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:1180px;margin:0 auto;padding:0 20px}
header{padding-top:20px}
footer{padding-bottom:40px;color:var(--soft)}
code{font-family:ui-monospace,"DejaVu Sans Mono",monospace}
h1{font-size:1.15rem;margin:0;font-weight:600}
h2{font-size:1.5rem;margin:0 0 8px;line-height:1.25}
h3{font-size:1rem;margin:0;line-height:1.35}
p{margin:4px 0}
a{color:var(--link)}
.soft,figcaption p,caption{color:var(--soft);font-size:.875rem}
section{margin:24px 0 48px}
.verdict{border:1px solid var(--edge);border-left:10px solid var(--edge);border-radius:8px;background:var(--card);padding:16px 20px}
.verdict.critical{border-left-color:#b3261e}.verdict.warning{border-left-color:#a15c00}
.verdict.ok{border-left-color:#1a7443}.verdict.info{border-left-color:#1f6fb2}
.further{padding:8px 16px;margin:10px 0}.further h3 .badge{font-size:.8125rem}
.verdict>p.say{font-size:1.25rem;line-height:1.4;margin:10px 0}
.badge{display:inline-block;border-radius:4px;padding:2px 10px;font-size:1rem;font-weight:700;color:#fff;background:#4a545e;
vertical-align:middle;white-space:nowrap}
.critical>h2>.badge,.critical>h3>.badge,.badge.critical{background:#b3261e}.warning>h2>.badge,.warning>h3>.badge,.badge.warning{background:#8f5200}
.ok>h2>.badge,.badge.ok{background:#1a7443}.info>h2>.badge,.info>h3>.badge,.badge.info{background:#1d639e}
.glance{display:grid;grid-template-columns:1fr 1fr 1fr 1.6fr;gap:16px;margin:14px 0 0;padding:0}
.glance>div{border-top:2px solid var(--edge);padding-top:6px}
.glance dt{font-weight:700;color:var(--soft);font-size:.875rem}
.glance dd{margin:0}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:10px;margin:16px 0;padding:0}
.tiles>div{border:1px solid var(--edge);border-radius:8px;padding:8px 12px;display:flex;flex-direction:column}
.tiles dt{color:var(--soft);font-size:.8125rem}
.tiles dd{margin:0}
.tiles dd.n{font-size:1.375rem;font-weight:650;line-height:1.3;font-variant-numeric:tabular-nums}
.tiles dd.s{color:var(--soft);font-size:.8125rem}
.loss{border:2px solid #b3261e;border-radius:8px;padding:10px 16px;margin:16px 0}
ul{margin:4px 0;padding-left:22px}
details{margin:6px 0}
summary{cursor:pointer;font-weight:600;padding:4px 0}
footer summary{font-weight:400}
section{scroll-margin-top:52px}footer h2,footer h3,footer details{scroll-margin-top:52px}
nav{position:sticky;top:0;z-index:1;background:var(--page);border-bottom:1px solid var(--edge);margin-top:12px}
nav ul{display:flex;gap:4px 20px;list-style:none;max-width:1180px;margin:0 auto;padding:8px 20px;overflow-x:auto;white-space:nowrap;font-size:.875rem}
th.say{min-width:15em;line-height:1.5}th.say .badge{font-size:.6875rem;padding:1px 6px}
.none{font-size:.875rem;margin:10px 0}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:20px}
figure{margin:20px 0;min-width:0}.pair>div{min-width:0}.pair .tiles{grid-template-columns:1fr 1fr}
figure.small>svg{max-width:440px}
svg{display:block;width:100%;height:auto;margin-top:8px}
.scroll{overflow-x:auto}
.scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px}
figure.wide .scroll svg{min-width:1000px}
svg text{font:12px system-ui,"DejaVu Sans",sans-serif;fill:var(--text);paint-order:stroke;stroke:var(--page);stroke-width:3px;stroke-linejoin:round}
svg text.l{font-variant-numeric:tabular-nums}
svg text.i{fill:var(--soft)}
svg text.b{font-weight:700}
.axis{stroke:var(--soft);stroke-width:1}
.grid{stroke:var(--edge);stroke-width:1}
.mark{stroke:var(--mark);stroke-width:1.5;stroke-dasharray:5 3}
.even{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:2 3}
svg .curve{fill:none;stroke:var(--bar);stroke-width:2.5}
svg .second{fill:none;stroke:var(--before);stroke-width:2}
.band{fill:var(--band)}
.bar{fill:var(--bar)}.before{fill:var(--before)}.hit{fill:transparent}
.c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}.c4{fill:var(--c4)}.c5{fill:var(--c5)}.c6{fill:var(--c6)}
.c7{fill:var(--c7)}
.heat rect{height:14px;width:var(--w)}
.lanes rect{height:var(--h);fill:var(--bar);stroke:var(--page);stroke-width:.5}.lanes .before{fill:var(--before)}
rect:hover{stroke:var(--text);stroke-width:1.5}
.hit:hover{stroke:none;fill:var(--soft);fill-opacity:.18}
.key{display:flex;flex-wrap:wrap;gap:4px 14px;list-style:none;padding:0;margin:4px 0;font-size:.8125rem}
.key li{display:flex;align-items:center;gap:5px}
.key svg{width:16px;height:12px;margin:0;flex:none}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;width:100%}
caption{text-align:left;padding:4px 0;font-size:.875rem}
caption strong{color:var(--text);font-size:1rem}
th,td{padding:4px 10px 4px 0;text-align:right;border-bottom:1px solid var(--edge);white-space:nowrap;font-weight:400}
thead th{font-weight:600;border-bottom:2px solid var(--soft);vertical-align:bottom}
th.w,td.w{text-align:left}
td.wrap,th.wrap{white-space:normal;text-align:left}
tr.better td,tr.better th,tr.worse td,tr.worse th{font-weight:700}
tr.worse td,tr.worse th{color:var(--mark)}
tr.idle td,tr.idle th{color:var(--soft)}
tr.print{display:none}tr.print td{white-space:normal;text-align:left}
td .b{display:inline-block;width:80px;height:10px;margin-right:6px;vertical-align:middle;background:var(--c0)}
td .b i{display:block;height:100%;background:var(--bar)}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:8px 0;font-size:.875rem}
.facts dt{color:var(--soft)}.facts dd{margin:0}
@media (max-width:900px){.glance{grid-template-columns:1fr 1fr}.pair{grid-template-columns:1fr;gap:0}.tiles{grid-template-columns:1fr 1fr}}
@media (max-width:520px){header,main,footer{padding-left:14px;padding-right:14px}.glance{grid-template-columns:1fr}
.verdict{padding:12px 14px}.verdict>p.say{font-size:1.0625rem}.tiles{grid-template-columns:1fr 1fr}
.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:6px}}
@media print{:root{--page:#fff;--card:#fff;--text:#000;--soft:#444;--edge:#bbb;--link:#000;--bar:#1f6fb2;--before:#b85c00;
--band:#b9d7ef;--mark:#9a3b00;--c0:#e6eaee;--c1:#cfe9b0;--c2:#9fd8b5;--c3:#62c0c1;--c4:#2fa3c3;--c5:#1d7fb6;--c6:#2257a3;--c7:#0c2c84}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
@page{size:landscape;margin:9mm}
h1{font-size:11pt}.loss{margin:4px 0;padding:3px 12px}caption strong{font-size:9.5pt}
nav,.explain,details:not([open]){display:none}
body{font-size:8pt;line-height:1.3}ul{margin:2px 0;font-size:7.5pt}header,main,footer{max-width:none;padding:0}header{padding-top:0}section{margin:8px 0}
h2{font-size:13pt;margin-bottom:2px}h3{font-size:9.5pt}.verdict{padding:6px 12px}.verdict>p.say{font-size:11pt;margin:4px 0}
.badge{font-size:8pt}.glance{grid-template-columns:1fr 1fr 1fr 1.6fr;margin-top:4px;gap:12px}.glance dt{font-size:8pt}
.tiles,.pair .tiles{grid-template-columns:repeat(8,1fr);gap:4px;margin:6px 0}.tiles>div{padding:2px 6px}
.tiles dt,.tiles dd.s{font-size:7pt}.tiles dd.n{font-size:11pt}
.pair{grid-template-columns:1fr 1fr;gap:12px}figure{margin:6px 0}figcaption p,.key,.soft,.none,caption{font-size:7.5pt}
figure.small>svg{max-width:260px}svg{margin-top:2px}
.scroll{overflow:visible}figure.wide .scroll svg{min-width:0;max-width:800px}figure.small figcaption p{display:none}footer h2{font-size:9.5pt}.facts{font-size:7pt;gap:0 12px;margin:2px 0;grid-template-columns:max-content 1fr max-content 1fr}
figure,.verdict,.tiles,tr{break-inside:avoid}h2,h3,caption,figcaption{break-after:avoid}thead{display:table-header-group}
table{font-size:7pt}th,td{padding:1px 5px 1px 0}thead th{white-space:normal;overflow-wrap:normal;font-size:6pt}
td .b,tr.folds{display:none}tr.print{display:table-row}}
)css";
}

}  // namespace acceptscope
