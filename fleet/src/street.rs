//! One case on the street, step by step through the phone's own calls, as a crew would do it. A phone that
//! dies in the middle is started again and goes on where its journal says it stood.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime};
use ezhifa_field::{
    FieldOffice,
    casework::{
        case::{Case, Issued},
        command::Command,
        event::{
            CaseId, Choice, CloseWay, Destination, EvidenceItem, FactSource, NoticeWay, PrintState,
            ServiceWay, Source, Stage, StatementKind,
        },
        law::{
            facts::Value,
            terms::{Limb, Outcome, PartyKind},
        },
        people::{IdKind, Identity, OfficerId, Party, Place, Private, SignerRole, Signing, SigningAct},
    },
    clock::Clock,
    error::{FieldError, Kind},
    feed::local,
    office::{Shot, Taken},
    printer::Profile,
};

use crate::{
    FleetError,
    error::at,
    phone::Phone,
    printer::Printer,
    scenario::{Correction, Draw},
};

/// The PIN of everybody: a simulated secret.
pub(crate) const PIN: &str = "246813";

/// What a crew has with it.
pub(crate) struct Crew<'a> {
    pub(crate) officers: [OfficerId; 2],
    pub(crate) printer: &'a Printer,
    pub(crate) profile: &'a Profile,
    /// Bytes after which the roll ends in this case.
    pub(crate) paper_ends: Option<usize>,
}

/// How a case on the street ended for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Played {
    /// Done, with its outcome and limb, and the number of the paper.
    Done { outcome: Outcome, limb: Option<Limb>, number: String },
    /// The phone may not go on now: by which ground.
    Waits(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Open,
    Show,
    Photo,
    Offence,
    Party,
    AttachOrder,
    RecheckFailed,
    History,
    Answers,
    AfterPhoto,
    SeeCorrection,
    Propose,
    Notice,
    Statement,
    Educate,
    Decide,
    HandOver,
    Issue,
    Print,
    Serve,
    Close(CloseWay),
}

/// Signs the crew in: after every start of the app.
pub(crate) fn sign_in(office: &FieldOffice, officers: &[OfficerId; 2]) -> Result<(), FieldError> {
    for officer in officers {
        office.sign_in(officer, PIN)?;
    }
    let [lead, second] = officers;
    office.set_crew(lead, second, &[])?;
    Ok(())
}

/// What is to be played.
pub(crate) struct Play<'a> {
    pub(crate) draw: &'a Draw,
    pub(crate) id: CaseId,
    pub(crate) crew: Crew<'a>,
    /// The order that was not complied with.
    pub(crate) prior: Option<String>,
    /// Days and seconds are the phone's: so much a step.
    pub(crate) pace_ms: i64,
    /// What the officers' watch says: the time of the act.
    pub(crate) now: NaiveDateTime,
    pub(crate) crashes: u64,
}

