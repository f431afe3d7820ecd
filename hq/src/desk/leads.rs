//! Leads (线索): from citizens, the city platform, petitions, drones; routed to a branch by polygon, joined
//! when they tell of one problem, sent to the branch's phones by the feed. A lead decides nothing.
//! The reporter's identity stays here and never enters the feed.

use ezhifa_wire::feed::{self as wire_feed, FeedBody};
use serde::{Deserialize, Serialize};

use super::geo::{self, Datum, Point};
use crate::{
    Hq,
    error::HqError,
    feed,
    store::{self, Write},
};

/// Where a lead came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadSource {
    /// 一键找城管.
    CitizenReport,
    /// 智慧城市平台视频: waits for a person's audit (处罚法 41).
    VideoLead,
    /// 信访.
    Petition,
    /// 无人机.
    Drone,
    /// 其他机关移送.
    OtherOrgan,
}

impl LeadSource {
    /// The word in journal and feed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            LeadSource::CitizenReport => "citizen_report",
            LeadSource::VideoLead => "video_lead",
            LeadSource::Petition => "petition",
            LeadSource::Drone => "drone",
            LeadSource::OtherOrgan => "other_organ",
        }
    }
}

/// A lead as posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewLead {
    /// The sender's own reference: posting it again changes nothing.
    pub reference: String,
    /// From where.
    pub source: LeadSource,
    /// GB/T 30428 event code, or the sender's word for the problem.
    pub event_code: String,
    /// What, in words, as the officers shall read it; no word about the reporter.
    pub text: String,
    /// Where, in words.
    pub place: String,
    /// Where.
    pub at: Point,
    /// Datum of `at`.
    #[serde(default)]
    pub datum: Datum,
    /// Who reported, for the answer; never leaves HQ.
    #[serde(default)]
    pub reporter: Option<String>,
    /// Who audited a video record.
    #[serde(default)]
    pub audited_by: Option<String>,
    /// When the answer is due, for petitions.
    #[serde(default)]
    pub answer_due_ms: Option<i64>,
}

/// How far a lead is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum LeadState {
    /// A video record that nobody has audited.
    AwaitsAudit,
    /// On the phones of the branch.
    Sent,
    /// A crew has opened a case on it.
    Taken {
        /// Which.
        case: String,
    },
    /// Tells of the same problem as another.
    Joined {
        /// Which lead.
        to: String,
    },
    /// Done.
    Closed {
        /// How, in words for the reporter.
        answer: String,
    },
}

/// A lead as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// HQ's id.
    pub id: String,
    /// As posted; the place is WGS-84 by now.
    #[serde(flatten)]
    pub new: NewLead,
    /// Who posted it.
    pub posted_by: String,
    /// When it came in.
    pub received_ms: i64,
    /// Branch by polygon; none when no polygon holds the place: the desk routes it.
    pub branch: Option<String>,
    /// Whether the place was converted from GCJ-02.
    pub converted: bool,
    /// How far.
    #[serde(flatten)]
    pub state: LeadState,
}

/// Leads of one kind within this distance and time tell of one problem.
const SAME_PLACE_M: f64 = 30.0;
const SAME_TIME_MS: i64 = 2 * 3_600_000;

/// A cell of about 111 m, so that neighbours are found without a scan.
fn cell(lat_e7: i64, lon_e7: i64) -> (i64, i64) {
    (lat_e7.div_euclid(10_000), lon_e7.div_euclid(10_000))
}

impl Hq {
    /// Says which area a branch has (WGS-84 ring).
    ///
    /// # Errors
    /// The store failed.
    pub fn set_branch_area(&self, branch: &str, ring: Vec<Point>) -> Result<(), HqError> {
        let branch = branch.to_owned();
        self.write(1, move |w| store::put(w, "area", &branch, &ring))
    }

    /// Takes a lead in. Posting the same reference again gives the same lead.
    ///
    /// # Errors
    /// Empty reference or words, or the store failed.
    pub fn post_lead(&self, posted_by: &str, mut new: NewLead) -> Result<Lead, HqError> {
        if new.reference.is_empty()
            || new.reference.len() > 128
            || new.text.is_empty()
            || new.text.len() > 4_000
        {
            return Err(HqError::Bad(
                "线索需要来源编号（128 字节以内）与内容（4000 字节以内）/ a lead needs a reference and words"
                    .into(),
            ));
        }
        let converted = new.datum == Datum::Gcj02;
        if converted {
            new.at = geo::from_gcj02(new.at);
            new.datum = Datum::Wgs84;
        }
        let now = self.now_ms();
        let id = format!("L{}", self.random_hex::<8>()?);
        let posted_by = posted_by.to_owned();
        self.write(1, move |w| {
            let reference = format!("{posted_by}/{}", new.reference);
            if let Some(known) = store::get::<String>(w, "lead_ref", &reference)? {
                return store::get(w, "lead", &known)?.ok_or_else(|| HqError::Unreadable("lead".into()));
            }
            let branch = store::list::<Vec<Point>>(w, "area", "")?
                .into_iter()
                .find(|(_, ring)| geo::inside(ring, new.at))
                .map(|(b, _)| b);
            let state = if new.source == LeadSource::VideoLead && new.audited_by.is_none() {
                LeadState::AwaitsAudit
            } else if let Some(to) = neighbour(w, &new, now)? {
                LeadState::Joined { to }
            } else {
                LeadState::Sent
            };
            let lead = Lead { id: id.clone(), new, posted_by, received_ms: now, branch, converted, state };
            store::put(w, "lead_ref", &reference, &id)?;
            keep(w, &lead, now)?;
            Ok(lead)
        })
    }

