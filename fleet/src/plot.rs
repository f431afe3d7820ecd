//! The year as a picture: three bands over one axis of days. SVG by hand: a few lines of text, no library.

use std::fmt::Write as _;

use chrono::{Datelike as _, NaiveDate, TimeDelta};

use crate::report::{Day, Summary};

const WIDE: usize = 960;
const LEFT: usize = 70;
const RIGHT: usize = 20;

/// A week of the timeline.
#[derive(Clone, Copy, Default)]
struct Week {
    cases: u64,
    no_penalty: u64,
    penalty: u64,
    order: u64,
    other: u64,
    open: u64,
}

fn weeks(days: &[Day]) -> Vec<Week> {
    days.chunks(7)
        .map(|days| {
            let sum = |f: fn(&Day) -> u64| days.iter().map(f).sum();
            Week {
                cases: sum(|d| d.cases),
                no_penalty: sum(|d| d.no_penalty),
                penalty: sum(|d| d.penalty),
                order: sum(|d| d.order),
                other: sum(|d| d.other),
                open: days.last().map_or(0, |d| d.open),
            }
        })
        .collect()
}

/// The smallest of 1, 2, 5, 10, … that is not below `n`.
fn round_up(n: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for m in [1, 2, 5] {
            if step.saturating_mul(m) >= n.max(1) {
                return step.saturating_mul(m);
            }
        }
        step = step.saturating_mul(10);
    }
}

/// A part of a bar: its colour, its name, how many cases of a week it stands for.
type Part = (&'static str, &'static str, fn(&Week) -> u64);

struct Band<'a> {
    title: &'a str,
    top: usize,
    high: usize,
    most: u64,
}

impl Band<'_> {
    /// Height of a value in dots.
    fn dots(&self, value: u64) -> usize {
        let high = u64::try_from(self.high).unwrap_or(0);
        usize::try_from(value.saturating_mul(high).checked_div(self.most).unwrap_or(0)).unwrap_or(0)
    }

    fn frame(&self, out: &mut String) {
        let (bottom, right) = (self.top + self.high, WIDE - RIGHT);
        let _ = write!(
            out,
            r##"<text x="{LEFT}" y="{}" class="t">{}</text>"##,
            self.top.saturating_sub(9),
            self.title
        );
        for part in 0..=2_u64 {
            let value = self.most * part / 2;
            let y = bottom - self.dots(value);
            let _ = write!(
                out,
                r##"<line x1="{LEFT}" y1="{y}" x2="{right}" y2="{y}" stroke="#ddd"/><text x="{}" y="{}" text-anchor="end">{value}</text>"##,
                LEFT - 8,
                y + 4
            );
        }
    }
}

