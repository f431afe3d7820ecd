//! What a reported problem is (GB/T 30428.2 事件代码), and which offences (案由) it may turn out to be. Both
//! are data: the names are a table that an organ publishes, the map is what each offence of the rulebook says
//! of itself. A code never decides anything, it only puts likely offences first.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Hq, error::HqError, store};

/// The codes in memory: every lead asks for them.
#[derive(Default)]
pub(crate) struct Cache(std::sync::Mutex<Option<Arc<EventCodes>>>);

/// A published table of codes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventCodes {
    /// Where it comes from.
    pub source: String,
    /// Not checked against the standard's own text.
    pub sample: bool,
    /// 事件大类: code and name.
    #[serde(default, rename = "class")]
    pub classes: Vec<EventClass>,
    /// 事件小类.
    #[serde(default, rename = "event")]
    pub events: Vec<EventCode>,
}

/// 大类.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventClass {
    /// Two digits.
    pub code: String,
    /// Name.
    pub name: String,
}

/// 小类.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventCode {
    /// Class and kind, four digits.
    pub code: String,
    /// Name.
    pub name: String,
}

impl EventCodes {
    /// Reads the table.
    ///
    /// # Errors
    /// Not the right form, a code twice, a class that is not there.
    pub fn parse(text: &str) -> Result<EventCodes, HqError> {
        let codes: EventCodes = toml::from_str(text).map_err(|e| HqError::Bad(e.to_string()))?;
        let mut seen = BTreeMap::new();
        for event in &codes.events {
            if seen.insert(&event.code, ()).is_some() {
                return Err(HqError::Bad(format!(
                    "代码 {} 写了两次 / code {} is there twice",
                    event.code, event.code
                )));
            }
            if !codes.classes.iter().any(|c| event.code.starts_with(&c.code)) {
                return Err(HqError::Bad(format!(
                    "代码 {} 没有大类 / code {} has no class",
                    event.code, event.code
                )));
            }
        }
        Ok(codes)
    }

    /// One code.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&EventCode> {
        self.events.iter().find(|e| e.code == code)
    }
}

impl Hq {
    /// Publishes the table of codes.
    ///
    /// # Errors
    /// The table has faults, or the store failed.
    pub fn publish_event_codes(&self, toml: &str) -> Result<(), HqError> {
        let codes = EventCodes::parse(toml)?;
        self.write(1, move |w| store::put(w, "meta", "event_codes", &codes))?;
        if let Ok(mut cache) = self.inner.event_codes.0.lock() {
            *cache = None;
        }
        Ok(())
    }

    /// The codes in force; none before they are published.
    ///
    /// # Errors
    /// The store failed.
    pub fn event_codes(&self) -> Result<Arc<EventCodes>, HqError> {
        let mut cache = self.inner.event_codes.0.lock().map_err(|_| HqError::Stopped)?;
        if let Some(known) = &*cache {
            return Ok(known.clone());
        }
        let read: Arc<EventCodes> =
            Arc::new(self.read(|r| store::get(r, "meta", "event_codes"))?.unwrap_or_default());
        *cache = Some(Arc::clone(&read));
        Ok(read)
    }

    /// Offences of the newest rulebook that a code may turn out to be, in the rulebook's own order.
    #[must_use]
    pub fn offences_of(&self, code: &str) -> Vec<String> {
        let Some(book) = self.newest_book() else { return Vec::new() };
        book.offences()
            .filter(|o| book.offence(o.id).is_some_and(|o| o.codes.iter().any(|c| c.code == code)))
            .map(|o| o.id.to_owned())
            .collect()
    }
}
