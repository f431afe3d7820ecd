//! The phone's one object, call for call.

use std::{path::PathBuf, sync::Arc};

use ezhifa_field::{
    FieldOffice as Core,
    casework::law::identity,
    error::{Error, FieldError},
    keys::{Entropy, Platform, SystemEntropy},
    office::{Ports, Taken},
    printer::Profile,
    search,
    slip::{BundledOnly, GlyphSource},
    store::{Places, Store},
    transport::Transport,
    wire::enrol::Ticket,
};

use crate::{
    FieldCase, PhoneError, PhoneKeys,
    keys::{DatabaseKeys, DeviceKey},
    ports::*,
    records::*,
    words::*,
};

/// The phone and what the app wants to hear of it; shared by [`FieldOffice`] and its cases.
pub(crate) struct Inside {
    pub(crate) phone: Core,
    platform: PhonePlatform,
    clock: Arc<Clocks>,
}

impl Inside {
    /// One call. What failed goes to the log by its code.
    pub(crate) fn ask<T>(
        &self,
        call: &str,
        work: impl FnOnce(&Core) -> Result<T, FieldError>,
    ) -> Result<T, PhoneError> {
        self.clock.look();
        let answer = work(&self.phone).map_err(PhoneError::from);
        if let (Err(e), Some(log)) = (&answer, &self.platform.log) {
            let _ = log.log(grave(e), format!("{call}: {}", e.why().code));
        }
        answer
    }

    /// One call that changes something: the observer hears of it when it is stored.
    pub(crate) fn change<T>(
        &self,
        call: &str,
        what: Change,
        work: impl FnOnce(&Core) -> Result<T, FieldError>,
    ) -> Result<T, PhoneError> {
        let done = self.ask(call, work)?;
        if let Some(observer) = &self.platform.observer {
            let _ = observer.changed(what);
        }
        Ok(done)
    }

    /// The app's own way to HQ, or the library's.
    pub(crate) fn way(&self, ticket: &Ticket, wait: Wait) -> Result<Box<dyn Transport>, FieldError> {
        match &self.platform.transport {
            Some(app) => Ok(Box::new(ForeignTransport {
                app: app.clone(),
                base: ticket.url.clone(),
                ca: ticket.ca.clone().unwrap_or_default(),
            })),
            None => ready_way(ticket, wait),
        }
    }

    fn steps(&self, app: Option<Arc<dyn SyncProgress>>) -> Steps {
        Steps { app, clock: self.clock.clone() }
    }

    fn way_of(&self, phone: &Core) -> Result<Box<dyn Transport>, FieldError> {
        self.way(&Ticket::from(&phone.identity()?), Wait::Long)
    }

    /// The last good position of the platform.
    fn here(&self) -> Option<Fix> {
        self.platform.location.as_ref().and_then(|l| l.here().ok().flatten())
    }

    /// Where the case is: the typed address, at the platform's position where there is one.
    fn place(&self, address: String, branch: String) -> Place {
        let fix = self.here();
        Place {
            address,
            lat_e7: fix.as_ref().map(|f| f.lat_e7),
            lon_e7: fix.as_ref().map(|f| f.lon_e7),
            accuracy_cm: fix.as_ref().map(|f| f.accuracy_cm),
            source: fix.map_or_else(|| "typed".to_owned(), |f| f.source),
            branch,
        }
    }

    /// What is taken, at the platform's position where there is one.
    pub(crate) fn shot(&self, shot: Shot) -> Result<ezhifa_field::office::Shot, FieldError> {
        let record = if shot.record.is_empty() {
            serde_json::Value::Null
        } else {
            serde_json::from_str(&shot.record).map_err(inside)?
        };
        let place = self.here().map(|f| ezhifa_field::office::Fix {
            lat_e7: f.lat_e7,
            lon_e7: f.lon_e7,
            accuracy_cm: Some(f.accuracy_cm),
            source: f.source,
        });
        Ok(ezhifa_field::office::Shot {
            kind: shot.kind,
            stage: shot.stage,
            caption: shot.caption,
            place,
            record,
            thumbnail: shot.thumbnail,
        })
    }
}

/// How long a call may wait for HQ.
#[derive(Clone, Copy)]
pub(crate) enum Wait {
    /// In the background.
    Long,
    /// While officers and a party look on.
    Brief,
}

