//! A case in hand, call for call.

use std::{path::Path, sync::Arc};

use ezhifa_field::{
    casefile::Wishes,
    casework::{command::Command, event::HandPaper},
    error::{Error, FieldError},
    office::Taken,
    printer::{Link, Profile, open_link},
    wire::enrol::Ticket,
};

use crate::{
    PhoneError,
    office::{Inside, Wait},
    ports::{Change, ForeignLink, PrinterLink},
    records::*,
    words::*,
};

/// One case in hand. Cheap to make and to drop; two of them on the same case see the same.
#[derive(uniffi::Object)]
pub struct FieldCase {
    pub(crate) inside: Arc<Inside>,
    pub(crate) id: CaseId,
}

pub(crate) fn profile(kind: &str) -> Result<Profile, FieldError> {
    let found = if kind.contains('=') { Profile::parse(kind) } else { Profile::named(kind) };
    Ok(found.map_err(Error::from)?)
}

impl FieldCase {
    fn touched(&self) -> Change {
        Change::Case { id: self.id.clone() }
    }

    /// A step that the law judges. Gives how far the case is after it.
    fn act(&self, call: &str, command: Command) -> Result<Phase, PhoneError> {
        self.inside.change(call, self.touched(), |phone| Ok(phone.act(&self.id, &command)?.phase))
    }

    fn print_on(&self, link: Box<dyn Link>, kind: &str, number: Option<&str>) -> Result<Printed, PhoneError> {
        self.inside.change("print", self.touched(), |phone| {
            Ok(phone.print(&self.id, number, link, &profile(kind)?)?.into())
        })
    }

    fn reprint_on(
        &self,
        link: Box<dyn Link>,
        kind: &str,
        number: Option<&str>,
    ) -> Result<Printed, PhoneError> {
        self.inside.change("reprint", self.touched(), |phone| {
            Ok(phone.reprint(&self.id, number, link, &profile(kind)?)?.into())
        })
    }
}

#[uniffi::export]
impl FieldCase {
    /// Its id, the same for ever.
    ///
    /// # Errors
    /// None is.
    pub fn id(&self) -> Result<CaseId, PhoneError> {
        Ok(self.id.clone())
    }

    /// The case as it stands.
    ///
    /// # Errors
    /// The store.
    pub fn look(&self) -> Result<CaseView, PhoneError> {
        self.inside.ask("look", |phone| Ok(CaseView::from(&phone.case(&self.id)?)))
    }

    /// Every event, in order: what a supervisor reads.
    ///
    /// # Errors
    /// The store.
    pub fn events(&self) -> Result<Vec<EventLine>, PhoneError> {
        self.inside.ask("events", |phone| {
            let line = |e: ezhifa_field::casework::event::CaseEvent| {
                Ok(EventLine {
                    at: e.at,
                    lead: e.crew.lead.clone(),
                    kind: e.event.kind().to_owned(),
                    json: serde_json::to_string(&e).map_err(Error::from)?,
                })
            };
            phone.events(&self.id)?.into_iter().map(line).collect()
        })
    }

    // ---- what happened -------------------------------------------------------------------------

    /// The crew has shown its certificates (亮证).
    ///
    /// # Errors
    /// A refusal: a certificate is not valid.
    pub fn show_certificates(&self) -> Result<Phase, PhoneError> {
        self.act("show_certificates", Command::ShowCertificates)
    }

    /// Seals a photo, film or signature into the case (取证); never refused by the law. Pass a direct
    /// buffer: nothing is copied on the way.
    ///
    /// # Errors
    /// Low space.
    pub fn capture(&self, taken: &[u8], what: Shot) -> Result<EvidenceItem, PhoneError> {
        self.inside.change("capture", self.touched(), |phone| {
            phone.capture(Some(&self.id), &Taken::Bytes(taken.to_vec()), &self.inside.shot(what)?)
        })
    }

    /// The same from a file of the app, which keeps it.
    ///
    /// # Errors
    /// Low space, or the file cannot be read.
    pub fn capture_file(&self, path: String, what: Shot) -> Result<EvidenceItem, PhoneError> {
        self.inside.change("capture_file", self.touched(), |phone| {
            phone.capture(Some(&self.id), &Taken::Path(path.into()), &self.inside.shot(what)?)
        })
    }

    /// Takes in evidence that was captured before there was a case.
    ///
    /// # Errors
    /// Not on this phone.
    pub fn attach(&self, sha256: String) -> Result<EvidenceItem, PhoneError> {
        self.inside.change("attach", self.touched(), |phone| phone.attach(&self.id, &sha256))
    }

