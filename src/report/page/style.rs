//! The style of a page: one sheet, in the page itself.

use super::palette::{DARK, LIGHT, Scheme};
use std::fmt::Write as _;

/// The sheet.
pub(super) fn sheet() -> String {
    let mut text = format!(":root{{color-scheme:light dark;{}}}\n", colours(LIGHT));
    let dark = colours(DARK);
    let _ = writeln!(
        text,
        "@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    );
    for (name, _) in LIGHT.iter().skip(10) {
        let _ = writeln!(text, ".{name}{{fill:var(--{name})}}");
    }
    text.push_str(RULES);
    text
}

fn colours(scheme: Scheme) -> String {
    let mut text = String::new();
    for (name, colour) in scheme {
        let _ = write!(text, "--{name}:{colour};");
    }
    text
}

const RULES: &str = "\
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:64rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:3rem}
h1{font-size:1.75rem;line-height:1.2;margin:0;font-weight:650;letter-spacing:-.015em}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .25rem;font-weight:650;letter-spacing:-.01em}
h3{font-size:.9375rem;line-height:1.4;margin:2rem 0 .5rem;font-weight:650}
h4{font-size:.875rem;line-height:1.4;margin:1rem 0 .25rem;font-weight:600}
p{margin:.25rem 0}
section{margin-top:3rem;padding-top:1.5rem;border-top:1px solid var(--line)}
.lead{font-size:1.125rem;margin:.625rem 0 .25rem}
.mute,.note{color:var(--muted)}
.note{font-size:.875rem}
a{color:var(--link);text-underline-offset:.15em}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:1.25rem 0 0;padding:0;font-size:.9375rem}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
p .good,p .warn,p .bad,td .good,td .warn,td .bad{font-weight:600}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:1.25rem 1.5rem;margin:1.5rem 0 0}
.figures div{display:flex;flex-direction:column-reverse;justify-content:flex-end}
.figures dt{font-size:.8125rem;color:var(--muted)}
.figures dd{margin:0;font-size:1.375rem;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.settings{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;margin:0;font-size:.9375rem}
.settings dt{color:var(--muted)}
.settings dd{margin:0;grid-column:2}
.scroll{overflow-x:auto}
.top{margin-top:1.25rem}
tbody th{min-width:7rem}
table{border-collapse:collapse;width:100%;font-size:.875rem;line-height:1.4;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--muted);font-size:.875rem;padding:0 0 .375rem}
th,td{text-align:left;vertical-align:top;padding:.375rem 1rem .375rem 0;border-bottom:1px solid var(--line);font-weight:400}
tr>:last-child{padding-right:0}
thead th{color:var(--muted);font-size:.8125rem;white-space:nowrap;vertical-align:bottom}
tbody tr:last-child>*{border-bottom:0}
.n{text-align:right;white-space:nowrap}
.t{white-space:nowrap}
.w{width:100%}
.name{min-width:12rem}
.bar{width:40%;min-width:6rem;vertical-align:middle}
.bar i{display:block;height:.625rem;min-width:1px;background:var(--bar);border-radius:1px}
.bar i.none{visibility:hidden}
figure{margin:1.5rem 0 0}
figcaption{font-size:.875rem;color:var(--muted);margin-top:.5rem}
svg{display:block;width:100%;height:auto}
svg text{font-size:12px;fill:var(--ink);pointer-events:none}
svg .tile,svg rect{stroke:var(--ground);stroke-width:1}
svg g:hover>rect{stroke:var(--ink)}
.narrow{display:none}
.runs rect{stroke:none}
.runs .ok{fill:var(--bar)}.runs .part{fill:var(--warn)}.runs .stop{fill:var(--bad)}.runs .gone{fill:var(--muted)}
ul.plain{list-style:none;margin:0;padding:0;font-size:.9375rem}
ul.plain li{padding:.25rem 0;border-bottom:1px solid var(--line)}
ul.plain li:last-child{border-bottom:0}
details{margin-top:1.5rem}
summary{cursor:pointer;font-size:.9375rem;font-weight:650}
summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
details>.scroll{margin-top:.5rem}
.cols{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:0 3rem}
footer{margin-top:4rem;padding-top:1rem;padding-bottom:3rem;font-size:.8125rem;color:var(--muted)}
@media(max-width:40rem){
header,main,footer{padding-left:1rem;padding-right:1rem}
header{padding-top:1.5rem}
h1{font-size:1.5rem}
.figures{grid-template-columns:1fr 1fr;gap:1rem}
.figures dd{font-size:1.1875rem}
.settings{grid-template-columns:1fr;gap:0}
.settings dd{grid-column:1}
.settings dt:not(:first-child){margin-top:.5rem}
.wide{display:none}.narrow{display:block}
table .z{display:none}
.name{min-width:8rem}
th,td{padding-right:.75rem}
section{margin-top:2.25rem}
}
@media print{
body{font-size:10pt}
header{padding-top:0}
header,main,footer{max-width:none;padding-left:0;padding-right:0}
section{break-inside:auto;margin-top:1.5rem}
h2,h3,caption{break-after:avoid}
tr,figure{break-inside:avoid}
nav{display:none}
.bar i,svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sheet_fetches_nothing_and_ends_no_element() {
        let sheet = sheet();
        for forbidden in ["url(", "@import", "http", "<", "&"] {
            assert!(!sheet.contains(forbidden), "{forbidden}");
        }
        assert_eq!(sheet.matches('{').count(), sheet.matches('}').count());
    }

    #[test]
    fn every_colour_that_is_used_has_a_value() {
        let sheet = sheet();
        for (at, _) in sheet.match_indices("var(--") {
            let rest = &sheet[at + "var(--".len()..];
            let name = &rest[..rest.find(')').unwrap()];
            assert!(LIGHT.iter().any(|(known, _)| *known == name), "{name}");
        }
    }
}
