//! Who holds the phone: sign-in, crew, and confirmations with one's own secret.

use ezhifa_casework::{
    event::{CaseId, ConfirmWay, Confirmation},
    people::{Crew, OfficerId, Roster},
};
use serde_json::json;
use std::sync::Arc;

use super::FieldOffice;
use crate::{
    error::{Error, FieldError, Not},
    journal::Kind,
};

/// A confirmation is for the decision at hand, not for the evening.
const CONFIRMATION_MS: i64 = 600_000;

impl FieldOffice {
    /// The roster.
    ///
    /// # Errors
    /// None yet.
    pub fn roster(&self) -> Result<Arc<Roster>, FieldError> {
        Ok(self.inbox()?.roster().map_err(Error::from)?)
    }

    pub(super) fn check_pin(&self, officer: &OfficerId, pin: &str) -> Result<(), Error> {
        let open = self.opened()?;
        let roster = open.inbox().roster()?;
        let verifier = roster
            .get(officer)
            .map(|o| o.pin_verifier.clone())
            .filter(|v| !v.is_empty())
            .ok_or_else(|| Not::Officer(officer.0.clone()))?;
        Ok(open.store.check_pin(&officer.0, &verifier, pin)?)
    }

    /// An officer signs in with their own PIN; works offline.
    ///
    /// # Errors
    /// Not on the roster, wrong PIN, too many tries.
    pub fn sign_in(&self, officer: &OfficerId, pin: &str) -> Result<(), FieldError> {
        self.check_pin(officer, pin)?;
        self.signed_in(officer, "pin")
    }

    /// An officer signs in with the platform's authenticator, which the app has just asked.
    ///
    /// # Errors
    /// Not on the roster.
    pub fn sign_in_by_authenticator(&self, officer: &OfficerId) -> Result<(), FieldError> {
        let roster = self.inbox()?.roster().map_err(Error::from)?;
        if roster.get(officer).is_none() {
            return Err(Error::from(Not::Officer(officer.0.clone())).into());
        }
        self.signed_in(officer, "authenticator")
    }

    fn signed_in(&self, officer: &OfficerId, how: &str) -> Result<(), FieldError> {
        let open = self.opened()?;
        open.store.write::<_, Error>(|dao| {
            dao.append_json(
                Kind::Access,
                1,
                None,
                &json!({ "event": "signed_in", "officer": officer.0, "how": how }),
            )?;
            Ok(())
        })?;
        let now = self.wall_ms();
        self.state().signed_in.insert(officer.clone(), now);
        Ok(())
    }

    /// An officer leaves. The crew ends with them.
    ///
    /// # Errors
    /// Not enrolled, or the store.
    pub fn sign_out(&self, officer: &OfficerId) -> Result<(), FieldError> {
        let open = self.opened()?;
        {
            let mut state = self.state();
            state.signed_in.remove(officer);
            if state.crew.as_ref().is_some_and(|c| c.has(officer)) {
                state.crew = None;
            }
        }
        open.store.write::<_, Error>(|dao| {
            dao.append_json(Kind::Access, 1, None, &json!({ "event": "signed_out", "officer": officer.0 }))?;
            Ok(())
        })?;
        Ok(())
    }

    /// The two who answer for what follows; both are signed in. The guards judge certificates.
    ///
    /// # Errors
    /// One of them is not signed in, or they are one person.
    pub fn set_crew(
        &self,
        lead: &OfficerId,
        second: &OfficerId,
        with: &[OfficerId],
    ) -> Result<Crew, FieldError> {
        let crew = Crew { lead: lead.clone(), second: second.clone(), with: with.to_vec() };
        let mut state = self.state();
        if lead == second || !crew.officers().iter().all(|o| state.signed_in.contains_key(*o)) {
            return Err(Error::from(Not::Crew).into());
        }
        state.crew = Some(crew.clone());
        Ok(crew)
    }

    /// The crew on duty.
    #[must_use]
    pub fn crew(&self) -> Option<Crew> {
        self.state().crew.clone()
    }

    /// An officer confirms the decision or the void at hand with their own PIN.
    ///
    /// # Errors
    /// Wrong PIN, no such case.
    pub fn confirm(&self, case: &CaseId, officer: &OfficerId, pin: &str) -> Result<Confirmation, FieldError> {
        self.check_pin(officer, pin)?;
        Ok(self.confirmed(case, officer, ConfirmWay::Pin))
    }

    /// The same with the platform's authenticator, which the app has just asked.
    ///
    /// # Errors
    /// Not signed in on this phone.
    pub fn confirm_by_authenticator(
        &self,
        case: &CaseId,
        officer: &OfficerId,
    ) -> Result<Confirmation, FieldError> {
        if !self.state().signed_in.contains_key(officer) {
            return Err(Error::from(Not::Crew).into());
        }
        Ok(self.confirmed(case, officer, ConfirmWay::Authenticator))
    }

    fn confirmed(&self, case: &CaseId, officer: &OfficerId, how: ConfirmWay) -> Confirmation {
        let now = self.ports.platform.clock.now();
        let confirmation =
            Confirmation { officer: officer.clone(), how, at: crate::feed::local(now.wall_ms) };
        let mut state = self.state();
        state.confirmations.retain(|(_, _, at)| now.mono_ms.saturating_sub(*at) <= CONFIRMATION_MS);
        state.confirmations.push((case.clone(), confirmation.clone(), now.mono_ms));
        confirmation
    }

    /// Only confirmations that this phone itself took, for this case, just now.
    pub(super) fn taken_here(&self, case: &CaseId, confirmations: &[Confirmation]) -> Result<(), Error> {
        let now = self.ports.platform.clock.now().mono_ms;
        let state = self.state();
        let known = |c: &Confirmation| {
            state
                .confirmations
                .iter()
                .any(|(of, known, at)| of == case && known == c && now.saturating_sub(*at) <= CONFIRMATION_MS)
        };
        if confirmations.iter().all(known) { Ok(()) } else { Err(Not::Crew.into()) }
    }
}