    /// Who it is (当事人).
    ///
    /// # Errors
    /// A refusal.
    pub fn identify_party(&self, party: Party) -> Result<Phase, PhoneError> {
        self.act("identify_party", Command::IdentifyParty(Box::new(party)))
    }

    /// 案由: which offence, when it happened, and one sentence on it, as printed.
    ///
    /// # Errors
    /// A refusal; no such offence.
    pub fn choose_offence(
        &self,
        offence: String,
        act_at: Moment,
        fact_text: Private,
    ) -> Result<Phase, PhoneError> {
        self.act("choose_offence", Command::ChooseOffence { offence, act_at, fact_text })
    }

    /// What the law still needs to know, fewest first; asked again after each answer.
    ///
    /// # Errors
    /// No rulebook.
    pub fn questions(&self) -> Result<Vec<Question>, PhoneError> {
        self.inside
            .ask("questions", |phone| Ok(phone.questions(&self.id)?.into_iter().map(Into::into).collect()))
    }

    /// One answer.
    ///
    /// # Errors
    /// A refusal: out of range, or an inquiry before the certificates.
    pub fn answer(&self, fact: String, value: Value, source: FactSource) -> Result<Phase, PhoneError> {
        self.act("answer", Command::AnswerFact { name: fact, value, source })
    }

    /// First-offence look-up (初次违法), recorded in the case.
    ///
    /// # Errors
    /// No offence chosen, no rulebook.
    pub fn history(&self) -> Result<Looked, PhoneError> {
        self.inside.change("history", self.touched(), |phone| Ok(phone.history(&self.id)?.into()))
    }

    /// Open orders of the party of this case.
    ///
    /// # Errors
    /// The store.
    pub fn orders_of_party(&self) -> Result<Vec<OpenOrder>, PhoneError> {
        self.inside.ask("orders_of_party", |phone| {
            Ok(phone.orders_of(&self.id)?.into_iter().map(Into::into).collect())
        })
    }

    /// Attaches an open order, by its number, to the case whose fine rests on it.
    ///
    /// # Errors
    /// No such order; a refusal.
    pub fn attach_order(&self, number: String) -> Result<PriorOrder, PhoneError> {
        self.inside.change("attach_order", self.touched(), |phone| phone.attach_order(&self.id, &number))
    }

    // ---- proposal, notice, statement -----------------------------------------------------------

    /// Asks the rulebook; the officers may choose otherwise where it leaves a choice.
    ///
    /// # Errors
    /// A refusal with its article; the offence is suspended.
    #[uniffi::method(default(choice = None))]
    pub fn propose(&self, choice: Option<Choice>) -> Result<Proposal, PhoneError> {
        self.inside
            .change("propose", self.touched(), |phone| Ok(Proposal::from(&phone.propose(&self.id, choice)?)))
    }

    /// 告知 (处罚法 44).
    ///
    /// # Errors
    /// A refusal: nothing is proposed.
    pub fn give_notice(&self, how: NoticeWay) -> Result<Phase, PhoneError> {
        self.act("give_notice", Command::GiveNotice(how))
    }

    /// 陈述申辩 (处罚法 45): what was said, by whom, and what the officers found on 复核. `upheld` asks for
    /// a new proposal, never a higher one.
    ///
    /// # Errors
    /// A refusal: no notice, a review that is empty.
    pub fn hear_statement(
        &self,
        statement: StatementKind,
        by: SignerRole,
        words: Private,
        review: String,
        upheld: bool,
    ) -> Result<Phase, PhoneError> {
        self.act("hear_statement", Command::HearStatement { statement, by, words, review, upheld })
    }

    /// 回避申请 against an officer.
    ///
    /// # Errors
    /// A refusal.
    pub fn ask_recusal(&self, officer: OfficerId) -> Result<Phase, PhoneError> {
        self.act("ask_recusal", Command::AskRecusal { officer })
    }

    /// The head rules on it.
    ///
    /// # Errors
    /// A refusal: not the head.
    pub fn rule_recusal(
        &self,
        officer: OfficerId,
        granted: bool,
        by: OfficerId,
    ) -> Result<Phase, PhoneError> {
        self.act("rule_recusal", Command::RuleRecusal { officer, granted, by })
    }

    /// 教育 (处罚法 33 ③): how, as printed.
    ///
    /// # Errors
    /// A refusal.
    pub fn educate(&self, how: String) -> Result<Phase, PhoneError> {
        self.act("educate", Command::Educate { how })
    }

