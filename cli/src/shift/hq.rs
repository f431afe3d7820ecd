//! The HQ side of a shift: one started here on the loopback, or one elsewhere.

use std::{net::SocketAddr, path::Path};

use ezhifa_field::{casework::people::Private, office::FieldOffice};
use ezhifa_hq::{
    Hq, HqConfig, ServerHandle,
    publish::{NewOrder, NewSeen},
    serve,
};

use super::{
    scenario::Scenario,
    world::{Clock, Folder},
};
use crate::{error::CliError, packs, say};

/// What HQ holds after the sync.
#[derive(Debug, Default)]
pub struct Held {
    /// Entries that the phone wrote and HQ has not.
    pub lost: u64,
    /// HQ's head is the phone's head.
    pub same_head: bool,
    /// Decisions made again.
    pub replayed: Option<u64>,
    /// Of these, not the same to the letter.
    pub mismatches: Option<u64>,
}

/// The side of HQ.
pub enum Side {
    /// Started here.
    Ours(Box<Ours>),
    /// Somebody else's.
    Theirs {
        /// Enrolment ticket.
        ticket: String,
    },
}

/// An HQ in this process.
pub struct Ours {
    hq: Hq,
    addr: SocketAddr,
    server: Option<ServerHandle>,
    branch: String,
}

fn hq_error(error: impl std::fmt::Display) -> CliError {
    CliError::new(format!("HQ: {error}"), "what HQ stored is kept under OUT/hq")
}

impl Side {
    /// Starts or reaches HQ.
    ///
    /// # Errors
    /// No port, a pack that HQ does not take, a ticket that cannot be read.
    pub fn start(
        url: Option<&str>,
        ticket: Option<&str>,
        scenario: &Scenario,
        folder: &Folder,
        clock: &Clock,
    ) -> Result<Side, CliError> {
        if let Some(url) = url {
            let ticket = ticket.unwrap_or_default();
            let text = match ticket.strip_prefix('@') {
                Some(file) => std::fs::read_to_string(file).map_err(|e| {
                    CliError::new(format!("no ticket at {file}: {e}"), "ezhifa hq ticket writes one")
                })?,
                None => ticket.to_owned(),
            };
            if text.trim().is_empty() {
                return Err(CliError::new(
                    format!("{url} needs an enrolment ticket"),
                    "ask HQ for one (ezhifa hq ticket) and give it with --ticket",
                ));
            }
            return Ok(Side::Theirs { ticket: text.trim().to_owned() });
        }
        let dir = folder.path("hq/keep")?;
        let dir = dir.parent().unwrap_or(Path::new("hq")).to_path_buf();
        let fresh = !dir.join("hq.db").exists();
        let mut config = HqConfig::in_dir(&dir, "DGCG", "东莞市城市管理和综合执法局（样例）");
        let time = clock.clone();
        config.clock = std::sync::Arc::new(move || time.ms());
        // One phone on the loopback at the speed of a machine, not of a street.
        config.device_rate = 10_000;
        let hq = Hq::open(config).map_err(hq_error)?;
        // The same port after a kill: the phone knows HQ by its address.
        let wanted =
            std::fs::read_to_string(dir.join("port")).ok().and_then(|p| p.trim().parse::<u16>().ok());
        let addr = SocketAddr::from(([127, 0, 0, 1], wanted.unwrap_or(0)));
        let server = serve(hq.clone(), addr, true).map_err(hq_error)?;
        folder.write("hq/port", server.addr.port().to_string().as_bytes())?;
        let ours = Ours { hq, addr: server.addr, server: Some(server), branch: scenario.hq.branch.clone() };
        if fresh {
            publish(&ours.hq, scenario)?;
            say!("HQ listens on {}", ours.addr);
        }
        Ok(Side::Ours(Box::new(ours)))
    }

    /// The ticket that enrols a phone.
    ///
    /// # Errors
    /// HQ's store failed.
    pub fn ticket(&self) -> Result<String, CliError> {
        match self {
            Side::Ours(ours) => {
                let url = ours.server.as_ref().map(|s| s.url.clone()).unwrap_or_default();
                ours.hq.ticket(&url, &ours.branch).map_err(hq_error)?.text().map_err(hq_error)
            }
            Side::Theirs { ticket } => Ok(ticket.clone()),
        }
    }

    /// What only the desk can lend once the phone has a name: pay codes.
    ///
    /// # Errors
    /// HQ's store failed.
    pub fn lend(&self, device: &str, scenario: &Scenario) -> Result<(), CliError> {
        match self {
            Side::Ours(ours) => ours.hq.add_pay_codes(device, &scenario.hq.pay_codes).map_err(hq_error),
            Side::Theirs { .. } => Ok(()),
        }
    }

