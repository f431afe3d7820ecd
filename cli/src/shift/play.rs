//! Plays a scenario's steps on the phone: one step, one call. A step whose effect the case already
//! shows is passed over, so that a killed shift goes on where it stopped.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use ezhifa_field::{
    casework::{
        case::Case,
        command::Command,
        event::{CaseId, Choice, Confirmation, EvidenceItem, HandPaper, NoticeWay, PrintState, Stage},
        law::{
            facts::Value,
            identity,
            terms::{Outcome, SlipKind},
        },
        people::{IdKind, Party, Private, SignerRole, Signing, SigningAct},
    },
    error::FieldError,
    office::{Drawn, FieldOffice, Shot, Taken},
    printer::Profile,
    slip::{Paper, Strokes},
};

use super::{
    scenario::{Call, CaseScript, PartyScript, Scenario, Step},
    world::{Clock, Folder, Printer},
};
use crate::error::CliError;

/// What one case came to, for the progress line and the summary.
#[derive(Debug, Clone)]
pub struct Played {
    /// Case id.
    pub id: CaseId,
    /// Base name of its paper under `slips/`.
    pub file: String,
    /// Time inside the library, links to the printer apart.
    pub core: Duration,
    /// Questions that the rulebook asked.
    pub questions: usize,
    /// Bytes of the last print, if one came out.
    pub bytes: usize,
    /// Result of the last print.
    pub print: Option<PrintState>,
}

/// One evening on one phone.
pub struct Player<'a> {
    /// The phone.
    pub phone: &'a FieldOffice,
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Folder of the scenario's photos.
    pub photos: PathBuf,
    /// The scenario's clock.
    pub clock: &'a Clock,
    /// The printer.
    pub printer: &'a mut Printer,
    /// Its profile.
    pub profile: &'a Profile,
    /// Which roll it holds.
    pub paper: Paper,
    /// Where the papers go.
    pub folder: &'a Folder,
    /// This phone's name at HQ.
    pub device: String,
    /// Officers' PINs, sample.
    pub pins: BTreeMap<String, String>,
}