    /// 改正 seen; `evidence` names the after-pictures.
    ///
    /// # Errors
    /// A refusal: no such picture.
    pub fn see_correction(&self, evidence: Vec<String>) -> Result<Phase, PhoneError> {
        self.act("see_correction", Command::SeeCorrection { evidence })
    }

    /// 改正承诺: postpones the decision until the re-check.
    ///
    /// # Errors
    /// A refusal.
    pub fn promise_correction(&self, until: Moment) -> Result<Phase, PhoneError> {
        self.act("promise_correction", Command::PromiseCorrection { until })
    }

    // ---- decision and paper --------------------------------------------------------------------

    /// The paper that the standing proposal leads to, before any number is used.
    ///
    /// # Errors
    /// Nothing is proposed; a character that no font has; too long.
    pub fn preview(&self, paper: Paper) -> Result<Preview, PhoneError> {
        self.inside.ask("preview", |phone| {
            let preview = phone.preview(&self.id, paper)?;
            Ok(Preview { png: preview.png, text: preview.text })
        })
    }

    /// An officer confirms the decision or the void at hand with their own PIN; good for ten minutes.
    ///
    /// # Errors
    /// Wrong PIN, too many tries.
    pub fn confirm(&self, officer: OfficerId, pin: String) -> Result<Confirmation, PhoneError> {
        self.inside.ask("confirm", |phone| phone.confirm(&self.id, &officer, &pin))
    }

    /// The same with the platform's authenticator, which the app has just asked.
    ///
    /// # Errors
    /// Not signed in on this phone.
    pub fn confirm_by_authenticator(&self, officer: OfficerId) -> Result<Confirmation, PhoneError> {
        self.inside
            .ask("confirm_by_authenticator", |phone| phone.confirm_by_authenticator(&self.id, &officer))
    }

    /// The two officers decide, each having confirmed. A paper that could not be printed is refused before a
    /// number is used.
    ///
    /// # Errors
    /// A refusal with its article; no numbers; a paper that cannot be printed.
    #[uniffi::method(default(choice = None, order_due = None))]
    pub fn decide(
        &self,
        confirmations: Vec<Confirmation>,
        choice: Option<Choice>,
        order_due: Option<Moment>,
    ) -> Result<Decided, PhoneError> {
        self.inside.change("decide", self.touched(), |phone| {
            let decided = phone.decide(&self.id, choice, order_due, &confirmations)?;
            Ok(Decided::from(&decided.record))
        })
    }

    /// Asks HQ for the pay code of the decision, after [`FieldCase::decide`] and before [`FieldCase::issue`],
    /// where there is a signal; call it off the main thread. None where nothing is to be paid or no code can be
    /// had within a few seconds: the slip goes on without waiting.
    ///
    /// # Errors
    /// No such case, the key or the store; never the network.
    pub fn fetch_pay_code(&self) -> Result<Option<String>, PhoneError> {
        self.inside.change("fetch_pay_code", self.touched(), |phone| {
            let way = self.inside.way(&Ticket::from(&phone.identity()?), Wait::Brief)?;
            phone.fetch_pay_code(&self.id, way.as_ref())
        })
    }

    /// Signs and stores the papers that are decided and not yet signed, with what was drawn on the glass;
    /// asked again, it gives the newest paper that is there.
    ///
    /// # Errors
    /// Nothing is decided; the key or the store refuses.
    #[uniffi::method(default(drawn = None))]
    pub fn issue(&self, drawn: Option<Drawn>) -> Result<Slip, PhoneError> {
        self.inside.change("issue", self.touched(), |phone| {
            Ok(phone.issue_drawn(&self.id, &drawn.unwrap_or_default().into())?.into())
        })
    }

    /// 手写文书补录: what both officers decided on a pre-numbered sheet while no printer worked, keyed in with the
    /// photo of the sheet (an evidence id of this case). Nothing is printed; service follows.
    ///
    /// # Errors
    /// A refusal: no photo, a time before the hearing, not the next sheet of the pad.
    #[uniffi::method(default(choice = None, order_due = None))]
    pub fn key_in(
        &self,
        number: String,
        written_at: Moment,
        photo: String,
        confirmations: Vec<Confirmation>,
        choice: Option<Choice>,
        order_due: Option<Moment>,
    ) -> Result<Decided, PhoneError> {
        self.inside.change("key_in", self.touched(), |phone| {
            let paper = HandPaper { number, written_at, photo };
            let decided = phone.key_in(&self.id, paper, choice, order_due, &confirmations)?;
            Ok(Decided::from(&decided.record))
        })
    }