#[cfg(feature = "https")]
fn ready_way(ticket: &Ticket, wait: Wait) -> Result<Box<dyn Transport>, FieldError> {
    use ezhifa_field::transport::HttpTransport;
    let way = match wait {
        Wait::Long => HttpTransport::new(ticket),
        Wait::Brief => HttpTransport::brief(ticket),
    };
    Ok(Box::new(way.map_err(inside)?))
}

#[cfg(not(feature = "https"))]
fn ready_way(_: &Ticket, _: Wait) -> Result<Box<dyn Transport>, FieldError> {
    Err(inside(ezhifa_field::transport::TransportError::NoWay))
}

fn inside(e: impl Into<Error>) -> FieldError {
    e.into().into()
}

pub(crate) fn many(most: u32) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// The phone. One per process, shared; its calls block, so an app makes them on one background thread.
#[derive(uniffi::Object)]
pub struct FieldOffice(Arc<Inside>);

#[uniffi::export]
impl FieldOffice {
    /// Opens the phone: `folder` for database and evidence, `mark` a small file outside of it that no
    /// backup restores, which tells a phone set back from one that went on. What a crash left decided and
    /// unsigned is signed now.
    ///
    /// # Errors
    /// The key is not available, is the wrong one, or the store is damaged: nothing was changed then.
    #[uniffi::constructor(default(platform = None))]
    pub fn open(
        folder: String,
        mark: String,
        keys: Arc<dyn PhoneKeys>,
        platform: Option<PhonePlatform>,
    ) -> Result<Arc<Self>, PhoneError> {
        let platform = platform.unwrap_or_default();
        let mut run = [0; 16];
        SystemEntropy.fill(&mut run).map_err(inside)?;
        let clock = Arc::new(Clocks::new(platform.clock.clone(), run));
        clock.look();
        let glyphs: Arc<dyn GlyphSource + Send + Sync> = match &platform.glyphs {
            Some(app) => Arc::new(Glyphs(app.clone())),
            None => Arc::new(BundledOnly),
        };
        let said = |text: &str, or: &str| if text.is_empty() { or.to_owned() } else { text.to_owned() };
        let ports = Ports {
            platform: Platform::new(Arc::new(DatabaseKeys(keys.clone())), clock.clone()),
            device_key: Arc::new(DeviceKey::new(keys)?),
            glyphs,
            app: said(&platform.app, concat!("ezhifa ", env!("CARGO_PKG_VERSION"))),
            model: said(&platform.model, std::env::consts::OS),
        };
        let phone = Core::open(Places { dir: folder.into(), mark: mark.into() }, ports)?;
        Ok(Arc::new(FieldOffice(Arc::new(Inside { phone, platform, clock }))))
    }

    // ---- enrolment and sync --------------------------------------------------------------------

    /// Whether the phone is enrolled.
    ///
    /// # Errors
    /// None is.
    pub fn is_enrolled(&self) -> Result<bool, PhoneError> {
        Ok(self.0.phone.is_enrolled())
    }

    /// Enrols this phone with the ticket from HQ's desk (`ezhifa:{…}`).
    ///
    /// # Errors
    /// Enrolled already; the ticket is used, expired or not one; no way to HQ.
    pub fn enrol(&self, ticket: String) -> Result<(), PhoneError> {
        self.0.change("enrol", Change::Sync, |phone| {
            let parsed = Ticket::parse(&ticket).map_err(inside)?;
            phone.enrol(&ticket, self.0.way(&parsed, Wait::Long)?.as_ref())
        })
    }

    /// Who this phone is.
    ///
    /// # Errors
    /// Not enrolled.
    pub fn enrolment(&self) -> Result<Enrolment, PhoneError> {
        self.0.ask("enrolment", |phone| {
            let identity = phone.identity()?;
            Ok(Enrolment {
                device: identity.enrolled.device.0,
                organ: identity.enrolled.organ,
                branch: identity.enrolled.branch,
                url: identity.url,
            })
        })
    }

    /// What the platform knows of the network. Offline and captive networks are not tried.
    ///
    /// # Errors
    /// None is.
    #[uniffi::method(default(photos_on_metered = false))]
    pub fn set_network(&self, network: Network, photos_on_metered: bool) -> Result<(), PhoneError> {
        self.0.phone.set_network(network);
        self.0.phone.allow_photos_on_metered(photos_on_metered);
        Ok(())
    }