impl Player<'_> {
    /// Plays one case. Its id is made here, so that a killed run finds the same case again.
    ///
    /// # Errors
    /// What the phone refused, said with the case and the step.
    pub fn play(&mut self, index: usize, script: &CaseScript) -> Result<Played, CliError> {
        let mut played = Played {
            id: CaseId(format!("{}-{}-{}", self.device, self.scenario.name, script.name)),
            file: format!("{:02}-{}", index + 1, script.name),
            core: Duration::ZERO,
            questions: 0,
            bytes: 0,
            print: None,
        };
        for (at, step) in script.steps.iter().enumerate() {
            self.clock.advance(step.after_s);
            self.step(script, step, &mut played).map_err(|error| at_step(script, at, error))?;
        }
        Ok(played)
    }

    fn step(&mut self, script: &CaseScript, step: &Step, played: &mut Played) -> Result<(), StepError> {
        let began = Instant::now();
        if let Call::Open { source, place } = &step.call {
            if !self.phone.case(&played.id).is_ok_and(|case| case.opening().is_some()) {
                self.phone.open_case_as(&played.id, source.clone(), place.clone(), false, None)?;
                played.core += began.elapsed();
            }
            return Ok(());
        }
        let case = self.phone.case(&played.id)?;
        if matches!(step.call, Call::Print) {
            return self.print(script, &case, played);
        }
        if let Call::Paper { kind } = &step.call {
            return self.paper(script, &case, *kind, played);
        }
        if !self.done(&case, &step.call)? {
            self.call(&case, &step.call, played)?;
            played.core += began.elapsed();
        }
        Ok(())
    }

    /// Whether the case already shows what this step would do.
    fn done(&self, case: &Case, call: &Call) -> Result<bool, StepError> {
        Ok(match call {
            Call::Open { .. } => true,
            Call::ShowCertificates => !case.certificates_shown().is_empty(),
            Call::Photo { file, .. } => {
                let hash = self.photo_hash(file)?;
                case.evidence().iter().any(|held| held.item.sha256 == hash)
            }
            Call::Offence { .. } => case.act().is_some(),
            Call::Party(_) => case.party().is_some(),
            Call::Tell { fact, value, .. } => case.facts().get(fact) == value,
            Call::History => case.history().is_some(),
            Call::PriorOrder { .. } => case.prior_order().is_some(),
            Call::Recheck { .. } => !case.rechecks().is_empty(),
            Call::Propose { .. } => case.proposal().is_some_and(|p| !p.outdated),
            Call::Notice => case.notice().is_some(),
            Call::Statement { .. } => case.statement().is_some(),
            Call::Educate { .. } => case.education().is_some(),
            Call::Correction => case.corrected_at().is_some(),
            Call::Decide { .. } => case.record().is_some(),
            Call::Print => case.slips().iter().any(|slip| slip.printed()),
            Call::KeyIn { .. } => case.record().is_some(),
            Call::Promise { .. } => case.promise().is_some(),
            // Looks for itself what is left to do.
            Call::Paper { .. } => false,
            Call::Serve { .. } => case.served().is_some(),
            Call::Advise { .. } => case.advice().is_some(),
            Call::HandOver { .. } => case.handed().is_some(),
            Call::Close { .. } => case.closed().is_some(),
            // Asks only what is still open.
            Call::Answer { .. } => false,
        })
    }

    fn call(&mut self, case: &Case, call: &Call, played: &mut Played) -> Result<(), StepError> {
        let id = case.id();
        let command = match call {
            Call::ShowCertificates => Command::ShowCertificates,
            Call::Photo { file, stage, caption } => {
                let taken = Taken::Path(self.photos.join(file));
                self.phone.capture(Some(id), &taken, &Shot::photo(*stage, caption))?;
                return Ok(());
            }
            Call::Offence { offence, ago_s, fact } => Command::ChooseOffence {
                offence: offence.clone(),
                act_at: self.clock.local() - chrono::Duration::seconds(*ago_s),
                fact_text: Private::new(fact.as_str()),
            },
            Call::Party(party) => Command::IdentifyParty(Box::new(party_of(party))),
            Call::Answer { facts } => return self.answer(id, facts, played),
            Call::Tell { fact, value, source } => {
                Command::AnswerFact { name: fact.clone(), value: value.clone(), source: *source }
            }
            Call::History => {
                self.phone.history(id)?;
                return Ok(());
            }
            Call::PriorOrder { number } => {
                self.phone.attach_order(id, number)?;
                return Ok(());
            }
            Call::Recheck { corrected } => {
                Command::Recheck { corrected: *corrected, evidence: stage_hashes(case, *corrected) }
            }
            Call::Propose { outcome, reason } => {
                self.phone.propose(id, choice(*outcome, reason.as_ref()))?;
                return Ok(());
            }
            Call::Notice => Command::GiveNotice(NoticeWay::Oral),
            Call::Statement { kind, words, review, upheld } => Command::HearStatement {
                statement: *kind,
                by: SignerRole::Party,
                words: Private::new(words.as_str()),
                review: review.clone(),
                upheld: *upheld,
            },
            Call::Educate { how } => Command::Educate { how: how.clone() },
            Call::Correction => Command::SeeCorrection { evidence: stage_hashes(case, true) },
            Call::Decide { outcome, reason } => {
                let confirmations = self.confirmations(id)?;
                self.phone.decide(id, choice(*outcome, reason.as_ref()), None, &confirmations)?;
                return Ok(());
            }
            Call::Serve { how, role, act, reason } => {
                let mut signing = signing(*role, *act, reason);
                if *act == SigningAct::Signed {
                    signing.evidence = Some(self.signature(id)?);
                }
                Command::Serve { how: *how, signing }
            }
            Call::Advise { text } => Command::Advise { text: text.clone() },
            Call::HandOver { to, reason } => Command::HandOver { to: to.clone(), reason: reason.clone() },
            Call::Close { how } => Command::Close(*how),
            Call::KeyIn { ago_s, file, outcome, reason } => {
                let shot = Shot::photo(Stage::Service, "填写好的手写文书");
                let photo = self.phone.capture(Some(id), &Taken::Path(self.photos.join(file)), &shot)?.sha256;
                let written_at = self.clock.local() - chrono::Duration::seconds(*ago_s);
                let number = self.phone.next_sheet(false)?.unwrap_or_default();
                let confirmations = self.confirmations(id)?;
                let paper = HandPaper { number, written_at, photo };
                self.phone.key_in(id, paper, choice(*outcome, reason.as_ref()), None, &confirmations)?;
                return Ok(());
            }
            Call::Promise { in_s } => {
                Command::PromiseCorrection { until: self.clock.local() + chrono::Duration::seconds(*in_s) }
            }
            Call::Open { .. } | Call::Print | Call::Paper { .. } => return Ok(()),
        };
        self.phone.act(id, &command)?;
        Ok(())
    }

    /// A further paper of the case: numbered once, then signed and printed like the first.
    fn paper(
        &mut self,
        script: &CaseScript,
        case: &Case,
        kind: SlipKind,
        played: &mut Played,
    ) -> Result<(), StepError> {
        match case.prepared().iter().find(|(of, _)| *of == kind) {
            Some((_, number)) if case.slip(number).is_some_and(|slip| slip.printed()) => return Ok(()),
            Some(_) => {}
            None => {
                self.phone.act(case.id(), &Command::PreparePaper { slip: kind })?;
            }
        }
        let base = format!("slips/{}", beside(&played.file, kind));
        self.print_as(script, case, &base, played)
    }

    /// Signs the paper, prints it, and keeps what came out.
    fn print(&mut self, script: &CaseScript, case: &Case, played: &mut Played) -> Result<(), StepError> {
        let base = format!("slips/{}", played.file);
        self.print_as(script, case, &base, played)
    }

    fn print_as(
        &mut self,
        script: &CaseScript,
        case: &Case,
        base: &str,
        played: &mut Played,
    ) -> Result<(), StepError> {
        let began = Instant::now();
        let slip = self.phone.issue_drawn(case.id(), &self.drawn(script))?;
        played.core += began.elapsed();
        let case = self.phone.case(case.id())?;
        let issued = case.slip(&slip.number);
        if issued.is_some_and(|s| s.prints.iter().any(|p| p.open())) {
            // Killed while printing: the officer looks, finds no whole paper, and prints again.
            self.phone
                .act(case.id(), &Command::ConfirmPrint { number: slip.number.clone(), complete: false })?;
        }
        if !issued.is_some_and(ezhifa_field::casework::case::Issued::printed) {
            let link = self.printer.link().map_err(StepError::World)?;
            let printed = self.phone.print(case.id(), Some(&slip.number), link, self.profile)?;
            played.bytes = printed.slip_bytes;
            played.print = Some(printed.result.clone());
            // The bytes that reached the printer where it is ours to ask, else those that were sent.
            let paper = self.printer.paper();
            let bytes = paper.as_ref().map_or(printed.bytes.as_slice(), |p| p.bytes.as_slice());
            self.folder.write(&format!("{base}.escpos"), bytes).map_err(StepError::World)?;
            if let Some(drawn) = paper.and_then(|p| p.png().ok()) {
                self.folder.write(&format!("{base}.png"), &drawn).map_err(StepError::World)?;
            }
        }
        self.keep(case.id(), &slip.number, base)
    }

    /// PDF, text and, where no virtual printer drew it, the picture.
    fn keep(&self, id: &CaseId, number: &str, base: &str) -> Result<(), StepError> {
        let rendered = self.phone.render(id, Some(number), self.paper)?;
        self.folder.write(&format!("{base}.pdf"), &rendered.pdf).map_err(StepError::World)?;
        self.folder.write(&format!("{base}.txt"), rendered.text.as_bytes()).map_err(StepError::World)?;
        if !self.folder.0.join(format!("{base}.png")).exists() {
            self.folder.write(&format!("{base}.png"), &rendered.png).map_err(StepError::World)?;
        }
        Ok(())
    }

    /// Who signs on the glass before the paper is printed: the officers, and the party unless refused.
    fn drawn(&self, script: &CaseScript) -> Drawn {
        let [first, second] = &self.scenario.crew;
        let mut drawn =
            Drawn { officers: [Some(strokes(&first.0)), Some(strokes(&second.0))], ..Drawn::default() };
        for step in &script.steps {
            if let Call::Serve { role, act, reason, .. } = &step.call {
                match act {
                    SigningAct::Signed => drawn.party = Some(strokes(&script.name)),
                    SigningAct::Ink => {}
                    _ => drawn.no_party_line = true,
                }
                drawn.signing = Some(signing(*role, *act, reason));
            }
        }
        drawn
    }

    /// The party's signature as a piece of evidence.
    fn signature(&self, id: &CaseId) -> Result<String, StepError> {
        let drawn = serde_json::to_vec(&strokes(&id.0)).unwrap_or_default();
        let shot = Shot { kind: "signature".to_owned(), ..Shot::photo(Stage::Service, "签收签名") };
        Ok(self.phone.capture(Some(id), &Taken::Bytes(drawn), &shot)?.sha256)
    }
}