    /// A further paper of the case takes its number: void notice, e-service confirmation, promise, payment
    /// reference, filing sheet. `issue` signs it.
    ///
    /// # Errors
    /// A refusal: nothing happened that it would record; no number; it cannot be printed.
    pub fn prepare_paper(&self, slip: SlipKind) -> Result<Phase, PhoneError> {
        self.act("prepare_paper", Command::PreparePaper { slip })
    }

    /// Prints a signed paper, the newest when no number is given. A paper that is printed is refused here:
    /// another copy is asked for with `reprint`. `kind` is the id of a [`printer_kinds`](crate::printer_kinds), or a
    /// profile of one's own as TOML.
    ///
    /// # Errors
    /// No such paper; the last print's end is unknown and nobody has looked; the store. A printer that fails
    /// is no error: the result says so.
    #[uniffi::method(default(number = None))]
    pub fn print(
        &self,
        link: Arc<dyn PrinterLink>,
        kind: String,
        number: Option<String>,
    ) -> Result<Printed, PhoneError> {
        self.print_on(Box::new(ForeignLink::new(link)), &kind, number.as_deref())
    }

    /// The same on a printer by address: `tcp://HOST:PORT` or `file:PATH`; on a desk also `serial:`.
    ///
    /// # Errors
    /// As there; the printer cannot be reached.
    #[uniffi::method(default(number = None))]
    pub fn print_at(
        &self,
        address: String,
        kind: String,
        number: Option<String>,
    ) -> Result<Printed, PhoneError> {
        let link = open_link(&address).map_err(|e| FieldError::from(Error::from(e)))?;
        self.print_on(link, &kind, number.as_deref())
    }

    /// 补打: another copy of a paper that is printed, with the same number and words, 补打 n and the time.
    ///
    /// # Errors
    /// As with `print`.
    #[uniffi::method(default(number = None))]
    pub fn reprint(
        &self,
        link: Arc<dyn PrinterLink>,
        kind: String,
        number: Option<String>,
    ) -> Result<Printed, PhoneError> {
        self.reprint_on(Box::new(ForeignLink::new(link)), &kind, number.as_deref())
    }

    /// The officer looked at a print whose end is unknown: the paper is whole and legible, or not.
    ///
    /// # Errors
    /// No print is open.
    pub fn confirm_print(&self, number: String, complete: bool) -> Result<Phase, PhoneError> {
        self.act("confirm_print", Command::ConfirmPrint { number, complete })
    }

    /// The words of a signed paper as PDF, picture and text.
    ///
    /// # Errors
    /// No such paper.
    #[uniffi::method(default(number = None))]
    pub fn render(&self, paper: Paper, number: Option<String>) -> Result<Rendered, PhoneError> {
        self.inside.ask("render", |phone| {
            let rendered = phone.render(&self.id, number.as_deref(), paper)?;
            Ok(Rendered { pdf: rendered.pdf, png: rendered.png, text: rendered.text })
        })
    }

    /// Writes the file of this case (案件卷宗, ZIP) to `path`, whole or not at all: papers, evidence, journal,
    /// rulebook and a report that a judge reads. Who asked, for whom and why is an entry.
    ///
    /// # Errors
    /// The file cannot be written, evidence cannot be read, the key refuses.
    pub fn export(&self, path: String, wishes: CaseFileWishes) -> Result<CaseFile, PhoneError> {
        self.inside.ask("export", |phone| {
            let asked = Wishes::try_from(&wishes)?;
            Ok(phone.export_case_to(&self.id, &asked, &wishes.by, &wishes.reason, Path::new(&path))?.into())
        })
    }

    // ---- hand-over and after -------------------------------------------------------------------

    /// 送达: the clocks of the party start here.
    ///
    /// # Errors
    /// A refusal: no whole paper exists.
    pub fn serve(&self, how: ServiceWay, signing: Signing) -> Result<Phase, PhoneError> {
        self.act("serve", Command::Serve { how, signing })
    }

    /// 拒绝接收: noted and filmed; a follow-up service is owed.
    ///
    /// # Errors
    /// A refusal.
    pub fn refuse_taking(&self, signing: Signing) -> Result<Phase, PhoneError> {
        self.act("refuse_taking", Command::RefuseTaking(signing))
    }

