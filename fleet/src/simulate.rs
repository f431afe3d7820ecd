//! The whole-case layer: a fleet plays a year of cases. Street work runs on every core, phone by phone, since a
//! phone offline touches nobody; evenings are played one phone after the other, since HQ is one.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{NaiveDate, TimeDelta};
use ezhifa_field::{
    casework::{
        event::CaseId,
        law::{
            rulebook::{Files, Rulebook, pack_hash},
            terms::{Limb, Outcome},
        },
        people::{Officer, OfficerId, OfficerKind},
    },
    feed::moment,
    store::StoreError,
};

use crate::{
    FleetError,
    error::{at, disk},
    faults::{Fault, Faults},
    house::{House, Time},
    line::{Line, Weather},
    phone::Phone,
    printer::{self, Printer},
    report::{Day, Numbers, Summary},
    rng::Rng,
    scenario::{Correction, Draw, Scenario},
    street::{Crew, PIN, Play, Played, branch, sign_in},
    truth::Truth,
};

/// What to run.
pub struct Run<'a> {
    /// The year.
    pub scenario: &'a Scenario,
    /// Phones.
    pub phones: u32,
    /// Seed.
    pub seed: u64,
    /// What may go wrong.
    pub faults: Faults,
    /// Folder that holds `rulebooks/`.
    pub rulebooks: &'a Path,
}

/// Time that one step of a crew takes.
const PACE_MS: i64 = 14_000;
/// Days after the last case in which orders are still re-checked.
const TAIL: u32 = 12;

enum Job {
    /// A case is met, at its time.
    Met { draw: Box<Draw>, id: CaseId },
    /// A case that waited.
    Goes { draw: Box<Draw>, id: CaseId, prior: Option<String> },
    /// The order of a case is due.
    Recheck { draw: Box<Draw>, id: CaseId, number: String },
}

/// How the story of one met violation ended so far.
struct Story {
    index: u32,
    day: u32,
    outcome: Outcome,
    limb: Option<Limb>,
}

/// One crew with its phone.
struct Unit {
    phone: Phone,
    officers: [OfficerId; 2],
    printer: Printer,
    rng: Rng,
    today: Vec<Job>,
    later: Vec<(u32, Job)>,
    stories: Vec<Story>,
    waited: BTreeMap<String, u64>,
    crashes: u64,
    given_up: u64,
    /// No network until this day.
    away_until: u32,
}

struct World<'a> {
    run: &'a Run<'a>,
    time: Time,
    house: Arc<House>,
    units: Vec<Unit>,
    truth: Truth,
    rng: Rng,
    dir: PathBuf,
    days: Vec<Day>,
    /// When HQ is put back: the day, and whether it was done.
    hq_restores: Vec<u32>,
    counts: Counts,
    switched: bool,
}

#[derive(Default)]
struct Counts {
    restores: u64,
    clones: u64,
    lost: u64,
    hq_crashes: u64,
    hq_restores: u64,
    second_crews: u64,
}

/// Plays the year. `tell` hears the day and how many cases are behind it.
///
/// # Errors
/// A broken promise, with name, seed and step; or the simulated world itself failed.
pub fn simulate(run: &Run<'_>, tell: &dyn Fn(u32, u64)) -> Result<Summary, FleetError> {
    let began = std::time::Instant::now();
    let scratch = crate::scratch("year")?;
    let mut world = World::new(run, scratch.path())?;
    let mut draws = run.scenario.draw(run.seed).into_iter().peekable();
    let mut met = 0_u64;
    for day in 0..run.scenario.days.saturating_add(TAIL) {
        let date = world.date(day);
        while let Some(draw) = draws.next_if(|d| d.at.date() <= date) {
            met = met.saturating_add(1);
            world.meet(draw);
        }
        world.day(day)?;
        tell(day, met);
    }
    let mut summary = world.rest()?;
    summary.wall_s = began.elapsed().as_secs();
    Ok(summary)
}