    /// Sends what waits and fetches what is new, because the officer asked. Safe to be killed in.
    ///
    /// # Errors
    /// Not enrolled, the key or the store; never the network: that is in the report.
    #[uniffi::method(default(progress = None))]
    pub fn sync(&self, progress: Option<Arc<dyn SyncProgress>>) -> Result<Synced, PhoneError> {
        self.0.change("sync", Change::Sync, |phone| {
            let way = self.0.way_of(phone)?;
            Ok(phone.sync_now(way.as_ref(), &self.0.steps(progress))?.into())
        })
    }

    /// The same because the platform gave background time: keeps to the pauses of earlier attempts.
    ///
    /// # Errors
    /// As [`FieldOffice::sync`].
    #[uniffi::method(default(progress = None))]
    pub fn sync_in_background(&self, progress: Option<Arc<dyn SyncProgress>>) -> Result<Synced, PhoneError> {
        self.0.change("sync_in_background", Change::Sync, |phone| {
            let way = self.0.way_of(phone)?;
            Ok(phone.sync(way.as_ref(), &self.0.steps(progress))?.into())
        })
    }

    /// The phone at a glance.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn status(&self) -> Result<Status, PhoneError> {
        self.0.ask("status", |phone| Ok(phone.status()?.into()))
    }

    /// What is missing before a shift: law, roster, calendar, numbers, lists, filing, clock.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn readiness(&self) -> Result<Vec<Ready>, PhoneError> {
        self.0.ask("readiness", |phone| Ok(phone.readiness()?.into_iter().map(Into::into).collect()))
    }

    /// Asks HQ for drill numbers (演练) at the next sync as well.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn use_drills(&self) -> Result<(), PhoneError> {
        self.0.ask("use_drills", Core::use_drills)
    }

    /// HQ's last signed receipt, as it came: proof of 备案.
    ///
    /// # Errors
    /// None yet.
    pub fn last_receipt(&self) -> Result<String, PhoneError> {
        self.0.ask("last_receipt", Core::last_receipt)
    }

    /// Verifies the whole journal: chain, bodies, every epoch. Slow on a big one.
    ///
    /// # Errors
    /// Not enrolled, or it cannot be read.
    pub fn verify_journal(&self) -> Result<JournalCheck, PhoneError> {
        self.0.ask("verify_journal", |phone| {
            let report = phone.verify_journal()?;
            Ok(JournalCheck {
                whole: report.is_whole(),
                entries: report.epochs.iter().map(|e| e.head.seq).sum(),
                epochs: u32::try_from(report.epochs.len()).unwrap_or(u32::MAX),
                fault: report
                    .epochs
                    .iter()
                    .find_map(|e| e.fault.as_ref())
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            })
        })
    }

    /// The wipe order that is due now.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn wipe_due(&self) -> Result<Option<WipeOrder>, PhoneError> {
        self.0.ask("wipe_due", |phone| {
            Ok(phone.wipe_due()?.map(|order| WipeOrder { id: order.id, force: order.force }))
        })
    }

    /// The keystore's keys are destroyed: nothing can be read or written any more.
    ///
    /// # Errors
    /// None is.
    pub fn wiped(&self) -> Result<(), PhoneError> {
        self.0.phone.wiped();
        Ok(())
    }

    // ---- people --------------------------------------------------------------------------------

    /// Everybody who may appear in a crew.
    ///
    /// # Errors
    /// No roster yet.
    pub fn roster(&self) -> Result<Vec<OfficerLine>, PhoneError> {
        self.0.ask("roster", |phone| {
            let line = |o: &ezhifa_field::casework::people::Officer| OfficerLine {
                id: o.id.clone(),
                name: o.name.clone(),
                certificate: o.certificate.clone(),
                kind: o.kind,
                valid_from: o.valid_from,
                valid_to: o.valid_to,
                powers: o.powers.clone(),
            };
            Ok(phone.roster()?.officers.iter().map(line).collect())
        })
    }

    /// An officer signs in with their own PIN; works offline.
    ///
    /// # Errors
    /// Not on the roster, wrong PIN, too many tries.
    pub fn sign_in(&self, officer: OfficerId, pin: String) -> Result<(), PhoneError> {
        self.0.change("sign_in", Change::People, |phone| phone.sign_in(&officer, &pin))
    }

    /// An officer signs in with the platform's authenticator, which the app has just asked.
    ///
    /// # Errors
    /// Not on the roster.
    pub fn sign_in_by_authenticator(&self, officer: OfficerId) -> Result<(), PhoneError> {
        self.0.change("sign_in_by_authenticator", Change::People, |phone| {
            phone.sign_in_by_authenticator(&officer)
        })
    }

    /// An officer leaves. The crew ends with them.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn sign_out(&self, officer: OfficerId) -> Result<(), PhoneError> {
        self.0.change("sign_out", Change::People, |phone| phone.sign_out(&officer))
    }

    /// The two who answer for what follows; both are signed in. `with` are auxiliary staff.
    ///
    /// # Errors
    /// One of them is not signed in, or they are one person.
    #[uniffi::method(default(with = []))]
    pub fn set_crew(
        &self,
        lead: OfficerId,
        second: OfficerId,
        with: Vec<OfficerId>,
    ) -> Result<Crew, PhoneError> {
        self.0.change("set_crew", Change::People, |phone| phone.set_crew(&lead, &second, &with))
    }

    /// The crew on duty.
    ///
    /// # Errors
    /// None is.
    pub fn crew(&self) -> Result<Option<Crew>, PhoneError> {
        Ok(self.0.phone.crew())
    }

    // ---- what HQ sent --------------------------------------------------------------------------

    /// Offences of the rulebook in force, in its order.
    ///
    /// # Errors
    /// No rulebook in force.
    pub fn offences(&self) -> Result<Vec<OffenceLine>, PhoneError> {
        self.0.ask("offences", |phone| {
            let law = phone.law()?;
            let line = |o: ezhifa_field::casework::law::rulebook::OffenceInfo<'_>| OffenceLine {
                id: o.id.to_owned(),
                name: o.name.to_owned(),
                code: o.code.to_owned(),
            };
            Ok(law.offences().map(line).collect())
        })
    }

    /// Leads for the branch (线索): those that HQ offers to this phone first, then the nearest, where the platform
    /// gives a position.
    ///
    /// # Errors
    /// Not enrolled.
    pub fn leads(&self) -> Result<Vec<Lead>, PhoneError> {
        self.0.ask("leads", |phone| {
            let inbox = phone.from_hq()?;
            let leads: Vec<_> = match self.0.here() {
                Some(f) => inbox.leads_near((f.lat_e7, f.lon_e7), &phone.identity()?.enrolled.device.0),
                None => inbox.leads().collect(),
            };
            Ok(leads.into_iter().cloned().map(Into::into).collect())
        })
    }

    /// Open orders of the branch: the nearest first where the platform gives a position, else the oldest due.
    ///
    /// # Errors
    /// Not enrolled.
    pub fn open_orders(&self) -> Result<Vec<OpenOrder>, PhoneError> {
        self.0.ask("open_orders", |phone| {
            let inbox = phone.from_hq()?;
            let orders = match self.0.here() {
                Some(f) => inbox.orders_near((f.lat_e7, f.lon_e7)),
                None => inbox.orders(),
            };
            Ok(orders.into_iter().cloned().map(Into::into).collect())
        })
    }

    /// Words from HQ to the crew.
    ///
    /// # Errors
    /// Not enrolled.
    pub fn messages(&self) -> Result<Vec<Message>, PhoneError> {
        self.0.ask("messages", |phone| Ok(phone.from_hq()?.messages().to_vec()))
    }

    /// HQ's findings about this phone's cases.
    ///
    /// # Errors
    /// Not enrolled.
    pub fn verdicts(&self) -> Result<Vec<Verdict>, PhoneError> {
        self.0.ask("verdicts", |phone| Ok(phone.from_hq()?.verdicts().to_vec()))
    }

    /// Payments that HQ knows.
    ///
    /// # Errors
    /// Not enrolled.
    pub fn payments(&self) -> Result<Vec<Payment>, PhoneError> {
        self.0.ask("payments", |phone| {
            let line = |p: &ezhifa_field::wire::feed::Payment| Payment {
                number: p.number.clone(),
                amount: Fen(p.amount_fen),
                paid_at: ezhifa_field::feed::local(p.paid_ms),
            };
            Ok(phone.from_hq()?.payments().iter().map(line).collect())
        })
    }

    // ---- cases ---------------------------------------------------------------------------------

    /// Opens a case at a typed address, at the platform's position where there is one. `source` is
    /// 巡查 when nothing is said; `drill` makes it 演练; `continues` names the case it goes on from.
    ///
    /// # Errors
    /// Not enrolled, no crew, or the store.
    #[uniffi::method(default(source = None, drill = false, continues = None))]
    pub fn open_case(
        &self,
        address: String,
        source: Option<Source>,
        drill: bool,
        continues: Option<CaseId>,
    ) -> Result<Arc<FieldCase>, PhoneError> {
        let id = self.0.ask("open_case", |phone| {
            let place = self.0.place(address, phone.identity()?.enrolled.branch);
            phone.open_case(source.unwrap_or(Source::Patrol), place, drill, continues)
        })?;
        self.0.change("open_case", Change::Case { id: id.clone() }, |_| Ok(()))?;
        Ok(Arc::new(FieldCase { inside: self.0.clone(), id }))
    }

    /// A case in hand.
    ///
    /// # Errors
    /// No such case.
    pub fn case(&self, id: CaseId) -> Result<Arc<FieldCase>, PhoneError> {
        self.0.ask("case", |phone| phone.case(&id))?;
        Ok(Arc::new(FieldCase { inside: self.0.clone(), id }))
    }

    /// The newest cases, at most `most`.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn cases(&self, most: u32) -> Result<Vec<CaseLine>, PhoneError> {
        self.0.ask("cases", |phone| Ok(phone.cases(many(most))?.into_iter().map(Into::into).collect()))
    }

    /// Cases by offence, phase, place or time.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn find(&self, query: Query, most: u32) -> Result<Vec<CaseLine>, PhoneError> {
        self.0.ask("find", |phone| {
            let query = match &query {
                Query::Near { lat_e7, lon_e7, metres } => {
                    search::Query::Near { lat_e7: *lat_e7, lon_e7: *lon_e7, metres: *metres }
                }
                Query::Offence { id } => search::Query::Offence(id),
                Query::Phase { word } => search::Query::Phase(word),
                Query::Opened { from, to } => search::Query::Opened {
                    from_ms: ezhifa_field::feed::moment(*from),
                    to_ms: ezhifa_field::feed::moment(*to),
                },
            };
            Ok(phone.find(&query, many(most))?.into_iter().map(Into::into).collect())
        })
    }

    /// Cases of this phone by party, plate or number. Who asked, why and how many were found is an entry.
    ///
    /// # Errors
    /// Nobody is signed in; the store.
    pub fn look_up(
        &self,
        reason: String,
        by: KeyKind,
        text: String,
        most: u32,
    ) -> Result<Vec<CaseLine>, PhoneError> {
        self.0.ask("look_up", |phone| {
            let found = phone.look_up(&reason, by, &text, many(most))?;
            Ok(found.into_iter().map(Into::into).collect())
        })
    }

    // ---- evidence before there is a case -------------------------------------------------------

    /// Seals a photo that belongs to no case yet. Pass a direct buffer: nothing is copied on the way.
    ///
    /// # Errors
    /// Low space.
    pub fn capture(&self, taken: &[u8], what: Shot) -> Result<EvidenceItem, PhoneError> {
        self.0.ask("capture", |phone| phone.capture(None, &Taken::Bytes(taken.to_vec()), &self.0.shot(what)?))
    }

    /// The same from a file of the app: a film.
    ///
    /// # Errors
    /// Low space, or the file cannot be read.
    pub fn capture_file(&self, path: String, what: Shot) -> Result<EvidenceItem, PhoneError> {
        self.0
            .ask("capture_file", |phone| phone.capture(None, &Taken::Path(path.into()), &self.0.shot(what)?))
    }

    /// Evidence that was taken before there was a case; `FieldCase.attach` takes it in.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn loose_evidence(&self) -> Result<Vec<EvidenceItem>, PhoneError> {
        self.0.ask("loose_evidence", Core::loose_evidence)
    }

    /// The plain bytes of a piece of evidence, checked against its hash.
    ///
    /// # Errors
    /// Not on this phone, or damaged.
    pub fn evidence(&self, sha256: String) -> Result<Vec<u8>, PhoneError> {
        self.0.ask("evidence", |phone| phone.evidence(&sha256))
    }

    /// The number that the next sheet of the pad of hand-written papers (手写文书) carries; none when the pad is
    /// used up or was never lent.
    ///
    /// # Errors
    /// Not enrolled, no rulebook.
    #[uniffi::method(default(drill = false))]
    pub fn next_sheet(&self, drill: bool) -> Result<Option<String>, PhoneError> {
        self.0.ask("next_sheet", |phone| phone.next_sheet(drill))
    }

    /// The next sheet was spoiled or lost before it was handed over: its number is void. The other officer of
    /// the crew confirms with their own PIN. Gives the number.
    ///
    /// # Errors
    /// No crew, wrong PIN, no reason, no sheet left.
    #[uniffi::method(default(drill = false))]
    pub fn spoil_sheet(&self, reason: String, second_pin: String, drill: bool) -> Result<String, PhoneError> {
        self.0.ask("spoil_sheet", |phone| phone.spoil_sheet(&reason, &second_pin, drill))
    }

    /// Which roll is in the crew's printer; papers are tried on it before a number is used.
    ///
    /// # Errors
    /// None is.
    pub fn set_paper(&self, paper: Paper) -> Result<(), PhoneError> {
        self.0.phone.set_paper(paper);
        Ok(())
    }
}