impl Play<'_> {
    /// Plays the case as far as it goes.
    pub(crate) fn run(&mut self, phone: &mut Phone) -> Result<Played, FleetError> {
        let mut steps = vec![Step::Open, Step::Show, Step::Photo, Step::Offence, Step::Party];
        if self.prior.is_some() {
            steps.extend([Step::AttachOrder, Step::RecheckFailed]);
        }
        steps.extend([Step::History, Step::Answers]);
        if self.corrected() == Some(true) {
            steps.extend([Step::AfterPhoto, Step::SeeCorrection]);
        }
        steps.push(Step::Propose);
        if let Some(ground) = self.all(phone, &steps)? {
            return Ok(Played::Waits(ground));
        }
        let case = phone.office()?.case(&self.id).map_err(at(&self.id.0))?;
        let Some(proposal) = case.proposal().map(|p| p.decision.clone()) else {
            return Ok(Played::Waits("nothing proposed".into()));
        };
        let (outcome, limb) = (proposal.outcome, proposal.limb);
        let paper = [Step::Issue, Step::Print];
        let rest: Vec<Step> = match outcome {
            Outcome::NoViolation => vec![Step::Close(CloseWay::NoViolation)],
            Outcome::OrdinaryProcedure | Outcome::Referral => {
                [&[Step::HandOver], &paper[..], &[Step::Close(CloseWay::Transferred)]].concat()
            }
            Outcome::Order | Outcome::OrderComplied => [&[Step::Decide], &paper[..], &[Step::Serve]].concat(),
            Outcome::Advice => vec![Step::Close(CloseWay::Withdrawn)],
            _ => [&[Step::Notice, Step::Statement, Step::Educate, Step::Decide], &paper[..], &[Step::Serve]]
                .concat(),
        };
        if let Some(ground) = self.all(phone, &rest)? {
            return Ok(Played::Waits(ground));
        }
        let case = phone.office()?.case(&self.id).map_err(at(&self.id.0))?;
        let number = case.slips().last().map(|s| s.number.clone()).unwrap_or_default();
        Ok(Played::Done { outcome, limb, number })
    }

    /// A follow-up has found the order not complied with, whatever was said at the first visit.
    fn corrected(&self) -> Option<bool> {
        match (self.prior.is_some(), self.draw.correction) {
            (true, _) | (false, Correction::Refused) => Some(false),
            (false, Correction::Now) => Some(true),
            (false, Correction::Promised) => None,
        }
    }

    /// Takes the steps; the ground on which the phone refused one, if it did.
    fn all(&mut self, phone: &mut Phone, steps: &[Step]) -> Result<Option<String>, FleetError> {
        for step in steps {
            let mut careful = false;
            loop {
                phone.clock.pass(self.pace_ms);
                self.now = local(Clock::now(phone.clock.as_ref()).wall_ms);
                let office = phone.office()?;
                let before = office.case(&self.id).ok();
                if (careful || self.once_only(*step)) && before.as_ref().is_some_and(|c| self.shows(c, *step))
                {
                    break;
                }
                match self.take(office, before.as_ref(), *step) {
                    Ok(()) if phone.trap.sprung() => {}
                    Ok(()) => break,
                    Err(_) if phone.trap.sprung() => {}
                    // Shown by its code in the summary; the crew comes again.
                    Err(e) if !matches!(e.kind, Kind::Store | Kind::Internal) => return Ok(Some(e.code)),
                    Err(e) => return Err(at(&format!("{} {step:?}", self.id.0))(e)),
                }
                self.crashes = self.crashes.saturating_add(1);
                phone.reboot()?;
                sign_in(phone.office()?, &self.crew.officers).map_err(at("sign-in"))?;
                careful = true;
            }
        }
        Ok(None)
    }

    /// Steps that a case which waited may have behind it.
    fn once_only(&self, step: Step) -> bool {
        !matches!(step, Step::Answers | Step::Print)
    }

    /// Whether the case already shows what the step would do.
    fn shows(&self, case: &Case, step: Step) -> bool {
        match step {
            Step::Open => case.opening().is_some(),
            Step::Show => !case.certificates_shown().is_empty(),
            Step::Photo => !stage(case, Stage::Fact).is_empty(),
            Step::AfterPhoto => !stage(case, Stage::Corrected).is_empty(),
            Step::Offence => case.act().is_some(),
            Step::Party => case.party().is_some(),
            Step::AttachOrder => case.prior_order().is_some(),
            Step::RecheckFailed => !case.rechecks().is_empty(),
            Step::History => case.history().is_some(),
            Step::SeeCorrection => case.corrected_at().is_some(),
            Step::Propose => case.proposal().is_some_and(|p| !p.outdated),
            Step::Notice => case.notice().is_some(),
            Step::Statement => case.statement().is_some(),
            Step::Educate => case.education().is_some(),
            Step::Decide => case.record().is_some(),
            Step::HandOver => case.handed().is_some(),
            Step::Issue => !case.slips().is_empty(),
            Step::Print => case.slips().last().is_some_and(Issued::printed),
            Step::Serve => case.served().is_some(),
            Step::Close(_) => case.closed().is_some(),
            Step::Answers => false,
        }
    }

    #[allow(clippy::too_many_lines)] // One arm a step: a table, not an algorithm.
    fn take(&self, office: &FieldOffice, case: Option<&Case>, step: Step) -> Result<(), FieldError> {
        let (id, draw) = (&self.id, self.draw);
        let now = self.now;
        let evidence = |which: Stage| case.map(|c| stage(c, which)).unwrap_or_default();
        let command = match step {
            Step::Open => {
                let place = Place {
                    address: format!("样例镇街{:02}样例路{}号", draw.branch.saturating_add(1), draw.index),
                    lat_e7: Some(draw.lat_e7),
                    lon_e7: Some(draw.lon_e7),
                    accuracy_cm: Some(600),
                    source: "gnss".into(),
                    branch: branch(draw.branch),
                };
                office.open_case_as(id, Source::Patrol, place, false, None)?;
                return Ok(());
            }
            Step::Show => Command::ShowCertificates,
            Step::Photo | Step::AfterPhoto => {
                let which = if step == Step::Photo { Stage::Fact } else { Stage::Corrected };
                let bytes = format!("simulated photo of {} {which:?} ", id.0).repeat(12).into_bytes();
                office.capture(Some(id), &Taken::Bytes(bytes), &Shot::photo(which, "现场照片（仿真）"))?;
                return Ok(());
            }
            Step::Offence => Command::ChooseOffence {
                offence: draw.offence.clone(),
                act_at: now,
                fact_text: Private::new(format!("你在样例路{}号{}", draw.index, draw.fact)),
            },
            Step::Party => Command::IdentifyParty(Box::new(party(draw, now.date()))),
            Step::AttachOrder => {
                office.attach_order(id, self.prior.as_deref().unwrap_or_default())?;
                return Ok(());
            }
            Step::RecheckFailed => Command::Recheck { corrected: false, evidence: evidence(Stage::Fact) },
            Step::History => {
                office.history(id)?;
                return Ok(());
            }
            Step::Answers => return self.answer(office),
            Step::SeeCorrection => Command::SeeCorrection { evidence: evidence(Stage::Corrected) },
            Step::Propose => {
                let proposal = office.propose(id, None)?;
                // 首违不罚 is a may: where the crew does not use it, it says so before the notice.
                let fine = proposal.may_choose.iter().copied().find(|o| o.is_penalty());
                if let (Some(Limb::B), false, Some(outcome)) = (proposal.limb, draw.limb_b, fine) {
                    let choice =
                        Choice { outcome: Some(outcome), amount: None, reason: "repeated_in_area".into() };
                    office.propose(id, Some(choice))?;
                }
                return Ok(());
            }
            Step::Notice => Command::GiveNotice(NoticeWay::Oral),
            Step::Statement => Command::HearStatement {
                statement: if draw.speaks { StatementKind::Made } else { StatementKind::NotMade },
                by: role(draw),
                words: Private::new(if draw.speaks { "马上改。" } else { "" }),
                review: "情况属实，已记录。".into(),
                upheld: false,
            },
            Step::Educate => Command::Educate { how: "当面讲解有关规定".into() },
            Step::Decide => {
                let decision = case.and_then(Case::proposal);
                let told = decision.and_then(|p| p.choice.clone());
                let limb = decision.and_then(|p| p.decision.limb);
                let choice = match (told, limb) {
                    (Some(_), _) => None,
                    (None, Some(Limb::B)) => Some(Choice::because("first_offence_corrected")),
                    (None, _) => None,
                };
                let mut both = Vec::with_capacity(2);
                for officer in &self.crew.officers {
                    both.push(office.confirm(id, officer, PIN)?);
                }
                office.decide(id, choice, None, &both)?;
                return Ok(());
            }
            Step::HandOver => {
                Command::HandOver { to: Destination::Ordinary, reason: "不适用简易程序".into() }
            }
            Step::Issue => {
                office.issue(id)?;
                return Ok(());
            }
            Step::Print => return self.print(office),
            Step::Serve => Command::Serve {
                how: ServiceWay::HandedOver,
                signing: Signing {
                    role: role(draw),
                    act: SigningAct::Ink,
                    name: Private::default(),
                    reason: Private::default(),
                    evidence: None,
                },
            },
            Step::Close(how) => Command::Close(how),
        };
        office.act(id, &command)?;
        Ok(())
    }

    /// What the rulebook asks, answered until nothing is open.
    fn answer(&self, office: &FieldOffice) -> Result<(), FieldError> {
        if self.draw.facts.get("no_fault") == Some(&Value::Bool(true)) {
            self.tell(office, "no_fault", Value::Bool(true), FactSource::Party)?;
        }
        if self.draw.facts.get("disputed") == Some(&Value::Bool(true)) {
            self.tell(office, "disputed", Value::Bool(true), FactSource::Party)?;
        }
        for _ in 0..24 {
            let questions = office.questions(&self.id)?;
            let known = |fact: &str| match (fact, self.prior.is_some()) {
                ("corrected", true) => Some(Value::Bool(false)),
                _ => self.draw.facts.get(fact).cloned(),
            };
            // An unknown answer leaves its question open: the next one is asked.
            let next = questions.iter().find_map(|q| {
                let value = known(&q.fact).unwrap_or(Value::Unknown);
                (value != Value::Unknown).then_some((&q.fact, value))
            });
            let Some((fact, value)) = next else { return Ok(()) };
            self.tell(office, fact, value, FactSource::Officer)?;
        }
        Ok(())
    }

    fn tell(
        &self,
        office: &FieldOffice,
        name: &str,
        value: Value,
        source: FactSource,
    ) -> Result<(), FieldError> {
        office.act(&self.id, &Command::AnswerFact { name: name.to_owned(), value, source })?;
        Ok(())
    }

    /// Prints until a whole paper is there: an unknown print is looked at, an empty printer gets a new roll.
    fn print(&self, office: &FieldOffice) -> Result<(), FieldError> {
        if let Some(bytes) = self.crew.paper_ends {
            self.crew.printer.ends_after(bytes);
        }
        for _ in 0..4 {
            let case = office.case(&self.id)?;
            let Some(slip) = case.slips().last() else { return Ok(()) };
            if slip.printed() {
                return Ok(());
            }
            if slip.prints.iter().any(|p| p.open()) {
                let number = slip.number.clone();
                office.act(&self.id, &Command::ConfirmPrint { number, complete: false })?;
            }
            let printed = office.print(&self.id, None, self.crew.printer.link(), self.crew.profile)?;
            if printed.result != PrintState::Printed {
                self.crew.printer.load();
            }
        }
        Ok(())
    }

    /// A correction found at the re-check of an order: the case closes as complied with.
    pub(crate) fn complied(&mut self, phone: &mut Phone) -> Result<Option<String>, FleetError> {
        if let Some(ground) = self.all(phone, &[Step::AfterPhoto])? {
            return Ok(Some(ground));
        }
        let office = phone.office()?;
        let case = office.case(&self.id).map_err(at(&self.id.0))?;
        let command = Command::Recheck { corrected: true, evidence: stage(&case, Stage::Corrected) };
        for command in [command, Command::Close(CloseWay::OrderComplied)] {
            phone.clock.pass(self.pace_ms);
            match phone.office()?.act(&self.id, &command) {
                Ok(_) => {}
                Err(_) if phone.trap.sprung() => {
                    self.crashes = self.crashes.saturating_add(1);
                    phone.reboot()?;
                    sign_in(phone.office()?, &self.crew.officers).map_err(at("sign-in"))?;
                    return Ok(Some("crashed".into()));
                }
                Err(e) if !matches!(e.kind, Kind::Store | Kind::Internal) => return Ok(Some(e.code)),
                Err(e) => return Err(at(&self.id.0)(e)),
            }
        }
        Ok(None)
    }
}