/// Every file of a pack below `dir`.
fn pack(dir: &Path) -> Result<Files, FleetError> {
    fn walk(dir: &Path, base: &Path, files: &mut Files) -> Result<(), FleetError> {
        for entry in std::fs::read_dir(dir).map_err(disk(dir))? {
            let path = entry.map_err(disk(dir))?.path();
            if path.is_dir() {
                walk(&path, base, files)?;
            } else {
                let inside = path.strip_prefix(base).unwrap_or(&path);
                let name: Vec<_> = inside.components().map(|c| c.as_os_str().to_string_lossy()).collect();
                files.insert(name.join("/"), std::fs::read(&path).map_err(disk(&path))?);
            }
        }
        Ok(())
    }
    let mut files = Files::new();
    walk(dir, dir, &mut files)?;
    Ok(files)
}

/// A pack with another first day and version: the only changes that a simulated year makes to law.
fn dated(files: &Files, from: NaiveDate, version: u32, import: Option<&str>) -> Files {
    let mut files = files.clone();
    let manifest =
        files.get("manifest.toml").map(|b| String::from_utf8_lossy(b).into_owned()).unwrap_or_default();
    let line = |l: &str| match l.split('=').next().map(str::trim) {
        Some("effective_from") => format!("effective_from = {from}"),
        Some("version") => format!("version = {version}"),
        Some("hash") => import.map_or_else(|| l.to_owned(), |hash| format!("hash = \"{hash}\"")),
        _ => l.to_owned(),
    };
    let manifest: Vec<String> = manifest.lines().map(line).collect();
    files.insert("manifest.toml".into(), manifest.join("\n").into_bytes());
    files
}

/// The packs of a scenario: what is imported, the local one, and its later version.
pub(crate) struct Packs {
    pub(crate) imported: Files,
    pub(crate) local: Files,
    pub(crate) next: Files,
}

/// Reads them.
pub(crate) fn packs(scenario: &Scenario, root: &Path) -> Result<Packs, FleetError> {
    let [imported, local] = scenario.rulebooks.as_slice() else {
        return Err(FleetError::Input("rulebooks: an imported pack and a local one".into()));
    };
    let imported = pack(&root.join("rulebooks").join(imported))?;
    let local = pack(&root.join("rulebooks").join(local))?;
    let hash = pack_hash(&imported);
    Ok(Packs {
        local: dated(&local, scenario.local_in_force_from.0, 1, Some(&hash)),
        next: dated(&local, scenario.switch.on.0, 2, Some(&hash)),
        imported,
    })
}

/// The law of the first day, for those who only decide.
pub(crate) fn law(scenario: &Scenario, root: &Path) -> Result<Rulebook, FleetError> {
    let packs = packs(scenario, root)?;
    let bad = |e: ezhifa_field::casework::law::rulebook::PackError| FleetError::Input(e.to_string());
    let national = Rulebook::load(&packs.imported, &[]).map_err(bad)?;
    Rulebook::load(&packs.local, &[&national]).map_err(bad)
}

/// A verifier that costs next to nothing: the PINs of the simulation are no secrets.
fn verifier() -> Result<String, FleetError> {
    use argon2::{Algorithm, Argon2, Params, Version};
    let fail = |e: argon2::Error| FleetError::Input(e.to_string());
    let (salt, mut hash) = ([7_u8; 16], [0_u8; 32]);
    let params = Params::new(8, 1, 1, Some(32)).map_err(fail)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(PIN.as_bytes(), &salt, &mut hash)
        .map_err(fail)?;
    let code = |bytes: &[u8]| data_encoding::BASE64_NOPAD.encode(bytes);
    Ok(format!("$argon2id$v=19$m=8,t=1,p=1${}${}", code(&salt), code(&hash)))
}

