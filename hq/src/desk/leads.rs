//! Leads (线索): from citizens, the city platform, petitions, drones; routed to a branch by polygon, joined
//! when they tell of one problem, sent to the branch's phones by the feed. A lead decides nothing.
//! The reporter's identity stays here and never enters the feed.

use ezhifa_wire::feed::{self as wire_feed, FeedBody};
use serde::{Deserialize, Serialize};

use super::{
    geo::{self, Datum, Point},
    routing,
};
use crate::{
    Hq,
    casefile::CaseFile,
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
    /// 巡查 that another crew shall go on with.
    Patrol,
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
            LeadSource::Patrol => "patrol",
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
    /// Who at the organ audited a video record; a source that is not the organ cannot say so (处罚法 41).
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
    /// The crew has finished; the answer to the reporter is owed.
    Handled {
        /// In which case.
        case: String,
        /// How: `advised`, `handed_over`, or the outcome of the decision.
        result: String,
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
        /// In which case, where there was one.
        #[serde(default)]
        case: Option<String>,
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
    /// Offences that the code may turn out to be, likeliest first.
    #[serde(default)]
    pub offences: Vec<String>,
    /// How far.
    #[serde(flatten)]
    pub state: LeadState,
}

impl Lead {
    /// The case that was opened on it.
    #[must_use]
    pub fn case(&self) -> Option<&str> {
        match &self.state {
            LeadState::Taken { case } | LeadState::Handled { case, .. } => Some(case),
            LeadState::Closed { case, .. } => case.as_deref(),
            LeadState::AwaitsAudit | LeadState::Sent | LeadState::Joined { .. } => None,
        }
    }

    /// The lead without its reporter: what lists and sources get.
    #[must_use]
    pub fn without_reporter(mut self) -> Lead {
        self.new.reporter = None;
        self
    }
}

/// Leads of one kind within this distance and time tell of one problem.
const SAME_PLACE_M: f64 = 30.0;
const SAME_TIME_MS: i64 = 2 * 3_600_000;

/// What became of a lead, for the system that posted it: no officer, no case, no reporter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// Place in this source's list, from 1.
    pub n: u64,
    /// The source's own reference.
    pub reference: String,
    /// `joined`, `taken`, `handled`, `closed`.
    pub state: String,
    /// Words for the reporter, with `closed`.
    pub answer: String,
    /// When.
    pub at_ms: i64,
}

