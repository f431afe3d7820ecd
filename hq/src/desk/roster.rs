//! Who works where: organs, branches, squads (片区中队、女子队、无人机队、服务驿站), crews and shifts.
//! Officers themselves travel to phones with [`Hq::publish_roster`] and are enforced there, offline.

use chrono::NaiveDate;
use ezhifa_casework::people::{Officer, OfficerKind, Power};
use serde::{Deserialize, Serialize};

use super::{geo::Point, routing::Stand};
use crate::{
    Hq,
    config::local,
    error::HqError,
    store::{self, Write},
};

/// A part of the organ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Code.
    pub id: String,
    /// What it is.
    pub kind: UnitKind,
    /// Name.
    pub name: String,
    /// What it belongs to; empty for the organ.
    #[serde(default)]
    pub parent: String,
    /// Where it has its place.
    #[serde(default)]
    pub at: Option<Point>,
}

/// 三队一站 and what stands above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// 执法局.
    Organ,
    /// 分局.
    Branch,
    /// 片区队（片长）.
    Beat,
    /// 女子队.
    WomensSquad,
    /// 无人机飞行队.
    DroneSquad,
    /// 城市服务驿站.
    ServiceStation,
}

/// Two officers and who goes with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrewFile {
    /// Name of the crew.
    pub id: String,
    /// Branch.
    pub branch: String,
    /// Squad.
    #[serde(default)]
    pub squad: String,
    /// Certified officers, two.
    pub officers: [String; 2],
    /// 辅助人员: accompany, never sign.
    #[serde(default)]
    pub with: Vec<String>,
    /// Its phone.
    pub device: String,
}

/// A crew on duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Crew.
    pub crew: String,
    /// From.
    pub from_ms: i64,
    /// Until.
    pub until_ms: i64,
    /// Where it begins.
    pub at: Point,
}

/// An officer on a list: no PIN verifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficerLine {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// 行政执法证号.
    pub certificate: String,
    /// Certified or auxiliary.
    pub kind: OfficerKind,
    /// Branch.
    pub branch: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: NaiveDate,
    /// May sign today.
    pub may_sign: bool,
    /// Days until the certificate ends; negative when it has.
    pub days_left: i64,
    /// Powers.
    pub powers: Vec<Power>,
    /// Has a PIN.
    pub has_pin: bool,
}

impl Hq {
    /// Writes a unit.
    ///
    /// # Errors
    /// A parent that is not there, or the store failed.
    pub fn set_unit(&self, unit: Unit) -> Result<Unit, HqError> {
        self.write(1, move |w| {
            if unit.kind != UnitKind::Organ && w.doc("unit", &unit.parent)?.is_none() {
                return Err(HqError::NotFound("parent"));
            }
            store::put(w, "unit", &unit.id.clone(), &unit)?;
            Ok(unit)
        })
    }

    /// All units.
    ///
    /// # Errors
    /// The store failed.
    pub fn units(&self) -> Result<Vec<Unit>, HqError> {
        Ok(self.read(|r| store::list(r, "unit", ""))?.into_iter().map(|(_, u)| u).collect())
    }

    /// Writes a crew: its two officers must be certified and of its branch, those beside them on its roster.
    ///
    /// # Errors
    /// Somebody is not on the roster, or may not sign.
    pub fn set_crew_file(&self, crew: CrewFile) -> Result<CrewFile, HqError> {
        let today = local(self.now_ms()).date();
        self.write(1, move |w| {
            let roster: Vec<Officer> = store::get(w, "roster", &crew.branch)?.unwrap_or_default();
            let find = |id: &str| roster.iter().find(|o| o.id.0 == id);
            let [first, second] = &crew.officers;
            let sign = |id: &str| find(id).is_some_and(|o| o.certified_on(today));
            if first == second || !sign(first) || !sign(second) {
                return Err(HqError::Bad(
                    "执法组须为两名不同的持证人员 / a crew is two different certified officers".into(),
                ));
            }
            if crew.with.iter().any(|id| find(id).is_none()) {
                return Err(HqError::NotFound("officer"));
            }
            store::put(w, "crew", &format!("{}/{}", crew.branch, crew.id), &crew)?;
            Ok(crew)
        })
    }

    /// Crews, by branch.
    ///
    /// # Errors
    /// The store failed.
    pub fn crews(&self) -> Result<Vec<CrewFile>, HqError> {
        Ok(self.read(|r| store::list(r, "crew", ""))?.into_iter().map(|(_, c)| c).collect())
    }

    /// Puts a crew on duty: leads are offered to it while the shift lasts.
    ///
    /// # Errors
    /// No such crew, an end before the beginning.
    pub fn set_shift(&self, branch: &str, shift: Shift) -> Result<Shift, HqError> {
        if shift.until_ms <= shift.from_ms {
            return Err(HqError::Bad("班次的止应晚于起 / a shift ends after it begins".into()));
        }
        let branch = branch.to_owned();
        self.write(1, move |w| {
            let crew: CrewFile = store::get(w, "crew", &format!("{branch}/{}", shift.crew))?
                .ok_or(HqError::NotFound("crew"))?;
            stand(w, &crew, &shift)?;
            store::put(w, "shift", &format!("{branch}/{:013}/{}", shift.from_ms, shift.crew), &shift)?;
            Ok(shift)
        })
    }

    /// Shifts: (branch, shift), in the order of their beginning within a branch.
    ///
    /// # Errors
    /// The store failed.
    pub fn shifts(&self) -> Result<Vec<(String, Shift)>, HqError> {
        let all: Vec<(String, Shift)> = self.read(|r| store::list(r, "shift", ""))?;
        Ok(all.into_iter().map(|(k, s)| (k.split('/').next().unwrap_or_default().to_owned(), s)).collect())
    }

    /// Officers of every branch, or of one.
    ///
    /// # Errors
    /// The store failed.
    pub fn officers(&self, branch: &str) -> Result<Vec<OfficerLine>, HqError> {
        let today = local(self.now_ms()).date();
        let rosters: Vec<(String, Vec<Officer>)> = self.read(|r| store::list(r, "roster", branch))?;
        Ok(rosters
            .into_iter()
            .flat_map(|(_, officers)| officers)
            .map(|o| OfficerLine {
                may_sign: o.certified_on(today),
                days_left: (o.valid_to - today).num_days(),
                has_pin: !o.pin_verifier.is_empty(),
                id: o.id.0,
                name: o.name,
                certificate: o.certificate,
                kind: o.kind,
                branch: o.branch,
                valid_from: o.valid_from,
                valid_to: o.valid_to,
                powers: o.powers,
            })
            .collect())
    }
}

fn stand(w: &mut dyn Write, crew: &CrewFile, shift: &Shift) -> Result<(), HqError> {
    let stand = Stand {
        branch: crew.branch.clone(),
        device: crew.device.clone(),
        crew: crew.id.clone(),
        at: shift.at,
        from_ms: shift.from_ms,
        until_ms: shift.until_ms,
    };
    store::put(w, "stand", &format!("{}/{}", crew.branch, crew.device), &stand)
}