impl<'a> World<'a> {
    fn new(run: &'a Run<'a>, dir: &Path) -> Result<World<'a>, FleetError> {
        let scenario = run.scenario;
        let morning = scenario.begins.0.and_hms_opt(7, 0, 0).unwrap_or_default();
        let time = Time::at(moment(morning));
        let house = Arc::new(House::found(dir, &time, run.seed)?);
        let packs = packs(scenario, run.rulebooks)?;
        let path = run.rulebooks.join("rulebooks").join(&scenario.calendar);
        let calendar = std::fs::read_to_string(&path).map_err(disk(&path))?;
        house.desk(|hq| {
            hq.publish_rulebook(&packs.imported)?;
            hq.publish_rulebook(&packs.local)?;
            hq.publish_calendar(&calendar)
        })?;
        let phones = run.phones.max(1);
        let branches = scenario.branches.min(phones);
        let mut rng = Rng::of(run.seed, "evenings");
        let restores = if run.faults.has(Fault::HqRestore) { 2 } else { 0 };
        let hq_restores = (0..restores)
            .map(|n| {
                let half = u64::from(scenario.days / 2).max(1);
                u32::try_from(half * n + rng.below(half)).unwrap_or(0).max(1)
            })
            .collect();
        let mut world = World {
            run,
            time,
            house,
            units: Vec::new(),
            truth: Truth::of(run.seed),
            rng,
            dir: dir.to_owned(),
            days: Vec::new(),
            hq_restores,
            counts: Counts::default(),
            switched: false,
        };
        world.rosters(phones, branches)?;
        for n in 0..phones {
            let unit = world.unit(n, branches)?;
            world.units.push(unit);
        }
        Ok(world)
    }

    fn date(&self, day: u32) -> NaiveDate {
        let begins = self.run.scenario.begins.0;
        begins.checked_add_signed(TimeDelta::days(i64::from(day))).unwrap_or(begins)
    }

    fn officers(n: u32) -> [OfficerId; 2] {
        [OfficerId(format!("o-{n:03}-1")), OfficerId(format!("o-{n:03}-2"))]
    }

    fn rosters(&self, phones: u32, branches: u32) -> Result<(), FleetError> {
        let pin = verifier()?;
        for b in 0..branches {
            let officers: Vec<Officer> = (0..phones)
                .filter(|n| n % branches == b)
                .flat_map(|n| {
                    Self::officers(n).into_iter().zip([1_u32, 2]).map(move |(id, k)| (id, n * 2 + k))
                })
                .map(|(id, k)| Officer {
                    id,
                    name: format!("样例队员{k}"),
                    certificate: format!("19S{k:05}"),
                    kind: OfficerKind::Certified,
                    valid_from: NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default(),
                    valid_to: NaiveDate::from_ymd_opt(2030, 12, 31).unwrap_or_default(),
                    branch: branch(b),
                    pin_verifier: pin.clone(),
                    powers: Vec::new(),
                })
                .collect();
            self.house.desk(|hq| hq.publish_roster(&branch(b), &officers))?;
        }
        Ok(())
    }

    fn unit(&self, n: u32, branches: u32) -> Result<Unit, FleetError> {
        let name = format!("p{n:03}");
        let home = branch(n % branches);
        let line = Line::new(self.house.clone(), &name, self.run.seed, Weather::default());
        let mut phone = Phone::new(&self.dir.join(&name), &name, &home, self.time.ms(), self.run.seed, line)?;
        let ticket = self.house.desk(|hq| hq.ticket("http://127.0.0.1:1", &home))?;
        let text = ticket.text().map_err(|e| FleetError::Input(e.to_string()))?;
        phone.office()?.enrol(&text, &phone.line).map_err(at("enrolment"))?;
        phone.sync(true)?;
        phone.line.weather(Weather::mild(&self.run.faults));
        let officers = Self::officers(n);
        sign_in(phone.office()?, &officers).map_err(at("sign-in"))?;
        Ok(Unit {
            phone,
            officers,
            printer: Printer::default(),
            rng: Rng::of(self.run.seed, &format!("crew {n}")),
            today: Vec::new(),
            later: Vec::new(),
            stories: Vec::new(),
            waited: BTreeMap::new(),
            crashes: 0,
            given_up: 0,
            away_until: 0,
        })
    }

    /// A case goes to a crew of its branch; with two patrols at one stall, to two.
    fn meet(&mut self, mut draw: Draw) {
        let phones = u32::try_from(self.units.len()).unwrap_or(1).max(1);
        let branches = self.run.scenario.branches.min(phones);
        draw.branch %= branches;
        let crews: Vec<usize> = (0..self.units.len())
            .filter(|n| u32::try_from(*n).unwrap_or(0) % branches == draw.branch)
            .filter(|n| self.units.get(*n).is_some_and(|u| !u.phone.lost))
            .collect();
        let mut pick = usize::try_from(draw.index).unwrap_or(0);
        if self.rng.chance(self.run.faults.rate(Fault::SameStall, 12)) {
            let id = CaseId(format!("y{}-{}-second", self.run.seed, draw.index));
            let other =
                crews.get((pick + 1) % crews.len().max(1)).copied().unwrap_or(pick % self.units.len());
            let other = if crews.len() > 1 { other } else { (other + 1) % self.units.len() };
            if let Some(unit) = self.units.get_mut(other).filter(|u| !u.phone.lost) {
                unit.today.push(Job::Met { draw: Box::new(draw.clone()), id });
                self.counts.second_crews = self.counts.second_crews.saturating_add(1);
            }
        }
        if crews.is_empty() {
            // Everybody of this branch has lost their phone: the neighbours come.
            let living: Vec<usize> =
                (0..self.units.len()).filter(|n| self.units.get(*n).is_some_and(|u| !u.phone.lost)).collect();
            pick = living.get(pick % living.len().max(1)).copied().unwrap_or(0);
            // HQ holds a crew against the roster of the place: what is theirs now counts as their place.
            draw.branch = u32::try_from(pick).unwrap_or(0) % branches;
        } else {
            pick = crews.get(pick % crews.len()).copied().unwrap_or(0);
        }
        if let Some(unit) = self.units.get_mut(pick) {
            let id = CaseId(format!("y{}-{}", self.run.seed, draw.index));
            unit.today.push(Job::Met { draw: Box::new(draw), id });
        }
    }

    fn day(&mut self, day: u32) -> Result<(), FleetError> {
        self.truth.step = u64::from(day);
        let date = self.date(day);
        let morning = moment(date.and_hms_opt(8, 30, 0).unwrap_or_default());
        self.law_changes(date)?;
        self.morning(day, morning)?;
        self.streets(day)?;
        let evening = moment(date.and_hms_opt(21, 30, 0).unwrap_or_default());
        let last = self.units.iter().map(|u| wall(&u.phone)).max().unwrap_or(evening);
        self.time.set(last.max(evening));
        self.evening(day, date)?;
        self.count(day);
        Ok(())
    }

    /// The later version of the local pack: sent ahead, or, with that fault, in the very night before.
    fn law_changes(&mut self, date: NaiveDate) -> Result<(), FleetError> {
        let switch = &self.run.scenario.switch;
        let stale = self.run.faults.has(Fault::StaleRulebook);
        let ahead = if stale { 0 } else { switch.published_days_before };
        let sent = switch.on.0.checked_sub_signed(TimeDelta::days(ahead)).unwrap_or(switch.on.0);
        if date >= sent && !self.switched {
            let next = packs(self.run.scenario, self.run.rulebooks)?.next;
            self.house.desk(|hq| hq.publish_rulebook(&next))?;
            self.switched = true;
        }
        Ok(())
    }

    /// Clocks go on; what is due today is taken up.
    fn morning(&mut self, day: u32, at_ms: i64) -> Result<(), FleetError> {
        let faults = &self.run.faults;
        for unit in self.units.iter_mut().filter(|u| !u.phone.lost) {
            let (due, later) = std::mem::take(&mut unit.later).into_iter().partition(|(d, _)| *d <= day);
            unit.later = later;
            let due: Vec<(u32, Job)> = due;
            unit.today.extend(due.into_iter().map(|(_, job)| job));
            unit.phone.clock.pass(at_ms.saturating_sub(wall(&unit.phone)).max(0));
            if unit.rng.chance(faults.rate(Fault::Skew, 6)) {
                let off = i64::try_from(unit.rng.below(2 * 3_600_000)).unwrap_or(0).saturating_sub(3_600_000);
                unit.phone.clock.set_wall(at_ms.saturating_add(off));
            }
            if !unit.today.is_empty() && unit.phone.office()?.crew().is_none() {
                sign_in(unit.phone.office()?, &unit.officers).map_err(at("sign-in"))?;
            }
        }
        Ok(())
    }

    /// Every crew plays its day. Phones are shared out to the cores; what one does offline touches no other.
    fn streets(&mut self, day: u32) -> Result<(), FleetError> {
        let profile = printer::profile()?;
        let faults = &self.run.faults;
        let mut busy: Vec<&mut Unit> =
            self.units.iter_mut().filter(|u| !u.today.is_empty() && !u.phone.lost).collect();
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let share = busy.len().div_ceil(workers).max(1);
        std::thread::scope(|scope| {
            let handles: Vec<_> = busy
                .chunks_mut(share)
                .map(|units| {
                    let profile = &profile;
                    scope.spawn(move || units.iter_mut().try_for_each(|u| u.work(day, faults, profile)))
                })
                .collect();
            for handle in handles {
                handle
                    .join()
                    .map_err(|_| FleetError::Input("a crew panicked: please report it".into()))??;
            }
            Ok(())
        })
    }

    fn evening(&mut self, day: u32, date: NaiveDate) -> Result<(), FleetError> {
        let faults = self.run.faults.clone();
        let restore_today = self.hq_restores.contains(&day);
        if restore_today {
            self.house.back_up()?;
        }
        if self.rng.chance(faults.rate(Fault::HqCrash, 30)) {
            self.house.stop();
            self.counts.hq_crashes = self.counts.hq_crashes.saturating_add(1);
        }
        let night_before =
            self.run.scenario.switch.on.0.pred_opt() == Some(date) || self.run.scenario.switch.on.0 == date;
        for at in 0..self.units.len() {
            let now = self.time.ms();
            let chance = self.rng.below(1000);
            let device_fate = self.rng.below(10_000);
            let fleet = u64::try_from(self.units.len()).unwrap_or(1);
            let Some(unit) = self.units.get_mut(at).filter(|u| !u.phone.lost) else { continue };
            unit.phone.clock.pass(now.saturating_sub(wall(&unit.phone)).max(0));
            if wall(&unit.phone) > now.saturating_add(600_000) {
                // The officer sets the clock right before going home.
                unit.phone.clock.set_wall(now);
            }
            self.truth.look_at(&unit.phone)?;
            if faults.has(Fault::StaleRulebook) && night_before && chance < 300 {
                unit.away_until = day.saturating_add(1);
            }
            // Of ten thousand phone-days: so many a run of this length.
            let days = u64::from(self.run.scenario.days).max(1);
            let each = |fault, times: u64| {
                let phone_days = days.saturating_mul(fleet).max(1);
                if faults.has(fault) { times.saturating_mul(10_000).div_ceil(phone_days) } else { 0 }
            };
            let restore = each(Fault::Restore, 5 + days / 20);
            let clone = each(Fault::Clone, 2 + days / 100);
            let lose = each(Fault::Lost, 1 + days / 200);
            if unit.phone.has_backup && device_fate < restore {
                unit.phone.restore()?;
                self.counts.restores = self.counts.restores.saturating_add(1);
                self.truth.look_at(&unit.phone)?;
                unit.forget_rolled_back()?;
            } else if device_fate >= 10_000_u64.saturating_sub(lose) && fleet > 2 {
                let device = unit.phone.device()?;
                unit.phone.lose();
                unit.today.clear();
                unit.later.clear();
                self.house.start()?;
                self.house.desk(|hq| hq.withdraw_device(&device, Some(now), true, true))?;
                self.truth.lost.insert(device);
                self.counts.lost = self.counts.lost.saturating_add(1);
                continue;
            } else if (5_000..5_000 + clone).contains(&device_fate) {
                self.twin(at)?;
            }
            self.connect(at, day)?;
        }
        self.house.start()?;
        if restore_today {
            self.house.restore(&self.truth.lost)?;
            self.counts.hq_restores = self.counts.hq_restores.saturating_add(1);
        }
        self.house.desk(|hq| hq.settle())?;
        let differs = self.house.desk(|hq| hq.read(|r| r.counter("replay_mismatches")))?;
        if differs > 0 {
            return Err(self.truth.broken("I7", format!("HQ decided {differs} cases differently")));
        }
        Ok(())
    }

    /// A copy of a phone wakes up somewhere, says hello once, and is not used again.
    fn twin(&mut self, at: usize) -> Result<(), FleetError> {
        let Some(unit) = self.units.get_mut(at) else { return Ok(()) };
        let name = format!("{}+{}", unit.phone.name, self.counts.clones.saturating_add(1));
        let dir = self.dir.join(&name);
        unit.phone.copy_to(&dir)?;
        let line = Line::new(self.house.clone(), &name, self.run.seed, Weather::default());
        let mut twin = Phone::new(&dir, &name, &unit.phone.branch, self.time.ms(), self.run.seed, line)?;
        self.truth.look_at(&twin)?;
        twin.sync(true)?;
        self.truth.look_at(&twin)?;
        self.counts.clones = self.counts.clones.saturating_add(1);
        Ok(())
    }

    /// The evening's sync: three tries; then the platform's back-up of the phone.
    fn connect(&mut self, at: usize, day: u32) -> Result<(), FleetError> {
        let Some(unit) = self.units.get_mut(at) else { return Ok(()) };
        if day < unit.away_until {
            return Ok(());
        }
        for again in [false, true, true] {
            let waits = unsent(&unit.phone)?;
            let crash = unit.rng.chance(self.run.faults.rate(Fault::Crash, 15));
            if crash {
                unit.phone.trap.arm(1 + i32::try_from(unit.rng.below(5)).unwrap_or(0));
            }
            // The second time the officer taps: nobody waits for the dice at the end of a shift.
            let report = unit.phone.sync(again)?;
            unit.phone.trap.disarm();
            match report {
                Some(report) if report.done => break,
                None => unit.crashes = unit.crashes.saturating_add(1),
                Some(_) => {}
            }
            if !self.house.is_up() && waits > 0 {
                self.house.start()?;
            }
        }
        unit.phone.line.deliver_late();
        if self.run.faults.has(Fault::Restore) && unit.rng.chance(300) {
            unit.phone.back_up()?;
        }
        let device = unit.phone.device()?;
        self.truth.look_at(&unit.phone)?;
        self.truth.look_at_hq(&self.house, &device)
    }

    fn count(&mut self, day: u32) {
        let mut line = Day { day, ..Day::default() };
        for unit in &self.units {
            for story in unit.stories.iter().filter(|s| s.day == day) {
                line.cases = line.cases.saturating_add(1);
                match story.outcome {
                    Outcome::NoPenalty | Outcome::OrderComplied => {
                        line.no_penalty = line.no_penalty.saturating_add(1)
                    }
                    o if o.is_penalty() => line.penalty = line.penalty.saturating_add(1),
                    Outcome::Order => line.order = line.order.saturating_add(1),
                    _ => line.other = line.other.saturating_add(1),
                }
            }
            line.open = line.open.saturating_add(u64::try_from(unit.later.len()).unwrap_or(0));
        }
        self.days.push(line);
    }

    /// The year is over: everything that can arrive arrives, the books are closed.
    fn rest(&mut self) -> Result<Summary, FleetError> {
        self.house.start()?;
        let mut stuck = String::new();
        for _ in 0..12 {
            stuck.clear();
            self.time.pass(1_800_000);
            for unit in self.units.iter_mut().filter(|u| !u.phone.lost) {
                unit.phone.line.weather(Weather::default());
                unit.phone.clock.pass(self.time.ms().saturating_sub(wall(&unit.phone)).max(0));
                let report = unit.phone.sync(true)?;
                let waits = unsent(&unit.phone)?;
                if waits > 0 || !report.as_ref().is_some_and(|r| r.done) {
                    stuck = format!(
                        "{}: {waits} entries wait: {:?}",
                        unit.phone.name,
                        report.map(|r| (r.why, r.faults))
                    );
                }
                self.truth.look_at(&unit.phone)?;
            }
            if stuck.is_empty() {
                break;
            }
        }
        if !stuck.is_empty() {
            return Err(self.truth.broken("live", stuck));
        }
        self.house.desk(|hq| hq.settle())?;
        let fates = self.truth.fates(&self.house)?;
        let ledger = self.truth.ledger(&self.house)?;
        let pieces = self.truth.evidence(&self.house)?;
        let replay = self.house.desk(|hq| hq.replay_report())?;
        if replay.mismatches > 0 {
            return Err(self
                .truth
                .broken("I7", format!("HQ decided {} cases differently", replay.mismatches)));
        }
        let alarms = self.house.desk(|hq| hq.alarms())?;
        let reviews = self.house.desk(|hq| hq.reviews(false))?;
        let mut summary = Summary {
            seed: self.run.seed,
            scenario: self.run.scenario.name.clone(),
            phones: u64::from(self.run.phones),
            days: u64::from(self.run.scenario.days),
            faults: self.run.faults.clone(),
            numbers: Numbers::of(&ledger),
            papers: fates.papers,
            lost: fates.declared.saturating_add(fates.silent),
            silent_losses: fates.silent,
            declared_losses: fates.declared,
            duplicate_numbers: self.truth.duplicates,
            hq_replayed: replay.replayed,
            hq_replay_mismatches: replay.mismatches,
            reviews_opened: replay.reviews_opened,
            entries: replay.entries,
            evidence: pieces,
            quarantined: replay.quarantined,
            device_restores: self.counts.restores,
            device_clones: self.counts.clones,
            devices_lost: self.counts.lost,
            hq_crashes: self.counts.hq_crashes,
            hq_restores: self.counts.hq_restores,
            second_crews: self.counts.second_crews,
            published_permille: self.run.scenario.published_permille(),
            timeline: std::mem::take(&mut self.days),
            ..Summary::default()
        };
        for alarm in alarms {
            summary
                .alarm_texts
                .push(format!("{} {} ({}): {}", alarm.kind, alarm.about, alarm.count, alarm.text));
            *summary.alarms.entry(alarm.kind).or_default() += 1;
        }
        for review in reviews {
            *summary.reviews_by_kind.entry(review.kind).or_default() += 1;
        }
        let mut stories: BTreeMap<u32, &Story> = BTreeMap::new();
        for unit in &self.units {
            summary.device_crashes = summary.device_crashes.saturating_add(unit.crashes);
            summary.given_up = summary.given_up.saturating_add(unit.given_up);
            summary.wire_bytes = summary.wire_bytes.saturating_add(unit.phone.line.bytes());
            for (ground, n) in &unit.waited {
                *summary.waited.entry(ground.clone()).or_default() += n;
            }
            for story in &unit.stories {
                let standing = stories.get(&story.index).is_none_or(|s| s.day <= story.day);
                if standing {
                    stories.insert(story.index, story);
                }
            }
        }
        for story in stories.values() {
            summary.story(story.outcome, story.limb);
        }
        summary.close();
        Ok(summary)
    }
}

