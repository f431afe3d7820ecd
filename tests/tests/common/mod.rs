//! A street: HQ on loopback, an enrolled phone with two officers, a virtual printer.
#![allow(dead_code)] // Each test uses its own part.

#[path = "../../../hq/tests/support/office.rs"]
pub mod office;
#[path = "../../../hq/tests/support/postgres.rs"]
mod postgres;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{NaiveDate, NaiveDateTime};
use ezhifa_emulator::{Emulator, Handle, Options, Paper, Typeface};
use ezhifa_field::{
    FieldOffice,
    casework::{
        command::Command,
        event::{CaseId, Confirmation, FactSource, NoticeWay, Source, Stage, StatementKind},
        law::{facts::Value, rulebook::Files, terms::PartyKind},
        people::{
            IdKind, Identity, Officer, OfficerId, OfficerKind, Party, Place, Power, Private, SignerRole,
            Signing, SigningAct,
        },
        seal::{
            pin,
            sign::{Algorithm, SoftwareKey},
        },
    },
    clock::ManualClock,
    error::FieldError,
    keys::{FixedKey, NoProbe, Platform, Point, Probe},
    office::{Decided, Ports, Shot, SyncReport, Taken},
    slip::{BUNDLED, BundledOnly},
    store::{Places, StoreError},
    transport::HttpTransport,
    wire::enrol::Ticket,
};
use ezhifa_hq::{Hq, HqConfig, ServerHandle, desk::access::Holder, publish, serve};
use office::Office;

pub const PINS: [&str; 2] = ["314159", "271828"];
pub const BRANCH: &str = "DC";

pub struct Street {
    pub folder: tempfile::TempDir,
    pub clock: Arc<ManualClock>,
    pub hq: Hq,
    pub server: ServerHandle,
    pub phone: FieldOffice,
    pub printer: Handle,
    pub officers: [OfficerId; 2],
}

pub fn evening() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 6, 18).unwrap().and_hms_opt(19, 0, 0).unwrap()
}

pub fn ms(at: NaiveDateTime) -> i64 {
    at.and_utc().timestamp_millis() - 8 * 3_600_000
}

pub fn pack(name: &str) -> Files {
    fn walk(dir: &std::path::Path, base: &std::path::Path, files: &mut Files) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, base, files);
            } else {
                let name = path.strip_prefix(base).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let base = root().join("rulebooks").join(name);
    let mut files = Files::new();
    walk(&base, &base, &mut files);
    files
}

pub fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn officer(id: &str, name: &str, certificate: &str, secret: &str) -> Officer {
    Officer {
        id: OfficerId(id.into()),
        name: name.into(),
        certificate: certificate.into(),
        kind: OfficerKind::Certified,
        valid_from: NaiveDate::from_ymd_opt(2024, 1, 1).unwrap(),
        valid_to: NaiveDate::from_ymd_opt(2029, 1, 1).unwrap(),
        branch: BRANCH.into(),
        pin_verifier: pin::make(secret, &[7; 16]).unwrap(),
        powers: vec![Power::Void],
    }
}

pub fn open_phone(folder: &std::path::Path, clock: &Arc<ManualClock>) -> FieldOffice {
    open_phone_with(folder, clock, Arc::new(NoProbe)).unwrap()
}

pub fn open_phone_with(
    folder: &std::path::Path,
    clock: &Arc<ManualClock>,
    probe: Arc<dyn Probe>,
) -> Result<FieldOffice, FieldError> {
    open_device(folder, clock, probe, 3)
}

/// A phone whose key is its own.
fn open_device(
    folder: &std::path::Path,
    clock: &Arc<ManualClock>,
    probe: Arc<dyn Probe>,
    key: u8,
) -> Result<FieldOffice, FieldError> {
    let mut platform = Platform::new(Arc::new(FixedKey([9; 32])), clock.clone());
    platform.probe = probe;
    let ports = Ports {
        platform,
        device_key: Arc::new(SoftwareKey::from_secret(Algorithm::P256Sha256, [key; 32]).unwrap()),
        glyphs: Arc::new(BundledOnly),
        app: "test 1.0.0".into(),
        model: "test".into(),
    };
    let places = Places { dir: folder.join("phone"), mark: folder.join("mark") };
    FieldOffice::open(places, ports)
}

impl Street {
    pub fn new() -> Street {
        Street::with(|_| {})
    }

    /// HQ writes its log on stderr.
    pub fn logged() -> Street {
        Street::with(|config| config.log = true)
    }

    pub fn with(set: impl FnOnce(&mut HqConfig)) -> Street {
        Street::under(set, |_| {})
    }

    /// The local pack is edited before it is published.
    pub fn ruled(edit: impl FnOnce(&mut Files)) -> Street {
        Street::under(|_| {}, edit)
    }

