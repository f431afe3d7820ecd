//! The phone's one object, call for call.

use std::sync::Arc;

use ezhifa_field::{
    casework::{
        command::Command,
        event::{CaseId, Source},
        people::{OfficerId, Place},
    },
    clock::SystemClock,
    error::{Error, FieldError},
    keys::{Entropy, Platform, SystemEntropy},
    office::Ports,
    slip::BundledOnly,
    store::Places,
    transport::HttpTransport,
    wire::enrol::Ticket,
};

use crate::{
    PhoneError, PhoneKeys,
    keys::{DatabaseKeys, DeviceKey},
};

/// One line of the check before a shift.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Ready {
    /// Stable code.
    pub what: String,
    /// Fine?
    pub ok: bool,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// The phone at a glance.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Status {
    /// Entries that HQ has not confirmed.
    pub unsynced_entries: u64,
    /// Photos that HQ has not confirmed.
    pub unsynced_photos: u64,
    /// Milliseconds until the next attempt; zero: now.
    pub next_attempt_ms: i64,
    /// Why not now, one sentence.
    pub why: String,
    /// Decisions not yet filed (备案).
    pub unfiled: u64,
}

/// One case in a list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CaseLine {
    /// Case.
    pub id: String,
    /// Where.
    pub place: String,
    /// How far it is.
    pub phase: String,
    /// Numbers of its papers, decision first.
    pub numbers: Vec<String>,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Synced {
    /// Everything that could go is gone and everything there is was fetched.
    pub done: bool,
    /// Milliseconds until the next attempt makes sense.
    pub wait_ms: Option<i64>,
    /// Why it waits, one sentence.
    pub why: String,
    /// Things that could not be used; they held up nothing.
    pub faults: Vec<String>,
}

/// The phone. One per process, shared; its calls block.
#[derive(uniffi::Object)]
pub struct FieldOffice(ezhifa_field::FieldOffice);

#[uniffi::export]
impl FieldOffice {
    /// Opens the phone: `folder` for database and evidence, `mark` a small file outside of it that no
    /// backup restores, which tells a phone set back from one that went on.
    ///
    /// # Errors
    /// The key is not available, is the wrong one, or the store is damaged: nothing was changed then.
    #[uniffi::constructor]
    pub fn open(folder: String, mark: String, keys: Arc<dyn PhoneKeys>) -> Result<Arc<Self>, PhoneError> {
        let mut run = [0; 16];
        SystemEntropy.fill(&mut run).map_err(|e| FieldError::from(Error::from(e)))?;
        // The monotonic clock starts with the process, so each run counts as a boot of its own.
        let clock = SystemClock::new(format!("{:032x}", u128::from_be_bytes(run)));
        let ports = Ports {
            platform: Platform::new(Arc::new(DatabaseKeys(keys.clone())), Arc::new(clock)),
            device_key: Arc::new(DeviceKey::new(keys)?),
            glyphs: Arc::new(BundledOnly),
            app: concat!("ezhifa ", env!("CARGO_PKG_VERSION")).to_owned(),
            model: std::env::consts::OS.to_owned(),
        };
        let places = Places { dir: folder.into(), mark: mark.into() };
        Ok(Arc::new(FieldOffice(ezhifa_field::FieldOffice::open(places, ports)?)))
    }

    /// Whether the phone is enrolled.
    ///
    /// # Errors
    /// None is.
    pub fn is_enrolled(&self) -> Result<bool, PhoneError> {
        Ok(self.0.is_enrolled())
    }

    /// Enrols this phone with the ticket from HQ's desk (`ezhifa:{…}`).
    ///
    /// # Errors
    /// Enrolled already; the ticket is used, expired or not one; no way to HQ.
    pub fn enrol(&self, ticket: String) -> Result<(), PhoneError> {
        let inside = |e: Error| FieldError::from(e);
        let parsed = Ticket::parse(&ticket).map_err(|e| inside(e.into()))?;
        let transport = HttpTransport::new(&parsed).map_err(|e| inside(e.into()))?;
        Ok(self.0.enrol(&ticket, &transport)?)
    }

    /// Sends what waits and fetches what is new, because the officer asked.
    ///
    /// # Errors
    /// Not enrolled, the key or the store; never the network: that is in the report.
    pub fn sync(&self) -> Result<Synced, PhoneError> {
        let report = self.0.sync_now(&self.0.transport()?, &())?;
        Ok(Synced { done: report.done, wait_ms: report.wait_ms, why: report.why, faults: report.faults })
    }

    /// An officer signs in with their own PIN; works offline.
    ///
    /// # Errors
    /// Not on the roster, wrong PIN, too many tries.
    pub fn sign_in(&self, officer: String, pin: String) -> Result<(), PhoneError> {
        Ok(self.0.sign_in(&OfficerId(officer), &pin)?)
    }

    /// The two who answer for what follows; both are signed in.
    ///
    /// # Errors
    /// One of them is not signed in, or they are one person.
    pub fn set_crew(&self, lead: String, second: String) -> Result<(), PhoneError> {
        self.0.set_crew(&OfficerId(lead), &OfficerId(second), &[])?;
        Ok(())
    }

    /// Opens a case found on patrol, at an address that was typed in; gives its id.
    ///
    /// # Errors
    /// Not enrolled, no crew, or the store.
    pub fn open_case(&self, address: String) -> Result<String, PhoneError> {
        let place = Place {
            address,
            lat_e7: None,
            lon_e7: None,
            accuracy_cm: None,
            source: "typed".to_owned(),
            branch: self.0.identity()?.enrolled.branch,
        };
        Ok(self.0.open_case(Source::Patrol, place, false, None)?.0)
    }

    /// The crew has shown its certificates (亮证).
    ///
    /// # Errors
    /// A refusal, or no such case.
    pub fn show_certificates(&self, case_id: String) -> Result<(), PhoneError> {
        self.0.act(&CaseId(case_id), &Command::ShowCertificates)?;
        Ok(())
    }

    /// The newest cases, at most `most`.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn cases(&self, most: u32) -> Result<Vec<CaseLine>, PhoneError> {
        let lines = self.0.cases(usize::try_from(most).unwrap_or(usize::MAX))?;
        let line = |c: ezhifa_field::office::CaseLine| CaseLine {
            id: c.id.0,
            place: c.place,
            phase: c.phase,
            numbers: c.numbers,
        };
        Ok(lines.into_iter().map(line).collect())
    }

    /// What is missing before a shift: law, roster, calendar, numbers, lists, space, clock.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn readiness(&self) -> Result<Vec<Ready>, PhoneError> {
        let ready = self.0.readiness()?;
        Ok(ready
            .into_iter()
            .map(|r| Ready { what: r.what.to_owned(), ok: r.ok, zh: r.zh, en: r.en })
            .collect())
    }

    /// The phone at a glance.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn status(&self) -> Result<Status, PhoneError> {
        let s = self.0.status()?;
        Ok(Status {
            unsynced_entries: s.unsynced_entries,
            unsynced_photos: s.unsynced_photos,
            next_attempt_ms: s.next_attempt_ms,
            why: s.why,
            unfiled: s.unfiled,
        })
    }
}