fn wall(phone: &Phone) -> i64 {
    ezhifa_field::clock::Clock::now(phone.clock.as_ref()).wall_ms
}

fn unsent(phone: &Phone) -> Result<u64, FleetError> {
    let unsent = phone
        .office()?
        .with_store(|s| s.read::<_, StoreError>(|dao| dao.unsent()))
        .map_err(at(&phone.name))?;
    Ok(unsent.entries.saturating_add(unsent.files))
}

impl Unit {
    /// One day of a crew, offline.
    fn work(
        &mut self,
        day: u32,
        faults: &Faults,
        profile: &ezhifa_field::printer::Profile,
    ) -> Result<(), FleetError> {
        for job in std::mem::take(&mut self.today) {
            if self.rng.chance(faults.rate(Fault::Crash, 60)) {
                self.phone.trap.arm(1 + i32::try_from(self.rng.below(90)).unwrap_or(0));
            }
            let paper_ends = self
                .rng
                .chance(faults.rate(Fault::PaperOut, 5))
                .then(|| usize::try_from(self.rng.below(9_000)).unwrap_or(0));
            self.job(job, day, profile, paper_ends)?;
            if self.phone.trap.sprung() {
                self.crashes = self.crashes.saturating_add(1);
                self.phone.reboot()?;
                sign_in(self.phone.office()?, &self.officers).map_err(at("sign-in"))?;
            }
            self.phone.trap.disarm();
        }
        Ok(())
    }