/// Draws the summary's timeline, week by week.
#[must_use]
pub fn svg(summary: &Summary, begins: NaiveDate) -> String {
    let weeks = weeks(&summary.timeline);
    let count = weeks.len().max(1);
    let step = (WIDE - LEFT - RIGHT) / count;
    let step = step.max(1);
    let bar = step.saturating_sub(usize::from(step > 3)).max(1);
    let most = |f: fn(&Week) -> u64| round_up(weeks.iter().map(f).max().unwrap_or(1));
    let cases = Band { title: "每周办结 cases a week", top: 96, high: 150, most: most(|w| w.cases) };
    let outcomes =
        Band {
            title: "每周结果（千分比） outcomes a week, per thousand", top: 300, high: 150, most: 1000
        };
    let backlog = Band {
        title: "周末待复查、待办 waiting at the end of the week",
        top: 504,
        high: 90,
        most: most(|w| w.open),
    };
    let mut out = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} 640" font-family="Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif" font-size="12"><style>.t{{font-size:13px;font-weight:600}}</style><rect width="{WIDE}" height="640" fill="#fff"/>"##
    );
    let _ = write!(
        out,
        r##"<text x="{LEFT}" y="34" font-size="19" font-weight="600">{} · {} 宗 cases · 种子 seed {}</text><text x="{LEFT}" y="58" fill="#555">未处罚 without a penalty {:.1} %（公布 published {:.1} %）：仿真，已校准，未经证明 simulated, calibrated, not proved</text>"##,
        escape(&summary.scenario),
        summary.cases,
        summary.seed,
        summary.no_penalty_share * 100.0,
        f64::from(summary.published_permille) / 10.0
    );
    for band in [&cases, &outcomes, &backlog] {
        band.frame(&mut out);
    }
    let parts: [Part; 4] = [
        ("#2a9d8f", "未处罚 no penalty", |w| w.no_penalty),
        ("#e9c46a", "责令改正 order", |w| w.order),
        ("#d1495b", "警告、罚款 penalty", |w| w.penalty),
        ("#9aa5b1", "其他 other", |w| w.other),
    ];
    for (n, week) in weeks.iter().enumerate() {
        let x = LEFT + n * step;
        rect(&mut out, x, &cases, 0, week.cases, bar, "#4a6fa5");
        let mut below = 0;
        for (colour, _, of) in parts {
            let share = of(week).saturating_mul(1000).checked_div(week.cases).unwrap_or(0);
            rect(&mut out, x, &outcomes, below, share, bar, colour);
            below += share;
        }
        rect(&mut out, x, &backlog, 0, week.open, bar, "#8d6a9f");
    }
    for (n, (colour, name, _)) in parts.into_iter().enumerate() {
        let x = 520 + n * 110;
        let _ = write!(
            out,
            r##"<rect x="{x}" y="281" width="10" height="10" fill="{colour}"/><text x="{}" y="290" font-size="10">{name}</text>"##,
            x + 13
        );
    }
    months(&mut out, begins, count, step);
    if let Some(at) = summary.timeline.len().checked_sub(1) {
        let _ = write!(
            out,
            r##"<text x="{}" y="632" text-anchor="end" fill="#777" font-size="10">{} + {at} d</text>"##,
            WIDE - RIGHT,
            begins
        );
    }
    out.push_str("</svg>\n");
    out
}

fn rect(out: &mut String, x: usize, band: &Band<'_>, below: u64, value: u64, bar: usize, colour: &str) {
    let (from, to) = (band.dots(below), band.dots(below.saturating_add(value)));
    let high = to.saturating_sub(from);
    if high > 0 {
        let y = band.top + band.high - to;
        let _ = write!(out, r##"<rect x="{x}" y="{y}" width="{bar}" height="{high}" fill="{colour}"/>"##);
    }
}

/// Names of months under the bands, as many as fit.
fn months(out: &mut String, begins: NaiveDate, count: usize, step: usize) {
    let mut last = 0_usize;
    for n in 0..count {
        let ahead = TimeDelta::days(i64::try_from(n * 7).unwrap_or(0));
        let day = begins.checked_add_signed(ahead).unwrap_or(begins);
        let x = LEFT + n * step;
        if n == 0 || day.day() <= 7 && x >= last + 52 {
            last = x;
            let _ = write!(
                out,
                r##"<text x="{x}" y="612" fill="#555">{}-{:02}</text>"##,
                day.year(),
                day.month()
            );
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_nothing_and_of_something_is_whole() {
        let begins = NaiveDate::default();
        for days in [0_u32, 1, 400] {
            let timeline = (0..days).map(|day| Day {
                day,
                cases: 9,
                no_penalty: 7,
                penalty: 1,
                order: 1,
                other: 0,
                open: 3,
            });
            let summary =
                Summary { scenario: "a < b".into(), timeline: timeline.collect(), ..Summary::default() };
            let drawn = svg(&summary, begins);
            assert!(drawn.starts_with("<svg") && drawn.trim_end().ends_with("</svg>"));
            assert!(drawn.contains("a &lt; b"));
            assert_eq!(drawn.matches("#4a6fa5").count(), usize::try_from(days.div_ceil(7)).unwrap_or(0));
        }
    }

    #[test]
    fn scales_end_at_round_numbers() {
        assert_eq!([0, 1, 3, 10, 11, 501].map(round_up), [1, 1, 5, 10, 20, 1000]);
    }
}