/// Base name of a paper beside the decision.
pub fn beside(file: &str, kind: SlipKind) -> String {
    let word = serde_json::to_string(&kind).unwrap_or_default();
    format!("{file}-{}", word.trim_matches('"'))
}

fn choice(outcome: Option<Outcome>, reason: Option<&String>) -> Option<Choice> {
    reason.map(|reason| Choice { outcome, amount: None, reason: reason.clone() })
}

fn signing(role: SignerRole, act: SigningAct, reason: &str) -> Signing {
    Signing { role, act, name: Private::default(), reason: Private::new(reason), evidence: None }
}

/// A sample signature: a scribble that depends on the name only.
fn strokes(name: &str) -> Strokes {
    let digest = ezhifa_field::casework::seal::hash::sha256(name.as_bytes());
    let mut x = 6_u16;
    let mut line = Vec::new();
    for byte in digest.0.iter().take(14) {
        line.push([x, 10 + u16::from(byte % 40)]);
        x = x.saturating_add(6 + u16::from(byte / 32));
    }
    Strokes { width: 160, height: 60, lines: vec![line, vec![[4, 46], [x.min(156), 20]]] }
}

/// Why a step failed: what the phone said, or what the scenario lacks.
enum StepError {
    Phone(FieldError),
    Scenario(String),
    World(CliError),
}