    fn job(
        &mut self,
        job: Job,
        day: u32,
        profile: &ezhifa_field::printer::Profile,
        paper_ends: Option<usize>,
    ) -> Result<(), FleetError> {
        let printer = self.printer.clone();
        let crew = Crew { officers: self.officers.clone(), printer: &printer, profile, paper_ends };
        let now = moment_of(&self.phone);
        let play = |draw, id, prior| Play { draw, id, crew, prior, pace_ms: PACE_MS, now, crashes: 0 };
        match job {
            Job::Met { draw, id } => {
                let ahead = moment(draw.at).saturating_sub(wall(&self.phone)).clamp(0, 12 * 3_600_000);
                self.phone.clock.pass(ahead);
                let mut play = play(&draw, id.clone(), None);
                let played = play.run(&mut self.phone)?;
                self.crashes = self.crashes.saturating_add(play.crashes);
                self.played(day, *draw, id, None, played);
            }
            Job::Goes { draw, id, prior } => {
                let mut play = play(&draw, id.clone(), prior.clone());
                let played = play.run(&mut self.phone)?;
                self.crashes = self.crashes.saturating_add(play.crashes);
                self.played(day, *draw, id, prior, played);
            }
            Job::Recheck { draw, id, number } => {
                if self.phone.office()?.case(&id).is_err() {
                    // Rolled back with the phone: HQ has the order, this phone does not know its case.
                    self.given_up = self.given_up.saturating_add(1);
                } else if draw.corrected_later {
                    let mut play = play(&draw, id.clone(), None);
                    let waits = play.complied(&mut self.phone)?;
                    self.crashes = self.crashes.saturating_add(play.crashes);
                    match waits {
                        None => self.stories.push(Story {
                            index: draw.index,
                            day,
                            outcome: Outcome::OrderComplied,
                            limb: None,
                        }),
                        Some(ground) => {
                            *self.waited.entry(ground).or_default() += 1;
                            self.later.push((day.saturating_add(1), Job::Recheck { draw, id, number }));
                        }
                    }
                } else {
                    let next = CaseId(format!("{}-again", id.0));
                    let mut play = play(&draw, next.clone(), Some(number.clone()));
                    let played = play.run(&mut self.phone)?;
                    self.crashes = self.crashes.saturating_add(play.crashes);
                    self.played(day, *draw, next, Some(number), played);
                }
            }
        }
        Ok(())
    }

