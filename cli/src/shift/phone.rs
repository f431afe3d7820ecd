//! The phone of a shift: opened, enrolled, fed, signed in.

use std::sync::Arc;

use ezhifa_field::{
    casework::seal::{
        hash::tagged,
        sign::{Algorithm, SoftwareKey},
    },
    keys::{FixedKey, Platform},
    office::{FieldOffice, Ports, SyncReport},
    slip::BundledOnly,
    store::Places,
    sync::Network,
    transport::HttpTransport,
    wire::enrol::Ticket,
};

use super::{
    hq::Side,
    scenario::Scenario,
    world::{Clock, Folder, secret},
};
use crate::{error::CliError, say};

/// Opens the sample phone. Its two keys come from the seed and are kept in files, as a phone keeps
/// them in its keystore.
///
/// # Errors
/// The store cannot be opened: wrong key, damaged, no space.
pub fn open(folder: &Folder, clock: &Clock, seed: u64) -> Result<FieldOffice, CliError> {
    let places = Places {
        dir: folder.path("phone/store/journal.db")?.with_file_name(""),
        mark: folder.path("phone/mark")?,
    };
    let from_seed = |what: &str| tagged("ezhifa.sample-key.v1", &[what.as_bytes(), &seed.to_be_bytes()]).0;
    let database = secret(&folder.path("phone/keystore/database")?, || Ok(from_seed("database")))?;
    let device = secret(&folder.path("phone/keystore/device")?, || Ok(from_seed("device")))?;
    let key = SoftwareKey::from_secret(Algorithm::P256Sha256, device)
        .map_err(|e| CliError::new(e, "choose another --seed"))?;
    let ports = Ports {
        platform: Platform::new(Arc::new(FixedKey(database)), clock.0.clone()),
        device_key: Arc::new(key),
        glyphs: Arc::new(BundledOnly),
        app: concat!("ezhifa ", env!("CARGO_PKG_VERSION")).to_owned(),
        model: "sample phone".to_owned(),
    };
    Ok(FieldOffice::open(places, ports)?)
}

/// This phone's name at HQ.
///
/// # Errors
/// Not enrolled.
pub fn device(phone: &FieldOffice) -> Result<String, CliError> {
    Ok(phone.identity()?.enrolled.device.0)
}

/// Enrols if need be, fetches everything, leases numbers, signs the crew in.
///
/// # Errors
/// HQ does not answer, or what it sent cannot be used.
pub fn ready(phone: &FieldOffice, hq: &mut Side, scenario: &Scenario) -> Result<(), CliError> {
    if phone.identity().is_err() {
        let text = hq.ticket()?;
        let ticket =
            Ticket::parse(&text).map_err(|e| CliError::new(e, "ask HQ for a new enrolment ticket"))?;
        let transport = HttpTransport::new(&ticket).map_err(|e| CliError::new(e, "check HQ's address"))?;
        phone.enrol(&text, &transport)?;
        hq.lend(&device(phone)?, scenario)?;
    }
    phone.set_network(Network::Online);
    sync(phone)?;
    for officer in &scenario.crew {
        let pin =
            scenario.hq.officers.iter().find(|o| &o.officer.id == officer).map_or("", |o| o.pin.as_str());
        phone.sign_in(officer, pin)?;
    }
    let [first, second] = &scenario.crew;
    phone.set_crew(first, second, &[])?;
    let numbers = phone.numbers()?;
    say!(
        "phone {} ready: {}",
        device(phone)?,
        numbers.iter().map(|n| format!("{} {}", n.series, n.free)).collect::<Vec<_>>().join(", ")
    );
    Ok(())
}

/// Syncs until there is nothing left to say.
///
/// # Errors
/// HQ does not answer, or asks to wait.
pub fn sync(phone: &FieldOffice) -> Result<SyncReport, CliError> {
    phone.set_network(Network::Online);
    let transport = phone.transport()?;
    let report = phone.sync_now(&transport, &())?;
    if !report.done {
        return Err(CliError::new(
            format!("the sync did not end: {} {}", report.why, report.faults.join("; ")),
            "what is on the phone is kept; run again with --resume",
        ));
    }
    Ok(report)
}

/// Shows HQ's signed receipt: what the crew keeps against HQ.
pub fn receipt(report: &SyncReport) {
    if let Some(receipt) = &report.receipt {
        say!(
            "HQ's signed receipt: {} epoch {} up to entry {} (hash {}…), {} receipts, {} photos and signatures",
            receipt.device.0,
            receipt.epoch,
            receipt.seq,
            receipt.hash.to_string().chars().take(16).collect::<String>(),
            report.receipts,
            report.blobs
        );
    }
}
