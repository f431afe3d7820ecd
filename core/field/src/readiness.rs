//! Status and readiness: what the officer sees before leaving and at any moment of the shift.

use chrono::{Datelike as _, NaiveDateTime, TimeDelta};
use ezhifa_casework::law::decision::PackRef;
use serde::Serialize;

use crate::{
    error::{Error, FieldError},
    feed::local,
    office::{FieldOffice, SeriesNumbers},
};

/// The phone at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Entries that HQ has not confirmed.
    pub unsynced_entries: u64,
    /// Photos that HQ has not confirmed.
    pub unsynced_photos: u64,
    /// Their bytes.
    pub unsynced_bytes: u64,
    /// When the oldest waiting entry was written.
    pub oldest: Option<NaiveDateTime>,
    /// Milliseconds until the next attempt; zero or less: now.
    pub next_attempt_ms: i64,
    /// Why not now, one sentence.
    pub why: String,
    /// Decisions not yet filed (备案).
    pub unfiled: u64,
    /// When the first of them is due.
    pub filing_due: Option<NaiveDateTime>,
    /// Numbers by series and year.
    pub numbers: Vec<SeriesNumbers>,
    /// Decided and not yet signed.
    pub unsigned: u64,
    /// Epochs that HQ does not take (roll-back, clone).
    pub forks: Vec<String>,
    /// The right time minus the phone's, when HQ, a satellite or both officers said it since the last boot.
    pub skew_ms: Option<i64>,
    /// Whether a decision may state the phone's time.
    pub clock_trusted: bool,
}

/// One line of the check before a shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// Stable code.
    pub what: &'static str,
    /// Fine?
    pub ok: bool,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

