//! Papers: preview, print, reprint, other forms of the same words.

use ezhifa_casework::{
    case::{Case, Issued},
    command::Command,
    event::{CaseId, PrintState},
    people::Private,
};
use ezhifa_printer::{Link, Profile, open_link};
use ezhifa_slip::{Document, Extras, Paper, compose, layout, pdf, png, text};
use ezhifa_wire::seal::hash::Digest;
use serde_json::json;

use super::{FieldOffice, numbers, scope};
use crate::{
    error::{Error, FieldError, Not},
    journal::Kind,
    printing::{self, Finished},
};

/// A signed paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// Number as printed.
    pub number: String,
    /// Text of the verification QR.
    pub code: String,
    /// Human check code.
    pub check_code: String,
    /// The document, exact (JSON of `slip::Document`).
    pub document: Private,
}

impl Slip {
    pub(super) fn of(issued: &Issued) -> Slip {
        Slip {
            number: issued.number.clone(),
            code: issued.code.clone(),
            check_code: issued.check_code.clone(),
            document: issued.document.clone(),
        }
    }
}

/// A paper before it exists.
#[derive(Clone)]
pub struct Preview {
    /// Picture, as the printer would print it.
    pub png: Vec<u8>,
    /// Words.
    pub text: String,
}

/// A paper in its other forms.
#[derive(Clone)]
pub struct Rendered {
    /// Receipt page or A4.
    pub pdf: Vec<u8>,
    /// Picture of the roll.
    pub png: Vec<u8>,
    /// Words.
    pub text: String,
}

/// What came of a print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// Printed, not printed, or not known: then look at the paper and call `act(ConfirmPrint)`.
    pub result: PrintState,
    /// Why, when it is not printed or not known.
    pub reason: String,
    /// 0 is the first print, n is 补打 n.
    pub copy: u32,
    /// The very bytes that went to the printer.
    pub bytes: Vec<u8>,
    /// Length of the slip's own commands, without questions to the printer.
    pub slip_bytes: usize,
}

impl FieldOffice {
    /// Which roll is in the crew's printer; papers are tried on it before a number is used.
    pub fn set_paper(&self, paper: Paper) {
        self.state().paper = paper;
    }

    /// The paper that the standing proposal leads to, before any number is used. Refuses what could not be
    /// printed.
    ///
    /// # Errors
    /// Nothing is proposed; a character that no font has; too long.
    pub fn preview(&self, id: &CaseId, paper: Paper) -> Result<Preview, FieldError> {
        let preview = || -> Result<Preview, Error> {
            let open = self.opened()?;
            let case = open.case(id)?;
            let decision = case.proposal().map(|p| p.decision.clone()).ok_or(Not::Paper)?;
            let command = Command::Decide { choice: None, order_due: None, confirmations: Vec::new() };
            let parts = self.parts(&open, &case, Some(&command))?;
            let (_, law) = parts.law.as_ref().ok_or_else(|| Not::Rulebook(parts.now.date().to_string()))?;
            let year = chrono::Datelike::year(&parts.now);
            let number = parts.numbers.iter().find(|n| n.series == decision.series).map_or_else(
                || numbers::text(law, decision.series, year, 999_999, case.is_drill()),
                |n| n.text.clone(),
            );
            let [a, b] = parts.crew.officers();
            let (first, second) =
                (parts.roster.get(a).ok_or(Not::Crew)?, parts.roster.get(b).ok_or(Not::Crew)?);
            let extras = Extras::new(decision.slip, number, [first, second], parts.now);
            let document = compose(&case, law, &extras)?;
            let set = layout(&document, paper, self.ports.glyphs.as_ref())?;
            Ok(Preview { png: png::render(&set)?, text: text::render(&set) })
        };
        Ok(preview()?)
    }

    /// A signed paper of the case; the newest when no number is given.
    fn issued(case: &Case, number: Option<&str>) -> Result<Issued, Error> {
        let found = match number {
            Some(number) => case.slip(number),
            None => case.slips().last(),
        };
        Ok(found.cloned().ok_or(Not::Paper)?)
    }

    /// Prints a signed paper. The result is an entry, and the honest one.
    ///
    /// # Errors
    /// No such paper; the last print's end is unknown and nobody has looked; it is printed already, see
    /// [`FieldOffice::reprint`]; the store.
    pub fn print(
        &self,
        id: &CaseId,
        number: Option<&str>,
        link: Box<dyn Link>,
        profile: &Profile,
    ) -> Result<Printed, FieldError> {
        self.print_copy(id, number, false, link, profile)
    }

