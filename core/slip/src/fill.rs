//! Fills a rulebook's template: places become words, nothing else is decided here.

use std::collections::BTreeMap;

use ezhifa_law::template::{BlockTemplate, PLACES, Part, SlipTemplate};

use crate::{
    document::{Block, Line, Mark, clean},
    error::SlipError,
};

/// Values by place name. A value may have several lines.
pub type Places = BTreeMap<&'static str, String>;

/// Places without which a paper that has them is not lawful or not traceable: empty is a refusal, not a gap.
const REQUIRED: &[&str] = &[
    "organ",
    "title",
    "number",
    "check_code",
    "officer_1",
    "officer_2",
    "decided_at",
    "act_time",
    "act_place",
    "fact",
    "decision",
    "limb_basis",
    "reconsideration_organ",
    "court",
    "transfer_reason",
    "void_reason",
    "corrects",
    "correction",
    "revokes",
    "revocation_reason",
    "e_address",
    "filing",
    "guardian",
];

/// Places whose value is drawn as a QR code in a block of codes.
const CODES: &[&str] = &["verify_code", "pay_code"];

/// What stands where people sign.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// The two officers; `None` where they only are named.
    pub officers: [Option<Mark>; 2],
    /// The party, or who signs for it; `None` leaves the line out.
    pub party: Option<Mark>,
}

/// The blocks of a filled template.
///
/// # Errors
/// An unknown place, or a required one without a value.
pub fn fill(template: &SlipTemplate, places: &Places, marks: &Marks) -> Result<Vec<Block>, SlipError> {
    let mut blocks = Vec::new();
    for block in &template.blocks {
        let has = |name: &String| places.get(name.as_str()).is_some_and(|v| !v.is_empty());
        if block.when.iter().all(has) && !block.unless.iter().any(has) {
            let lines = lines(block, places, marks)?;
            if !lines.is_empty() {
                blocks.push(Block {
                    part: block.part,
                    label: block.label.clone(),
                    style: block.style,
                    rule_above: block.rule_above,
                    lines,
                });
            }
        }
    }
    Ok(blocks)
}

fn lines(block: &BlockTemplate, places: &Places, marks: &Marks) -> Result<Vec<Line>, SlipError> {
    let mut out = Vec::new();
    for template in &block.lines {
        let names = names(template)?;
        for name in &names {
            let empty = places.get(name).is_none_or(String::is_empty);
            if empty && REQUIRED.contains(name) {
                return Err(SlipError::EmptyPlace { place: (*name).to_owned() });
            }
        }
        if !names.is_empty() && names.iter().all(|n| places.get(n).is_none_or(String::is_empty)) {
            continue;
        }
        let place = |name: &str| names.contains(&name);
        // Among the codes a code is drawn and the rest of its line is the caption; elsewhere it is digits.
        let drawn = names.iter().find(|n| block.part == Part::Codes && CODES.contains(n)).copied();
        let words = words(template, places, drawn);
        if let Some(code) = drawn {
            let code = places.get(code).cloned().unwrap_or_default();
            out.push(Line::Code { code, caption: words });
        } else if place("party_sign") {
            if let Some(mark) = &marks.party {
                out.push(Line::Signature { text: words, mark: mark.clone() });
            }
        } else if let Some(mark) = officer_mark(&names, marks) {
            out.push(Line::Signature { text: words, mark: mark.clone() });
        } else if place("sign_unable") && block.part == Part::Signatures {
            // 捺印: room for a thumb.
            out.push(Line::Signature { text: words, mark: Mark::Ink });
        } else {
            out.extend(words.split('\n').filter(|w| !w.trim().is_empty()).map(Line::text));
        }
    }
    Ok(out)
}

fn officer_mark<'m>(names: &[&str], marks: &'m Marks) -> Option<&'m Mark> {
    let [first, second] = &marks.officers;
    if names.contains(&"officer_1") {
        first.as_ref()
    } else if names.contains(&"officer_2") {
        second.as_ref()
    } else {
        None
    }
}

/// Place names of a line, in order.
fn names(template: &str) -> Result<Vec<&'static str>, SlipError> {
    let mut out = Vec::new();
    let mut rest = template;
    while let Some((_, after)) = rest.split_once('{') {
        let unknown = |name: &str| SlipError::EmptyPlace { place: name.to_owned() };
        let (name, tail) = after.split_once('}').ok_or_else(|| unknown(after))?;
        out.push(*PLACES.iter().find(|p| **p == name).ok_or_else(|| unknown(name))?);
        rest = tail;
    }
    Ok(out)
}

/// The line with its values. A drawn code and a signature are not words.
fn words(template: &str, places: &Places, drawn: Option<&str>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        if Some(name) != drawn && name != "party_sign" {
            let value = places.get(name).map_or("", String::as_str);
            // A sentence of the case and the template may both end: 。。 is never meant.
            let stop = tail.starts_with(['。', '；', '，']);
            let value = if stop { value.trim_end_matches(['。', '；', '，']) } else { value };
            out.push_str(&value.split('\n').map(clean).collect::<Vec<_>>().join("\n"));
        }
        rest = tail;
    }
    out.push_str(rest);
    out.trim().to_owned()
}