    /// Cuts the line: our server really stops.
    pub fn cut(&mut self) {
        if let Side::Ours(ours) = self {
            ours.server = None;
        }
    }

    /// Puts the line back.
    ///
    /// # Errors
    /// The port is taken meanwhile.
    pub fn reconnect(&mut self) -> Result<(), CliError> {
        if let Side::Ours(ours) = self
            && ours.server.is_none()
        {
            ours.server = Some(serve(ours.hq.clone(), ours.addr, true).map_err(hq_error)?);
        }
        Ok(())
    }

    /// What HQ holds of this phone, after it has interpreted everything.
    ///
    /// # Errors
    /// HQ's store failed.
    pub fn held(&self, phone: &FieldOffice) -> Result<Held, CliError> {
        let Side::Ours(ours) = self else {
            // Somebody else's HQ shows its own figures; what it signed for is the phone's status.
            let status = phone.status()?;
            return Ok(Held {
                lost: 0,
                same_head: status.unsynced_entries == 0,
                replayed: None,
                mismatches: None,
            });
        };
        let report = ours.hq.replay_report().map_err(hq_error)?;
        let mut held = Held {
            same_head: true,
            replayed: Some(report.replayed),
            mismatches: Some(report.mismatches),
            ..Held::default()
        };
        for head in phone.verify_journal()?.epochs.into_iter().map(|e| e.head) {
            let journal = ours.hq.journal(&head.device.0, head.epoch).map_err(hq_error)?;
            let seq = journal.as_ref().map_or(0, |j| j.seq);
            held.lost = held.lost.saturating_add(head.seq.saturating_sub(seq));
            held.same_head &= journal.is_some_and(|j| j.hash == head.hash);
        }
        Ok(held)
    }
}

/// Publishes everything that HQ knows before the shift.
///
/// # Errors
/// A pack or the calendar has faults, or HQ's store failed.
pub fn publish(hq: &Hq, scenario: &Scenario) -> Result<(), CliError> {
    let root = packs::project_file("rulebooks");
    let books = packs::load_all(&root, &scenario.rulebooks)?;
    for (files, _) in &books {
        hq.publish_rulebook(files).map_err(hq_error)?;
    }
    let (calendar, _) = packs::read_calendar(&root.join(&scenario.calendar))?;
    hq.publish_calendar(&calendar).map_err(hq_error)?;
    let officers = scenario.hq.officers.iter().map(seed_officer).collect::<Result<Vec<_>, _>>()?;
    hq.publish_roster(&scenario.hq.branch, &officers).map_err(hq_error)?;
    for order in &scenario.hq.open_orders {
        hq.add_open_order(&NewOrder {
            branch: scenario.hq.branch.clone(),
            number: order.number.clone(),
            offence: order.offence.clone(),
            id_number: Private::new(order.id_number.clone()),
            place: order.address.clone(),
            ordered_at: order.ordered_at,
            due: order.due,
            served_at: Some(order.ordered_at),
            served: order.served.clone(),
            ordered_by: order.ordered_by.iter().map(|o| o.0.clone()).collect(),
        })
        .map_err(hq_error)?;
    }
    let deciding = books.last().map(|(_, book)| book);
    let finds: Vec<NewSeen> = scenario
        .hq
        .seen
        .iter()
        .map(|seen| NewSeen {
            branch: scenario.hq.branch.clone(),
            id_number: Private::new(seen.id_number.clone()),
            conduct: deciding
                .and_then(|book| book.offences().find(|o| o.id == seen.offence))
                .map_or_else(|| seen.offence.clone(), |o| o.conduct.to_string()),
            on: seen.on,
            reference: seen.reference.clone(),
        })
        .collect();
    hq.add_seen(&finds).map_err(hq_error)?;
    say!(
        "HQ knows {} rulebooks, {} officers, {} open orders, {} earlier finds",
        books.len(),
        officers.len(),
        scenario.hq.open_orders.len(),
        finds.len()
    );
    Ok(())
}

/// The officer with the verifier of the sample PIN.
fn seed_officer(
    seed: &super::scenario::SeedOfficer,
) -> Result<ezhifa_field::casework::people::Officer, CliError> {
    let mut officer = seed.officer.clone();
    officer.pin_verifier =
        ezhifa_field::casework::seal::pin::make(&seed.pin, &sample_salt(&officer.id.0)).map_err(hq_error)?;
    Ok(officer)
}

/// A salt from the id: this roster is a sample and its PINs are no secret.
fn sample_salt(id: &str) -> [u8; 16] {
    let digest = ezhifa_field::casework::seal::hash::sha256(id.as_bytes());
    let mut salt = [0_u8; 16];
    for (to, from) in salt.iter_mut().zip(digest.0) {
        *to = from;
    }
    salt
}