    /// 补打: an officer asks for another copy of a paper that is printed. The same number and the same words as
    /// stored, with 补打 n and the time; who asked is an entry.
    ///
    /// # Errors
    /// As with [`FieldOffice::print`].
    pub fn reprint(
        &self,
        id: &CaseId,
        number: Option<&str>,
        link: Box<dyn Link>,
        profile: &Profile,
    ) -> Result<Printed, FieldError> {
        self.print_copy(id, number, true, link, profile)
    }

    fn print_copy(
        &self,
        id: &CaseId,
        number: Option<&str>,
        again: bool,
        link: Box<dyn Link>,
        profile: &Profile,
    ) -> Result<Printed, FieldError> {
        let print = || -> Result<Printed, Error> {
            let open = self.opened()?;
            let case = open.case(id)?;
            let slip = Self::issued(&case, number)?;
            let now = self.now();
            // Guards first: an unknown print is looked at before the next one, and a second paper is asked for.
            let copy = case.may_print(&slip.number, again)?;
            let units = printing::units(
                &printing::copy(slip.document.reveal(), copy, now)?,
                profile,
                self.ports.glyphs.as_ref(),
            )?;
            let by = self.state().crew.as_ref().map(|c| c.lead.0.clone()).unwrap_or_default();
            open.store.write::<_, Error>(|dao| {
                let attempt =
                    json!({ "event": "print_attempt", "number": slip.number, "copy": copy, "by": by });
                dao.append_json(Kind::Device, 1, Some(&id.0), &attempt)?;
                Ok(dao.put(scope::PRINTING, &slip.number, id.0.as_bytes())?)
            })?;
            // The printer: a foreign call, no lock held.
            let Finished { state, reason, bytes } = printing::print(link, profile, &units);
            self.print_ended(id, &slip.number, Some(state.clone()))?;
            let slip_bytes = units.iter().map(Vec::len).sum();
            Ok(Printed { result: state, reason, copy, bytes, slip_bytes })
        };
        Ok(print()?)
    }

    /// [`FieldOffice::print`] on a printer by address: `tcp://`, `serial:` or `file:`. Phones bring a link of
    /// their own for Bluetooth.
    ///
    /// # Errors
    /// As there; the printer cannot be reached.
    pub fn print_at(
        &self,
        id: &CaseId,
        number: Option<&str>,
        address: &str,
        profile: &Profile,
    ) -> Result<Printed, FieldError> {
        self.print(id, number, open_link(address).map_err(Error::from)?, profile)
    }

    /// Records how a print ended. `None`: the app died during it, so nobody knows.
    pub(super) fn print_ended(
        &self,
        id: &CaseId,
        number: &str,
        state: Option<PrintState>,
    ) -> Result<(), Error> {
        let open = self.opened()?;
        let result = state.unwrap_or(PrintState::Unknown);
        let command = Command::RecordPrint { number: number.to_owned(), result };
        let _turn = self.desk_lock();
        let case = open.case(id)?;
        let mut parts = self.parts(&open, &case, None)?;
        if parts.crew.second.0.is_empty()
            && let Some(crew) = case.decided_by()
        {
            parts.crew = crew.clone();
        }
        let events = parts.handle(&case, &command)?;
        open.store.write::<_, Error>(|dao| {
            super::project::append(dao, &case, &events, None)?;
            dao.drop_thing(scope::PRINTING, number)?;
            Ok(())
        })
    }

    /// The same words as PDF, picture and text.
    ///
    /// # Errors
    /// No such paper.
    pub fn render(&self, id: &CaseId, number: Option<&str>, paper: Paper) -> Result<Rendered, FieldError> {
        let render = || -> Result<Rendered, Error> {
            let case = self.opened()?.case(id)?;
            let slip = Self::issued(&case, number)?;
            let document: Document = serde_json::from_str(slip.document.reveal())?;
            let set = layout(&document, paper, self.ports.glyphs.as_ref())?;
            Ok(Rendered { pdf: pdf::render(&set)?, png: png::render(&set)?, text: text::render(&set) })
        };
        Ok(render()?)
    }

    /// SHA-256 of a signed paper's words, for whoever holds a copy.
    ///
    /// # Errors
    /// No such paper.
    pub fn paper_hash(&self, id: &CaseId, number: Option<&str>) -> Result<Digest, FieldError> {
        let case = self.opened()?.case(id)?;
        let slip = Self::issued(&case, number)?;
        Ok(ezhifa_wire::seal::hash::sha256(slip.document.reveal().as_bytes()))
    }
}