    fn under(set: impl FnOnce(&mut HqConfig), edit: impl FnOnce(&mut Files)) -> Street {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(ms(evening())));
        let mut config = HqConfig::in_dir(folder.path().join("hq"), "DGCG", "样本局");
        let at_hq = clock.clone();
        config.clock = Arc::new(move || ezhifa_field::clock::Clock::now(at_hq.as_ref()).wall_ms);
        config.log = false;
        if let Some(db) = postgres::schema() {
            config.db = db;
        }
        set(&mut config);
        let hq = Hq::open(config).unwrap();
        let mut local = pack("dongguan-sample");
        edit(&mut local);
        for files in [pack("prc-national"), local] {
            hq.publish_rulebook(&files).unwrap();
        }
        hq.publish_calendar(
            &std::fs::read_to_string(root().join("rulebooks/calendar/2024-2026.toml")).unwrap(),
        )
        .unwrap();
        hq.publish_roster(
            BRANCH,
            &[officer("o-1", "王建国", "19S00123", PINS[0]), officer("o-2", "李梅", "19S00124", PINS[1])],
        )
        .unwrap();
        hq.add_seen(&[publish::NewSeen {
            branch: BRANCH.into(),
            id_number: Private::new(ID),
            conduct: "street-vending".into(),
            on: NaiveDate::from_ymd_opt(2026, 3, 2).unwrap(),
            reference: "hq-77".into(),
        }])
        .unwrap();
        let server = serve(hq.clone(), SocketAddr::from(([127, 0, 0, 1], 0)), true).unwrap();
        let ticket = hq.ticket(&server.url, BRANCH).unwrap().text().unwrap();
        let phone = open_phone(folder.path(), &clock);
        phone.enrol(&ticket, &HttpTransport::new(&Ticket::parse(&ticket).unwrap()).unwrap()).unwrap();
        let mut options = Options::paper(58);
        options.font = Typeface::new(BUNDLED.to_vec()).unwrap();
        options.quiet = Duration::from_millis(300);
        let printer = Emulator::start("127.0.0.1:0", options).unwrap();
        let officers = [OfficerId("o-1".into()), OfficerId("o-2".into())];
        let street = Street { folder, clock, hq, server, phone, printer, officers };
        let report = street.sync();
        assert!(report.done, "{report:?}");
        street.sign_in();
        street
    }

    pub fn sign_in(&self) {
        self.sign_in_on(&self.phone);
    }

    pub fn sign_in_on(&self, phone: &FieldOffice) {
        for (officer, pin) in self.officers.iter().zip(PINS) {
            phone.sign_in(officer, pin).unwrap();
        }
        phone.set_crew(&self.officers[0], &self.officers[1], &[]).unwrap();
    }

    /// Another phone of the branch, enrolled, synced, and with the crew on it.
    pub fn another_phone(&self) -> FieldOffice {
        let phone =
            open_device(&self.folder.path().join("second"), &self.clock, Arc::new(NoProbe), 4).unwrap();
        let ticket = self.hq.ticket(&self.server.url, BRANCH).unwrap().text().unwrap();
        phone.enrol(&ticket, &HttpTransport::new(&Ticket::parse(&ticket).unwrap()).unwrap()).unwrap();
        assert!(phone.sync_now(&phone.transport().unwrap(), &()).unwrap().done);
        self.sign_in_on(&phone);
        phone
    }

    /// Somebody with a token at HQ's desk, over HTTPS.
    pub fn office(&self, holder: Holder) -> Office {
        Office::of(&self.hq, &self.server, holder)
    }

    /// Everything at HQ lies in a back-up too: SQLite's by HQ itself, PostgreSQL's by the server's own tools.
    pub fn back_up(&self) {
        if self.hq.config().db.starts_with("sqlite:") {
            self.hq.backup(&self.folder.path().join("backup.db")).unwrap();
        } else {
            let mark = self.hq.backup_begins().unwrap();
            self.hq.backup_verified(mark).unwrap();
        }
    }

    pub fn sync(&self) -> SyncReport {
        self.phone.sync_now(&self.phone.transport().unwrap(), &()).unwrap()
    }

    pub fn printer_address(&self) -> String {
        format!("tcp://{}", self.printer.address())
    }

    /// The paper that came out.
    pub fn paper(&self) -> Paper {
        let mut papers = self.printer.wait_papers(Duration::from_secs(20));
        assert_eq!(papers.len(), 1);
        papers.remove(0)
    }

    pub fn open(&self, id: &str) -> CaseId {
        let place = Place {
            address: "东城街道东纵路88号门前人行道".into(),
            lat_e7: Some(230_207_000),
            lon_e7: Some(1_137_518_000),
            accuracy_cm: Some(500),
            source: "gnss".into(),
            branch: BRANCH.into(),
        };
        self.phone.open_case_as(&CaseId(id.into()), Source::Patrol, place, false, None).unwrap()
    }

    pub fn act(&self, case: &CaseId, command: Command) {
        self.clock.pass(5_000);
        if let Err(e) = self.phone.act(case, &command) {
            panic!("{command:?}: {e}");
        }
    }

    pub fn both(&self, case: &CaseId) -> Vec<Confirmation> {
        self.officers.iter().zip(PINS).map(|(o, pin)| self.phone.confirm(case, o, pin).unwrap()).collect()
    }

    /// A stall, told, heard and decided; it has no paper yet.
    pub fn decided(&self, id: &str) -> (CaseId, Decided) {
        let case = stall(self, id);
        self.phone.propose(&case, None).unwrap();
        self.hear(&case);
        let decided = self.phone.decide(&case, None, None, &self.both(&case)).unwrap();
        (case, decided)
    }

    /// The app is gone.
    pub fn close(&mut self) {
        let elsewhere = open_phone(&self.folder.path().join("nowhere"), &self.clock);
        drop(std::mem::replace(&mut self.phone, elsewhere));
    }

    pub fn hear(&self, case: &CaseId) {
        self.act(case, Command::GiveNotice(NoticeWay::Oral));
        self.act(
            case,
            Command::HearStatement {
                statement: StatementKind::Made,
                by: SignerRole::Party,
                words: Private::new("马上收"),
                review: "经复核，违法事实成立".into(),
                upheld: false,
            },
        );
    }
}