/// A kind of printer.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PrinterKind {
    /// Its id, for `print`.
    pub id: String,
    /// Chinese.
    pub name_zh: String,
    /// English.
    pub name_en: String,
    /// Its roll.
    pub paper: Paper,
    /// It never says whether it printed: every result is `Unknown` and the officer looks.
    pub blind: bool,
}

/// The printers that this library knows.
///
/// # Errors
/// A built-in profile is faulty.
#[uniffi::export]
pub fn printer_kinds() -> Result<Vec<PrinterKind>, PhoneError> {
    let kind = |p: Profile| PrinterKind {
        paper: ezhifa_field::printing::paper(&p),
        blind: p.is_blind(),
        id: p.id,
        name_zh: p.name_zh,
        name_en: p.name_en,
    };
    Ok(Profile::all().map_err(inside)?.into_iter().map(kind).collect())
}

/// One thing a crew can do about a paper.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WayOutLine {
    /// Stable word: `print`, `mend`, `another_printer`, `hand_written`, `electronic_service`,
    /// `ordinary_procedure`.
    pub way: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A printer's state and what follows from it: shown before a number is used.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PrinterAnswer {
    /// A slip could come out now.
    pub can_print: bool,
    /// Its state and what to do, one sentence.
    pub said: String,
    /// Its roll, as it told.
    pub paper: PaperState,
    /// What the crew can do, the simplest first.
    pub ways: Vec<WayOutLine>,
}