    /// A person has audited a video record (处罚法 41): now it may travel.
    ///
    /// # Errors
    /// No such lead, or it does not wait for an audit.
    pub fn audit_lead(&self, id: &str, by: &str) -> Result<Lead, HqError> {
        let by = by.to_owned();
        self.change_lead(id, move |lead| match lead.state {
            LeadState::AwaitsAudit if !by.is_empty() => {
                lead.new.audited_by = Some(by);
                lead.state = LeadState::Sent;
                Ok(())
            }
            _ => Err(HqError::Conflict("线索不在待审核状态 / the lead does not wait for an audit".into())),
        })
    }

    /// Closes a lead with the answer for its reporter.
    ///
    /// # Errors
    /// No such lead.
    pub fn close_lead(&self, id: &str, answer: &str) -> Result<Lead, HqError> {
        let answer = answer.to_owned();
        self.change_lead(id, move |lead| {
            lead.state = LeadState::Closed { answer };
            Ok(())
        })
    }

    /// A lead by id.
    ///
    /// # Errors
    /// No such lead.
    pub fn lead(&self, id: &str) -> Result<Lead, HqError> {
        self.read(|r| store::get(r, "lead", id))?.ok_or(HqError::NotFound("lead"))
    }

    fn change_lead(
        &self,
        id: &str,
        change: impl FnOnce(&mut Lead) -> Result<(), HqError> + Send + 'static,
    ) -> Result<Lead, HqError> {
        let (id, now) = (id.to_owned(), self.now_ms());
        self.write(1, move |w| {
            let mut lead: Lead = store::get(w, "lead", &id)?.ok_or(HqError::NotFound("lead"))?;
            change(&mut lead)?;
            keep(w, &lead, now)?;
            Ok(lead)
        })
    }
}

/// A case was opened on a lead: the other crews see it taken.
///
/// # Errors
/// The store failed.
pub fn taken(w: &mut dyn Write, id: &str, case: &str, now: i64) -> Result<(), HqError> {
    if let Some(mut lead) = store::get::<Lead>(w, "lead", id)?
        && lead.state == LeadState::Sent
    {
        lead.state = LeadState::Taken { case: case.to_owned() };
        keep(w, &lead, now)?;
    }
    Ok(())
}

fn neighbour(w: &mut dyn Write, new: &NewLead, now: i64) -> Result<Option<String>, HqError> {
    let (row, column) = cell(new.at.lat_e7, new.at.lon_e7);
    for r in row.saturating_sub(1)..=row.saturating_add(1) {
        for c in column.saturating_sub(1)..=column.saturating_add(1) {
            let near: Vec<(String, String)> =
                store::list(w, "lead_cell", &format!("{}/{r}/{c}/", new.event_code))?;
            for (_, id) in near {
                if let Some(old) = store::get::<Lead>(w, "lead", &id)?
                    && matches!(old.state, LeadState::Sent | LeadState::Taken { .. })
                    && now.saturating_sub(old.received_ms) <= SAME_TIME_MS
                    && geo::metres(old.new.at, new.at) <= SAME_PLACE_M
                {
                    return Ok(Some(id));
                }
            }
        }
    }
    Ok(None)
}

fn keep(w: &mut dyn Write, lead: &Lead, now: i64) -> Result<(), HqError> {
    store::put(w, "lead", &lead.id, lead)?;
    let (row, column) = cell(lead.new.at.lat_e7, lead.new.at.lon_e7);
    let place = format!("{}/{row}/{column}/{}", lead.new.event_code, lead.id);
    let closed = match lead.state {
        LeadState::AwaitsAudit | LeadState::Joined { .. } => return Ok(()),
        LeadState::Sent => {
            store::put(w, "lead_cell", &place, &lead.id)?;
            false
        }
        LeadState::Taken { .. } => true,
        LeadState::Closed { .. } => {
            w.remove_doc("lead_cell", &place)?;
            true
        }
    };
    let Some(branch) = &lead.branch else { return Ok(()) };
    let item = wire_feed::Lead {
        lead: lead.id.clone(),
        source: lead.new.source.word().to_owned(),
        place: lead.new.place.clone(),
        text: lead.new.text.clone(),
        audited_by: lead.new.audited_by.clone().unwrap_or_default(),
        due_ms: lead.new.answer_due_ms,
        closed,
    };
    feed::publish(w, &feed::to_branch(branch), &FeedBody::Lead(item), now)
}