fn minute(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

fn line(what: &'static str, ok: bool, zh: String, en: String) -> Ready {
    Ready { what, ok, zh, en }
}

impl FieldOffice {
    /// The phone at a glance.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn status(&self) -> Result<Status, FieldError> {
        let numbers = self.numbers()?;
        Ok(self.read_status(numbers)?)
    }

    /// What is missing before a shift: law, lists of earlier offences, roster, calendar, numbers, pay codes, space,
    /// clock; and until when the phone may work offline.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn readiness(&self) -> Result<Vec<Ready>, FieldError> {
        let numbers = self.numbers()?;
        Ok(self.check(&numbers)?)
    }

    fn check(&self, numbers: &[SeriesNumbers]) -> Result<Vec<Ready>, Error> {
        let (inbox, now) = self.inbox_now()?;
        let mut out = Vec::new();
        match inbox.law_on(now.date()) {
            Ok(law) => {
                let PackRef { id, version, .. } = law.reference();
                let sample = if law.is_sample() { "（样本） (sample)" } else { "" };
                out.push(line(
                    "rulebook",
                    true,
                    format!("规则包 {id} 第{version}版{sample}"),
                    format!("rulebook {id} version {version}{sample}"),
                ));
            }
            Err(_) => out.push(line(
                "rulebook",
                false,
                "没有今天有效的规则包".into(),
                "no rulebook in force today".into(),
            )),
        }
        let lists = inbox.law_on(now.date()).ok().map(|law| {
            let limit = TimeDelta::hours(i64::from(law.settings().max_replica_hours));
            let found = inbox.history(&law, "", &["0"], now);
            let until = found.history.as_of.and_then(|as_of| as_of.checked_add_signed(limit));
            (found.history.as_of, until, found.missing_months.len())
        });
        let (as_of, lists_until, missing) = lists.unwrap_or_default();
        let shown = |at: Option<NaiveDateTime>| at.map_or_else(|| "无 / none".to_owned(), minute);
        out.push(line(
            "history",
            lists_until.is_some_and(|until| now <= until),
            format!("初次违法名单截至 {}，缺{missing}个月", shown(as_of)),
            format!("first-offence lists as of {}, {missing} months missing", shown(as_of)),
        ));
        let orders = inbox.orders().len();
        out.push(line(
            "orders",
            true,
            format!("本辖区未结责令改正{orders}件"),
            format!("{orders} open orders in this branch"),
        ));
        let (free, lent) = self.pay_codes()?;
        out.push(line(
            "pay_codes",
            lent == 0 || free > 0,
            format!("缴款码剩{free}个，共领{lent}个"),
            format!("{free} of {lent} pay codes left"),
        ));
        for fault in &inbox.faults {
            out.push(line(
                "feed",
                false,
                format!("收到的数据不可用：{fault}"),
                format!("cannot be used: {fault}"),
            ));
        }
        match inbox.roster() {
            Ok(roster) => {
                let valid = roster.officers.iter().filter(|o| o.certified_on(now.date())).count();
                out.push(line(
                    "roster",
                    valid >= 2,
                    format!("名册：{valid}人证件有效"),
                    format!("roster: {valid} valid certificates"),
                ));
            }
            Err(_) => out.push(line("roster", false, "没有名册".into(), "no roster".into())),
        }
        let known = inbox.calendar().map(|c| c.known_until());
        let far = known.is_some_and(|until| until > now.date());
        let until = known.map_or_else(|| "无 / none".to_owned(), |d| d.to_string());
        out.push(line("calendar", far, format!("工作日历至 {until}"), format!("calendar until {until}")));
        let this_year = now.year();
        for series in numbers.iter().filter(|s| !s.series.starts_with("drill-") && s.year >= this_year) {
            let (word, year, free) = (&series.series, series.year, series.free);
            let (zh, en) = if series.low {
                ("，不足一半，请联网领取", ": less than half, go online")
            } else {
                ("", "")
            };
            out.push(line(
                "numbers",
                free > 0,
                format!("{year}年{}文书剩{free}号{zh}", series_zh(word)),
                format!("{free} {word} numbers of {year} left{en}"),
            ));
        }
        // Whoever decides after midnight on 31 December needs numbers of the new year.
        if now.month() == 12 && !numbers.iter().any(|s| s.year > this_year && s.free > 0) {
            let next = this_year.saturating_add(1);
            out.push(line(
                "numbers_next_year",
                false,
                format!("尚未领取{next}年号段，跨年后不能作出决定"),
                format!("no numbers of {next} yet: nothing can be decided after midnight on 31 December"),
            ));
        }
        let room = self.opened()?.store.room_for_captures().is_ok();
        out.push(line(
            "space",
            room,
            if room {
                "存储空间充足"
            } else {
                "存储空间不足，暂不能采集影像；当前案件可以办完"
            }
            .to_owned(),
            if room { "enough space" } else { "low on space: no captures; the running case can be finished" }
                .to_owned(),
        ));
        if !numbers.iter().any(|s| s.free > 0) {
            out.push(line("numbers", false, "没有可用文书号".into(), "no numbers".into()));
        }
        let status = self.read_status(numbers.to_vec())?;
        let late = status.filing_due.is_some_and(|due| due < now);
        out.push(line(
            "filing",
            !late,
            format!("待备案{}件", status.unfiled),
            format!("{} decisions not filed", status.unfiled),
        ));
        // What runs out first: filing, the lists of earlier offences, the calendar.
        let days = known.and_then(|day| day.and_hms_opt(23, 59, 0));
        let offline = [status.filing_due, lists_until, days].into_iter().flatten().min();
        out.push(line(
            "offline",
            offline.is_some_and(|until| now < until),
            format!("离线办案最晚到 {}", shown(offline)),
            format!("offline work is safe until {}", shown(offline)),
        ));
        out.push(line(
            "unsigned",
            status.unsigned == 0,
            format!("待签发{}件", status.unsigned),
            format!("{} papers not signed", status.unsigned),
        ));
        out.push(line(
            "journal",
            status.forks.is_empty(),
            "日志与指挥中心一致".into(),
            "journal agrees with HQ".into(),
        ));
        let skew = status.skew_ms.map(|s| s / 1000);
        out.push(line(
            "clock",
            status.clock_trusted,
            skew.map_or("手机时间未校准".to_owned(), |s| format!("手机时间相差{s}秒")),
            skew.map_or("the phone's clock was not checked".to_owned(), |s| {
                format!("the phone's clock is {s} s off")
            }),
        ));
        Ok(out)
    }

    fn read_status(&self, numbers: Vec<SeriesNumbers>) -> Result<Status, Error> {
        let raw = self.raw_status()?;
        Ok(Status {
            unsynced_entries: raw.unsent.entries,
            unsynced_photos: raw.unsent.files,
            unsynced_bytes: raw.unsent.bytes,
            oldest: raw.unsent.oldest_ms.map(local),
            next_attempt_ms: raw.next_attempt_ms,
            why: raw.why,
            unfiled: raw.unfiled,
            filing_due: raw.filing_due,
            numbers,
            unsigned: raw.unsigned,
            forks: raw.forks,
            skew_ms: raw.skew_ms,
            clock_trusted: raw.clock_trusted,
        })
    }
}

/// What officers call a series of numbers.
fn series_zh(word: &str) -> &str {
    match word {
        "penalty" => "当场处罚",
        "no_penalty" => "不予处罚",
        "order" => "责令改正",
        "notice" => "告知",
        "hand_written" => "手写",
        other => other,
    }
}