    /// The party went before the hand-over: the number is void as 未交付.
    ///
    /// # Errors
    /// A refusal.
    pub fn undeliver(&self, reason: String) -> Result<Phase, PhoneError> {
        self.act("undeliver", Command::Undeliver { reason })
    }

    /// 作废, before the hand-over only; the second officer confirmed.
    ///
    /// # Errors
    /// A refusal.
    pub fn void_number(&self, reason: String, confirmation: Confirmation) -> Result<Phase, PhoneError> {
        self.act("void_number", Command::Void { reason, confirmation })
    }

    /// 复查; `evidence` names the pictures.
    ///
    /// # Errors
    /// A refusal: too early, or the crew that made the order.
    pub fn recheck(&self, corrected: bool, evidence: Vec<String>) -> Result<Phase, PhoneError> {
        self.act("recheck", Command::Recheck { corrected, evidence })
    }

    /// 拒不改正 of a served order; `evidence` names the film, recording or pictures.
    ///
    /// # Errors
    /// A refusal: no served order, or nothing proves it.
    pub fn refuse_correction(&self, words: Private, evidence: Vec<String>) -> Result<Phase, PhoneError> {
        self.act("refuse_correction", Command::RefuseCorrection { words, evidence })
    }

    /// 缴款. Cash needs its ground, and `reason` where the law asks for one.
    ///
    /// # Errors
    /// A refusal: cash that the law does not allow.
    #[uniffi::method(default(cash = None, reason = ""))]
    pub fn pay(
        &self,
        amount: Fen,
        how: PayWay,
        receipt: String,
        cash: Option<CashGround>,
        reason: String,
    ) -> Result<Phase, PhoneError> {
        self.act("pay", Command::Pay { amount, how, receipt, cash, reason })
    }

    /// Cash handed on (处罚法 71).
    ///
    /// # Errors
    /// A refusal.
    pub fn hand_in_cash(&self, leg: CashLeg, receipt: String) -> Result<Phase, PhoneError> {
        self.act("hand_in_cash", Command::HandInCash { leg, receipt })
    }

    /// 退还.
    ///
    /// # Errors
    /// A refusal.
    pub fn refund(&self, amount: Fen, receipt: String) -> Result<Phase, PhoneError> {
        self.act("refund", Command::Refund { amount, receipt })
    }

    /// 备案 by another way than HQ's receipt, which files by itself.
    ///
    /// # Errors
    /// A refusal.
    pub fn file(&self, how: FilingWay) -> Result<Phase, PhoneError> {
        self.act("file", Command::File(how))
    }

    /// 补正: clerical, the outcome stays. `party`: as it should have been written, where the slip of the pen
    /// was in the identity.
    ///
    /// # Errors
    /// A refusal: not the head.
    #[uniffi::method(default(party = None))]
    pub fn correct(&self, what: String, by: OfficerId, party: Option<Party>) -> Result<Phase, PhoneError> {
        self.act("correct", Command::Correct { what, by, party: party.map(Box::new) })
    }

    /// 撤销 by the head.
    ///
    /// # Errors
    /// A refusal: not the head.
    pub fn revoke(&self, reason: String, by: OfficerId) -> Result<Phase, PhoneError> {
        self.act("revoke", Command::Revoke { reason, by })
    }

    /// The head rules on a proposed waiver (拟不予处罚).
    ///
    /// # Errors
    /// A refusal: not the head.
    pub fn rule_waiver(&self, granted: bool, by: OfficerId) -> Result<Phase, PhoneError> {
        self.act("rule_waiver", Command::RuleWaiver { granted, by })
    }

    /// Signed consent to electronic service.
    ///
    /// # Errors
    /// A refusal.
    pub fn agree_e_service(&self, consent: EServiceConsent) -> Result<Phase, PhoneError> {
        self.act("agree_e_service", Command::AgreeEService(consent))
    }

    /// 劝导, two taps: what was said.
    ///
    /// # Errors
    /// A refusal.
    pub fn advise(&self, text: String) -> Result<Phase, PhoneError> {
        self.act("advise", Command::Advise { text })
    }

    /// 转普通程序, 移送.
    ///
    /// # Errors
    /// A refusal.
    pub fn hand_over(&self, to: Destination, reason: String) -> Result<Phase, PhoneError> {
        self.act("hand_over", Command::HandOver { to, reason })
    }

    /// 结案.
    ///
    /// # Errors
    /// A refusal: something is still owed.
    pub fn close_case(&self, how: CloseWay) -> Result<Phase, PhoneError> {
        self.act("close_case", Command::Close(how))
    }
}
