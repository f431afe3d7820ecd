//! What is printed: organ, numbers, papers; and who signed the pack.

use std::collections::{BTreeMap, BTreeSet};

use super::Builder;
use crate::{
    rulebook::{
        Rulebook,
        format::{NumbersFile, Organ, PackSignature, SignaturesFile, TemplatesFile},
        hash::SIGNATURES,
        numbers,
    },
    template::SlipTemplate,
    terms::{Series, SlipKind},
};

impl Builder<'_> {
    pub(super) fn numbers_and_organ(&mut self, below: &[&Rulebook]) -> (BTreeMap<Series, String>, Organ) {
        let mut numbers = BTreeMap::new();
        for import in below {
            numbers.extend(import.numbers.clone());
        }
        let own: NumbersFile = self.read("numbers.toml").unwrap_or_default();
        for (series, format) in &own.numbers {
            if let Some(fault) = numbers::fault(format) {
                let key = serde_json::to_string(series).unwrap_or_default();
                self.found.error("numbers.toml", &format!("numbers.{}", key.trim_matches('"')), fault);
            }
        }
        numbers.extend(own.numbers);
        let organ: Option<Organ> = self.read("organ.toml");
        if let Some(organ) = &organ
            && (organ.code.is_empty()
                || organ.code.len() > 16
                || !organ.code.bytes().all(|b| b.is_ascii_alphanumeric()))
        {
            self.found.error(
                "organ.toml",
                "code",
                "机关代码为 1 至 16 位字母数字 / the organ code has 1 to 16 ASCII letters or digits",
            );
        }
        let organ = organ.or_else(|| below.iter().map(|b| b.organ.clone()).find(|o| !o.name.is_empty()));
        (numbers, organ.unwrap_or_default())
    }

    /// Unsigned is fine at the desk; half signed never is.
    pub(super) fn signatures(&mut self) -> Vec<PackSignature> {
        let read: SignaturesFile = self.read(SIGNATURES).unwrap_or_default();
        let signers: BTreeSet<&str> = read.signatures.iter().map(|s| s.signer.as_str()).collect();
        let keys: BTreeSet<&str> = read.signatures.iter().map(|s| s.key.as_str()).collect();
        if !read.signatures.is_empty() && (signers.len() < 2 || keys.len() < 2) {
            let sentence = "须由两人用各自的密钥签名 / two people sign, each with an own key";
            self.found.error(SIGNATURES, "signature", sentence);
        }
        read.signatures
    }

    pub(super) fn templates(&mut self, below: &[&Rulebook]) -> BTreeMap<SlipKind, SlipTemplate> {
        let mut templates = BTreeMap::new();
        for import in below {
            templates.extend(import.templates.clone());
        }
        let mut own = BTreeSet::new();
        for file in self.in_folder("templates/") {
            let read: TemplatesFile = self.read(&file).unwrap_or_default();
            for (i, template) in read.templates.into_iter().enumerate() {
                if !own.insert(template.kind) {
                    self.found.error(
                        &file,
                        &format!("template[{i}].kind"),
                        "同一文书有两个模板 / two templates for one paper",
                    );
                }
                templates.insert(template.kind, template);
            }
        }
        templates
    }
}