fn stage(case: &Case, which: Stage) -> Vec<String> {
    let of = |item: &EvidenceItem| item.stage == which;
    case.evidence().iter().map(|h| &h.item).filter(|i| of(i)).map(|i| i.sha256.clone()).collect()
}

/// Code of a branch.
pub(crate) fn branch(n: u32) -> String {
    format!("441900-{:02}", n.saturating_add(1))
}

fn role(draw: &Draw) -> SignerRole {
    match draw.kind {
        PartyKind::Citizen if draw.age.is_some_and(|a| a < 14) => SignerRole::Guardian,
        PartyKind::Citizen => SignerRole::Party,
        _ => SignerRole::LegalRepresentative,
    }
}

fn party(draw: &Draw, today: NaiveDate) -> Party {
    let child = draw.age.is_some_and(|a| a < 14);
    let minor = draw.age.is_some_and(|a| a < 18);
    let private = |text: &str| Private::new(text);
    let born = draw.age.filter(|_| child).and_then(|age| {
        NaiveDate::from_ymd_opt(today.year().saturating_sub(i32::from(age)).saturating_sub(1), 6, 1)
    });
    Party {
        kind: draw.kind,
        name: Private::new(match draw.kind {
            PartyKind::Citizen => format!("样例{}", draw.index),
            _ => format!("东莞样例{}店", draw.index),
        }),
        id_kind: match draw.kind {
            PartyKind::Citizen if child => IdKind::None,
            PartyKind::Citizen => IdKind::ResidentId,
            _ => IdKind::CreditCode,
        },
        id_number: private(&draw.id_number),
        identity: if child { Identity::Declared } else { Identity::DocumentRead },
        born,
        address: private("样例路1号"),
        phone: Private::default(),
        representative: private(if draw.kind == PartyKind::Citizen { "" } else { "样例负责人" }),
        guardian: private(if minor { "样例监护人" } else { "" }),
        plate: Private::default(),
    }
}