    fn played(&mut self, day: u32, draw: Draw, id: CaseId, prior: Option<String>, played: Played) {
        match played {
            Played::Done { outcome, limb, number } => {
                // A party without a document is on no list: nobody can be held to that order later.
                let known = draw.corrected_later || !draw.id_number.is_empty();
                if known && outcome == Outcome::Order && prior.is_none() && draw.correction != Correction::Now
                {
                    let due = day.saturating_add(1 + u32::try_from(self.rng.below(4)).unwrap_or(0));
                    let job = Job::Recheck { draw: Box::new(draw.clone()), id, number: number.clone() };
                    self.later.push((due, job));
                }
                self.stories.push(Story { index: draw.index, day, outcome, limb });
            }
            Played::Waits(ground) => {
                *self.waited.entry(ground).or_default() += 1;
                // A crew does not come back for ever.
                if self.rng.chance(950) {
                    self.later.push((day.saturating_add(1), Job::Goes { draw: Box::new(draw), id, prior }));
                } else {
                    self.given_up = self.given_up.saturating_add(1);
                }
            }
        }
    }

    /// After a roll-back the phone's cases since the back-up are gone from it: nobody goes on with them here.
    fn forget_rolled_back(&mut self) -> Result<(), FleetError> {
        let office = self.phone.office()?;
        let known = |id: &CaseId| office.case(id).is_ok();
        let mut lost = 0_u64;
        self.later.retain_mut(|(_, job)| {
            let keep = match job {
                Job::Met { .. } => true,
                // Taken up afresh: no two lives of a journal share a case id.
                Job::Goes { id, .. } => {
                    if !known(id) {
                        id.0.push_str("-anew");
                    }
                    true
                }
                Job::Recheck { id, .. } => known(id),
            };
            lost = lost.saturating_add(u64::from(!keep));
            keep
        });
        self.given_up = self.given_up.saturating_add(lost);
        sign_in(office, &self.officers).map_err(at("sign-in"))?;
        Ok(())
    }
}

fn moment_of(phone: &Phone) -> chrono::NaiveDateTime {
    ezhifa_field::feed::local(wall(phone))
}
