//! What is withheld from whom. A body that holds something to withhold is left out whole: its header and
//! digest stay, so that the chain still verifies, and a text with blanks says what the rest was.

use std::collections::BTreeSet;

use ezhifa_casework::{
    event::{CaseEvent, Event, Source},
    law::identity,
    people::{Party, SignerRole, Signing},
};
use serde_json::Value;

use crate::format::{Audience, BLANK, Why};

/// Something that must not be read by this audience.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Secret {
    text: String,
    why: Why,
}

/// What to withhold from one audience, gathered from the whole case.
pub struct Policy {
    audience: Audience,
    secrets: BTreeSet<Secret>,
    /// The party's own numbers, which its own file keeps.
    own: BTreeSet<String>,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Policy({:?}, {} words withheld)", self.audience, self.secrets.len())
    }
}

impl Policy {
    /// Reads the case for its third parties. `words` are further names and phrases that the exporter wants
    /// withheld: people are also named in free text, where no program can be sure to find them.
    #[must_use]
    pub fn of<'e>(
        audience: Audience,
        events: impl IntoIterator<Item = &'e CaseEvent>,
        reporter: &[String],
        words: &[String],
    ) -> Policy {
        let mut policy = Policy { audience, secrets: BTreeSet::new(), own: BTreeSet::new() };
        reporter.iter().for_each(|w| policy.add(w, Why::Reporter));
        words.iter().for_each(|w| policy.add(w, Why::Asked));
        for event in events {
            policy.learn(&event.event);
        }
        policy
    }

    fn add(&mut self, text: &str, why: Why) {
        let text = text.trim();
        if !text.is_empty() {
            self.secrets.insert(Secret { text: text.to_owned(), why });
        }
    }

    fn learn(&mut self, event: &Event) {
        match event {
            Event::Opened { source: Source::CitizenReport { lead } | Source::Petition { lead }, .. } => {
                self.add(lead, Why::Reporter);
            }
            Event::PartyIdentified { party } | Event::Corrected { party: Some(party), .. } => {
                self.keep_own(party);
            }
            Event::Served { signing, .. } | Event::TakingRefused { signing } => self.signer(signing),
            _ => {}
        }
    }

    fn keep_own(&mut self, party: &Party) {
        for own in [&party.id_number, &party.phone] {
            self.own.insert(own.reveal().to_owned());
        }
    }

    /// The party and who acts for it by law are no third parties; who merely took the paper is one.
    fn signer(&mut self, signing: &Signing) {
        let third =
            matches!(signing.role, SignerRole::Receiver | SignerRole::HouseholdAdult | SignerRole::Agent);
        if third && self.audience != Audience::Organ {
            self.add(signing.name.reveal(), Why::ThirdParty);
        }
    }

    /// The body of an entry with blanks and the reasons, or `None` where nothing in it is withheld.
    #[must_use]
    pub fn blanked(&self, kind: &str, body: &str) -> Option<(String, Vec<Why>)> {
        let mut value: Value = serde_json::from_str(body).ok()?;
        let mut why = BTreeSet::new();
        if kind == "evidence"
            && self.audience == Audience::Party
            && let Some(record) = value.get_mut("record").filter(|r| !r.is_null())
        {
            *record = Value::String(BLANK.to_owned());
            why.insert(Why::DeviceData);
        }
        self.blank(&mut value, &mut why);
        (!why.is_empty()).then(|| (value.to_string(), why.into_iter().collect()))
    }

    fn blank(&self, value: &mut Value, why: &mut BTreeSet<Why>) {
        match value {
            Value::String(text) => {
                let blanked = self.text(text, why);
                if blanked != *text {
                    *text = blanked;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|i| self.blank(i, why)),
            Value::Object(fields) => fields.values_mut().for_each(|v| self.blank(v, why)),
            _ => {}
        }
    }

    /// Text with every word to withhold blanked; also ID and mobile numbers that are not the party's own.
    #[must_use]
    pub fn text(&self, text: &str, why: &mut BTreeSet<Why>) -> String {
        let mut out = text.to_owned();
        for secret in self.secrets.iter().rev() {
            // Documents stand in bodies as JSON inside a string: there a quotation mark is escaped.
            let escaped = serde_json::to_string(&secret.text).unwrap_or_default();
            let escaped = escaped.trim_matches('"').to_owned();
            for form in BTreeSet::from([secret.text.clone(), escaped]) {
                if out.contains(&form) {
                    out = out.replace(&form, BLANK);
                    why.insert(secret.why);
                }
            }
        }
        if self.audience == Audience::Organ { out } else { self.numbers(&out, why) }
    }

    fn numbers(&self, text: &str, why: &mut BTreeSet<Why>) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
            let (before, tail) = rest.split_at(start);
            let end = tail.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tail.len());
            let (word, after) = tail.split_at(end);
            out.push_str(before);
            if personal(word) && !self.own.contains(word) {
                out.push_str(BLANK);
                why.insert(Why::ThirdParty);
            } else {
                out.push_str(word);
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// A mainland mobile number, or an ID number whose check digit is right.
fn personal(word: &str) -> bool {
    let mobile = word.len() == 11
        && word.bytes().all(|b| b.is_ascii_digit())
        && word.starts_with('1')
        && word.as_bytes().get(1).is_some_and(|b| (b'3'..=b'9').contains(b));
    mobile || (word.len() == 18 && identity::resident_id(word).is_ok())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_others_go_and_the_partys_own_stay() {
        let mut policy = Policy::of(Audience::Party, [], &[], &["王老板".to_owned()]);
        policy.own.insert("13900000001".to_owned());
        let mut why = BTreeSet::new();
        let text = "王老板13900000002叫我摆的，我的电话13900000001，他身份证11010519491231002X，缴款码44192600000000000123";
        assert_eq!(
            policy.text(text, &mut why),
            "■■■■叫我摆的，我的电话13900000001，他身份证■■，缴款码44192600000000000123"
        );
        assert_eq!(why, BTreeSet::from([Why::Asked, Why::ThirdParty]));
    }

    #[test]
    fn an_organ_sees_everybody_but_the_reporter() {
        let policy = Policy::of(Audience::Organ, [], &["XF-2026-7".to_owned()], &[]);
        let (shown, why) = policy.blanked("case", r#"{"lead":"XF-2026-7","words":"13900000002"}"#).unwrap();
        assert_eq!(shown, r#"{"lead":"■■","words":"13900000002"}"#);
        assert_eq!(why, [Why::Reporter]);
        assert!(policy.blanked("case", r#"{"words":"13900000002"}"#).is_none());
    }

    #[test]
    fn a_document_inside_a_body_is_blanked_too() {
        let policy = Policy::of(Audience::Court, [], &[], &[r#"阿"强"#.to_owned()]);
        let inner = serde_json::json!({ "lines": [r#"由阿"强代收"#] }).to_string();
        let body = serde_json::json!({ "document": inner }).to_string();
        let (shown, _) = policy.blanked("case", &body).unwrap();
        assert!(!shown.contains('强'), "{shown}");
    }

    #[test]
    fn nothing_here_prints_what_it_withholds_or_shows() {
        let mut wishes = crate::Wishes::of(Audience::Party);
        wishes.words.push("张三".to_owned());
        let line = crate::EntryLine {
            run: 0,
            seq: 1,
            body: crate::BodyState::Withheld,
            why: vec![Why::Asked],
            shown: Some("张三■■".to_owned()),
        };
        assert!(!format!("{wishes:?}{line:?}").contains('张'));
        assert!(!format!("{:?}", Policy::of(Audience::Party, [], &["张三".into()], &[])).contains('张'));
    }
}