impl From<FieldError> for StepError {
    fn from(error: FieldError) -> Self {
        StepError::Phone(error)
    }
}

fn at_step(script: &CaseScript, index: usize, error: StepError) -> CliError {
    let place = format!("case {} step {}", script.name, index + 1);
    match error {
        StepError::World(error) => error,
        StepError::Phone(e) => CliError::new(
            format!("{place}: {e}"),
            "what is on the phone is kept: mend it and go on with --resume",
        ),
        StepError::Scenario(e) => {
            CliError::new(format!("{place}: {e}"), "docs/scenarios.md describes every step")
        }
    }
}

impl Player<'_> {
    /// Asks what the rulebook asks, until nothing is open. An app shows the same questions.
    fn answer(
        &self,
        id: &CaseId,
        facts: &BTreeMap<String, Value>,
        played: &mut Played,
    ) -> Result<(), StepError> {
        loop {
            let questions = self.phone.questions(id)?;
            let Some(question) = questions.first() else { return Ok(()) };
            let value = facts.get(&question.fact).ok_or_else(|| {
                StepError::Scenario(format!(
                    "the rulebook asks {} ({}), and `facts` has no answer",
                    question.fact, question.text
                ))
            })?;
            played.questions += 1;
            let source = ezhifa_field::casework::event::FactSource::Officer;
            self.phone.act(
                id,
                &Command::AnswerFact { name: question.fact.clone(), value: value.clone(), source },
            )?;
        }
    }

    /// Each officer confirms with their own PIN.
    fn confirmations(&self, id: &CaseId) -> Result<Vec<Confirmation>, StepError> {
        let mut both = Vec::with_capacity(2);
        for officer in &self.scenario.crew {
            let pin = self.pins.get(&officer.0).map_or("", String::as_str);
            both.push(self.phone.confirm(id, officer, pin)?);
        }
        Ok(both)
    }

    fn photo_hash(&self, file: &str) -> Result<String, StepError> {
        let path = self.photos.join(file);
        let bytes = std::fs::read(&path)
            .map_err(|e| StepError::Scenario(format!("no photo at {}: {e}", path.display())))?;
        Ok(ezhifa_field::casework::seal::hash::sha256(&bytes).to_string())
    }
}

/// Hashes of the photos that show the correction (or, where nothing was corrected, the fact).
fn stage_hashes(case: &Case, corrected: bool) -> Vec<String> {
    let wanted = if corrected { Stage::Corrected } else { Stage::Fact };
    let shows = |item: &EvidenceItem| item.stage == wanted;
    case.evidence()
        .iter()
        .map(|held| &held.item)
        .filter(|item| shows(item))
        .map(|item| item.sha256.clone())
        .collect()
}

fn party_of(script: &PartyScript) -> Party {
    let born = script.born.or_else(|| match script.id_kind {
        IdKind::ResidentId => identity::resident_id(&script.id_number).ok().map(|id| id.born()),
        _ => None,
    });
    let private = |text: &str| Private::new(text);
    Party {
        kind: script.kind,
        name: private(&script.name),
        id_kind: script.id_kind,
        id_number: private(&script.id_number),
        identity: script.identity,
        born,
        address: private(&script.address),
        phone: private(&script.phone),
        representative: private(&script.representative),
        guardian: private(&script.guardian),
        plate: private(&script.plate),
    }
}