/// Asks a printer whether a slip could come out now; no number is used and nothing is printed. Without a
/// link (`None`: it cannot be reached) the ways out are told all the same. `kind` as in `print`.
///
/// # Errors
/// No such kind.
#[uniffi::export]
pub fn ask_printer(link: Option<Arc<dyn PrinterLink>>, kind: String) -> Result<PrinterAnswer, PhoneError> {
    let profile = crate::case::profile(&kind)?;
    let link = link.map(|link| Box::new(ForeignLink::new(link)) as Box<dyn ezhifa_field::printer::Link>);
    let asked = ezhifa_field::printing::check(link, &profile);
    let ways = asked.ways.iter().map(|way| WayOutLine {
        way: way.word().to_owned(),
        zh: way.zh().to_owned(),
        en: way.en().to_owned(),
    });
    Ok(PrinterAnswer {
        can_print: asked.reason.is_none(),
        said: asked.reason.map_or_else(|| asked.status.to_string(), |reason| reason.to_string()),
        paper: asked.status.paper,
        ways: ways.collect(),
    })
}

/// What a 居民身份证 number says.
#[derive(Clone, uniffi::Record)]
pub struct ResidentId {
    /// The number in its normal form.
    pub number: Private,
    /// Birth date.
    pub born: Day,
}

/// Reads a 居民身份证 number (GB 11643) as typed or scanned; none when it is not one.
///
/// # Errors
/// None is.
#[uniffi::export]
pub fn read_resident_id(text: String) -> Result<Option<ResidentId>, PhoneError> {
    let read = identity::resident_id(&text).ok();
    Ok(read.map(|id| ResidentId { number: Private::new(id.reveal()), born: id.born() }))
}

/// Sets a damaged store aside, whole; nothing is deleted. The phone is enrolled afresh after it. Gives the
/// folder's new name.
///
/// # Errors
/// The folder cannot be renamed.
#[uniffi::export]
pub fn set_store_aside(folder: String, mark: String, now: Moment) -> Result<String, PhoneError> {
    let places = Places { dir: folder.into(), mark: mark.into() };
    let aside: PathBuf = Store::quarantine(&places, ezhifa_field::feed::moment(now)).map_err(inside)?;
    Ok(aside.display().to_string())
}