/// Rewrites a part of one file of a pack.
pub fn rewrite(files: &mut Files, file: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[file].clone()).unwrap();
    assert!(text.contains(from), "{file} says {from}");
    files.insert(file.into(), text.replace(from, to).into_bytes());
}

/// The head of the organ joins the roster.
pub fn with_head(street: &Street) -> OfficerId {
    let mut head = officer("o-9", "赵局", "19S00001", PINS[0]);
    head.powers = vec![Power::Head];
    let mut roster = street.phone.roster().unwrap().officers.clone();
    let id = head.id.clone();
    roster.push(head);
    street.hq.publish_roster(BRANCH, &roster).unwrap();
    street.sync();
    id
}

pub const ID: &str = "11010519491231002X";

/// A citizen whose document was read.
pub fn person(name: &str, id: &str) -> Party {
    Party {
        kind: PartyKind::Citizen,
        name: Private::new(name),
        id_kind: IdKind::ResidentId,
        id_number: Private::new(id),
        identity: Identity::DocumentRead,
        born: NaiveDate::from_ymd_opt(1949, 12, 31),
        address: Private::new("东城街道东纵路6号302房"),
        phone: Private::default(),
        representative: Private::default(),
        guardian: Private::default(),
        plate: Private::default(),
    }
}

/// Signed on the paper.
pub fn ink() -> Signing {
    Signing {
        role: SignerRole::Party,
        act: SigningAct::Ink,
        name: Private::default(),
        reason: Private::default(),
        evidence: None,
    }
}

/// Fails once, at its point: the app is gone from there on.
#[derive(Default)]
pub struct Trip(pub Mutex<Option<Point>>);

impl Probe for Trip {
    fn at(&self, point: Point) -> Result<(), StoreError> {
        let mut armed = self.0.lock().unwrap();
        if *armed == Some(point) {
            *armed = None;
            return Err(StoreError::Internal("crash"));
        }
        Ok(())
    }
}

/// A street stall whose keeper was found before and does not clear it: as far as the questions go.
pub fn stall(street: &Street, id: &str) -> CaseId {
    let phone = &street.phone;
    let case = street.open(id);
    street.act(&case, Command::ShowCertificates);
    phone
        .capture(
            Some(&case),
            &Taken::Bytes(format!("jpeg of {id}").into_bytes()),
            &Shot::photo(Stage::Fact, "摊位"),
        )
        .unwrap();
    street.act(&case, Command::IdentifyParty(Box::new(person("张三", ID))));
    let act_at = evening();
    street.act(
        &case,
        Command::ChooseOffence {
            offence: "stall".into(),
            act_at,
            fact_text: Private::new("摆设摊点经营，未经批准占用城市道路约1.9平方米"),
        },
    );
    let looked = phone.history(&case).unwrap();
    assert_eq!(looked.history.earlier, Some(true), "{looked:?}");
    for (name, value) in [
        ("on_road", Value::Bool(true)),
        ("approved", Value::Bool(false)),
        ("area", Value::Int(19)),
        ("minor", Value::Bool(false)),
        ("harm", Value::Choice("slight".into())),
        ("corrected", Value::Bool(false)),
    ] {
        street.act(&case, Command::AnswerFact { name: name.into(), value, source: FactSource::Officer });
    }
    let open = phone.questions(&case).unwrap();
    assert!(open.len() < 12, "{open:?}");
    case
}