impl Hq {
    /// Takes a lead in. Posting the same reference again gives the same lead.
    ///
    /// # Errors
    /// Empty reference or words, or the store failed.
    pub fn post_lead(&self, posted_by: &str, mut new: NewLead) -> Result<Lead, HqError> {
        let fits = !new.reference.is_empty()
            && new.reference.len() <= 128
            && new.event_code.len() <= 64
            && !new.text.is_empty()
            && new.text.len() <= 4_000
            && new.place.len() <= 400
            && new.reporter.as_ref().is_none_or(|r| r.len() <= 1_000)
            && new.at.lat_e7.unsigned_abs() <= 900_000_000
            && new.at.lon_e7.unsigned_abs() <= 1_800_000_000;
        if !fits {
            return Err(HqError::Bad(
                "线索需要来源编号（128 字节以内）、代码（64 字节以内）、内容（4000 字节以内）与地球上的位置 / a lead needs a reference, a code, words and a place on earth"
                    .into(),
            ));
        }
        let converted = new.datum == Datum::Gcj02;
        if converted {
            new.at = geo::from_gcj02(new.at);
            new.datum = Datum::Wgs84;
        }
        let now = self.now_ms();
        // Ids in the order of time: lists page by them, and the newest lie together.
        let id = format!("L{now:013}{}", self.random_hex::<4>()?);
        let branch = self.branch_at(new.at)?;
        let offences = self.offences_of(&new.event_code);
        let posted_by = posted_by.to_owned();
        self.write(1, move |w| {
            let reference = format!("{posted_by}/{}", new.reference);
            if let Some(known) = store::get::<String>(w, "lead_ref", &reference)? {
                return store::get(w, "lead", &known)?.ok_or_else(|| HqError::Unreadable("lead".into()));
            }
            let waits = new.source == LeadSource::VideoLead && new.audited_by.is_none();
            let state = if waits { LeadState::AwaitsAudit } else { sent_or_joined(w, &new, now)? };
            let lead =
                Lead { id: id.clone(), new, posted_by, received_ms: now, branch, converted, offences, state };
            store::put(w, "lead_ref", &reference, &id)?;
            w.advance("leads", 1)?;
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
        self.change_lead(id, move |w, lead, now| {
            if lead.state != LeadState::AwaitsAudit || by.is_empty() {
                return Err(HqError::Conflict(
                    "线索不在待审核状态 / the lead does not wait for an audit".into(),
                ));
            }
            lead.new.audited_by = Some(by);
            lead.state = sent_or_joined(w, &lead.new, now)?;
            Ok(())
        })
    }

    /// Gives a lead to a branch: where no polygon holds the place, or another branch's work it is.
    ///
    /// # Errors
    /// No such lead, or it is done.
    pub fn route_lead(&self, id: &str, branch: &str) -> Result<Lead, HqError> {
        let branch = branch.to_owned();
        self.change_lead(id, move |w, lead, now| {
            if lead.state != LeadState::Sent {
                return Err(HqError::Conflict("线索已被承办 / the lead is taken or done".into()));
            }
            if let Some(old) = lead.branch.replace(branch) {
                w.remove_doc("lead_open", &format!("{old}/{}", lead.id))?;
                feed::publish(w, &feed::to_branch(&old), &FeedBody::Lead(item(lead, true, Vec::new())), now)?;
            } else {
                w.remove_doc("lead_open", &format!("-/{}", lead.id))?;
            }
            Ok(())
        })
    }

    /// Closes a lead with the answer for its reporter; leads joined to it close with the same answer.
    ///
    /// # Errors
    /// No such lead, or it was closed with another answer.
    pub fn close_lead(&self, id: &str, answer: &str) -> Result<Lead, HqError> {
        if answer.trim().is_empty() {
            return Err(HqError::Bad("办结需要答复内容 / closing needs an answer".into()));
        }
        let answer = answer.to_owned();
        self.change_lead(id, move |_, lead, _| match &lead.state {
            LeadState::Closed { answer: old, .. } if *old != answer => {
                Err(HqError::Conflict("线索已经办结 / the lead is closed".into()))
            }
            LeadState::Closed { .. } => Ok(()),
            _ => {
                lead.state = LeadState::Closed { answer, case: lead.case().map(str::to_owned) };
                Ok(())
            }
        })
    }

    /// A lead by id.
    ///
    /// # Errors
    /// No such lead.
    pub fn lead(&self, id: &str) -> Result<Lead, HqError> {
        self.read(|r| store::get(r, "lead", id))?.ok_or(HqError::NotFound("lead"))
    }

    /// What became of the leads of one source, after its place `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn lead_news(&self, source: &str, after: u64, limit: u32) -> Result<Vec<News>, HqError> {
        let (prefix, after) = (format!("{source}/"), format!("{source}/{after:012}"));
        self.read(|r| {
            r.docs("lead_news", &prefix, &after, limit)?
                .iter()
                .map(|(_, body)| serde_json::from_str(body).map_err(|_| HqError::Unreadable("news".into())))
                .collect()
        })
    }

    fn change_lead(
        &self,
        id: &str,
        change: impl FnOnce(&mut dyn Write, &mut Lead, i64) -> Result<(), HqError> + Send + 'static,
    ) -> Result<Lead, HqError> {
        let (id, now) = (id.to_owned(), self.now_ms());
        self.write(1, move |w| {
            let mut lead: Lead = store::get(w, "lead", &id)?.ok_or(HqError::NotFound("lead"))?;
            let before = lead.clone();
            change(w, &mut lead, now)?;
            if lead != before {
                keep(w, &lead, now)?;
            }
            Ok(lead)
        })
    }
}

/// What the case that was opened on a lead has come to: the other crews see it taken, the source hears.
pub(crate) fn follow(w: &mut dyn Write, id: &str, file: &CaseFile, now: i64) -> Result<(), HqError> {
    let Some(mut lead) = store::get::<Lead>(w, "lead", id)? else { return Ok(()) };
    match &lead.state {
        LeadState::Sent => {}
        LeadState::Taken { case } | LeadState::Handled { case, .. } if *case == file.id => {}
        _ => return Ok(()),
    }
    let result = match file.standing() {
        Some(decision) if file.served_at.is_some() => {
            serde_json::to_value(decision.outcome)?.as_str().map(str::to_owned)
        }
        _ if file.advised => Some("advised".to_owned()),
        _ if file.handed => Some("handed_over".to_owned()),
        _ if file.closed => Some("closed".to_owned()),
        _ => None,
    };
    let case = file.id.clone();
    let state = match result {
        Some(result) => LeadState::Handled { case, result },
        None => LeadState::Taken { case },
    };
    if lead.state == state {
        return Ok(());
    }
    lead.state = state;
    keep(w, &lead, now)
}

fn sent_or_joined(w: &mut dyn Write, new: &NewLead, now: i64) -> Result<LeadState, HqError> {
    Ok(neighbour(w, new, now)?.map_or(LeadState::Sent, |to| LeadState::Joined { to }))
}

/// A cell of about 111 m, so that neighbours are found without a scan.
fn cell(at: Point) -> (i64, i64) {
    (at.lat_e7.div_euclid(10_000), at.lon_e7.div_euclid(10_000))
}

/// Where a lead is found by its neighbours: code, two hours, row, column.
fn cell_key(lead: &Lead) -> String {
    let (row, column) = cell(lead.new.at);
    let hours = lead.received_ms.div_euclid(SAME_TIME_MS);
    format!("{}/{hours}/{row}/{column}/{}", lead.new.event_code, lead.id)
}

/// What a neighbour needs to know.
#[derive(Serialize, Deserialize)]
struct Near {
    at: Point,
    ms: i64,
}

fn neighbour(w: &mut dyn Write, new: &NewLead, now: i64) -> Result<Option<String>, HqError> {
    let (row, column) = cell(new.at);
    let hours = now.div_euclid(SAME_TIME_MS);
    for h in [hours, hours.saturating_sub(1)] {
        for r in row.saturating_sub(1)..=row.saturating_add(1) {
            let band: Vec<(String, Near)> =
                store::list(w, "lead_cell", &format!("{}/{h}/{r}/", new.event_code))?;
            for (key, near) in band {
                let beside = cell(near.at).1.abs_diff(column) <= 1
                    && now.saturating_sub(near.ms) <= SAME_TIME_MS
                    && geo::metres(near.at, new.at) <= SAME_PLACE_M;
                let id = key.rsplit('/').next().unwrap_or_default();
                if beside
                    && let Some(old) = store::get::<Lead>(w, "lead", id)?
                    && matches!(old.state, LeadState::Sent | LeadState::Taken { .. })
                {
                    return Ok(Some(id.to_owned()));
                }
            }
        }
    }
    Ok(None)
}

/// As a phone sees it. The reporter is not in it.
fn item(lead: &Lead, closed: bool, offered: Vec<String>) -> wire_feed::Lead {
    wire_feed::Lead {
        lead: lead.id.clone(),
        source: lead.new.source.word().to_owned(),
        place: lead.new.place.clone(),
        text: lead.new.text.clone(),
        audited_by: lead.new.audited_by.clone().unwrap_or_default(),
        due_ms: lead.new.answer_due_ms,
        closed,
        lat_e7: Some(lead.new.at.lat_e7),
        lon_e7: Some(lead.new.at.lon_e7),
        event_code: lead.new.event_code.clone(),
        offences: lead.offences.clone(),
        offered,
    }
}

fn keep(w: &mut dyn Write, lead: &Lead, now: i64) -> Result<(), HqError> {
    store::put(w, "lead", &lead.id, lead)?;
    let open = format!("{}/{}", lead.branch.as_deref().unwrap_or("-"), lead.id);
    match &lead.state {
        LeadState::Closed { .. } | LeadState::Joined { .. } => w.remove_doc("lead_open", &open)?,
        _ => w.put_doc("lead_open", &open, "{}")?,
    }
    let closed = match &lead.state {
        LeadState::AwaitsAudit => return Ok(()),
        LeadState::Joined { to } => {
            w.put_doc("lead_joined", &format!("{to}/{}", lead.id), "{}")?;
            return tell(w, lead, "joined", "", now);
        }
        LeadState::Sent => {
            let near = Near { at: lead.new.at, ms: lead.received_ms };
            store::put(w, "lead_cell", &cell_key(lead), &near)?;
            false
        }
        LeadState::Taken { .. } => {
            tell_all(w, lead, "taken", "", now)?;
            true
        }
        LeadState::Handled { .. } => {
            tell_all(w, lead, "handled", "", now)?;
            true
        }
        LeadState::Closed { answer, .. } => {
            w.remove_doc("lead_cell", &cell_key(lead))?;
            w.advance("leads_closed", 1)?;
            tell_all(w, lead, "closed", answer, now)?;
            true
        }
    };
    let Some(branch) = &lead.branch else { return Ok(()) };
    let offered = if closed { Vec::new() } else { routing::nearest(w, branch, lead.new.at, now)? };
    feed::publish(w, &feed::to_branch(branch), &FeedBody::Lead(item(lead, closed, offered)), now)
}

/// The source of a lead hears, and with it the sources of all that tell of the same problem.
fn tell_all(w: &mut dyn Write, lead: &Lead, state: &str, answer: &str, now: i64) -> Result<(), HqError> {
    tell(w, lead, state, answer, now)?;
    let joined: Vec<(String, serde_json::Value)> = store::list(w, "lead_joined", &format!("{}/", lead.id))?;
    for (key, _) in joined {
        let id = key.rsplit('/').next().unwrap_or_default();
        let Some(mut other) = store::get::<Lead>(w, "lead", id)? else { continue };
        tell(w, &other, state, answer, now)?;
        if state == "closed" {
            other.state = lead.state.clone();
            store::put(w, "lead", id, &other)?;
        }
    }
    Ok(())
}

fn tell(w: &mut dyn Write, lead: &Lead, state: &str, answer: &str, now: i64) -> Result<(), HqError> {
    let news = News {
        n: w.advance(&format!("lead_news/{}", lead.posted_by), 1)?,
        reference: lead.new.reference.clone(),
        state: state.to_owned(),
        answer: answer.to_owned(),
        at_ms: now,
    };
    store::put(w, "lead_news", &format!("{}/{:012}", lead.posted_by, news.n), &news)
}
