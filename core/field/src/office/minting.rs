//! A pay code made for one decision (缴款识别码), where there is a signal between the decision and its paper.
//! One short question: whatever is wrong, the paper does not wait for it.

use ezhifa_casework::{event::CaseId, law::terms::SlipKind};
use ezhifa_wire::{
    Check as _, ProblemCode,
    auth::{self, Auth},
    domains, paths,
    paycode::{PayCodeReply, PayCodeRequest},
};

use super::{FieldOffice, Open, scope};
use crate::{
    error::{Error, FieldError},
    sync::{Network, Reply, answered},
    transport::{Request, Transport},
};

impl FieldOffice {
    /// Asks HQ for the pay code of a decision that is made and has no paper yet: between
    /// [`FieldOffice::decide`] and [`FieldOffice::issue`], over [`FieldOffice::brief_transport`] or one as brief: officers wait for it. None where nothing is to be paid, the paper exists, there is no way to HQ, or HQ has no
    /// code: the slip then carries one that was lent before, or none. Asked again, it gives the same code.
    ///
    /// # Errors
    /// Not enrolled, no such case, the key or the store; never the network.
    pub fn fetch_pay_code(
        &self,
        case: &CaseId,
        transport: &dyn Transport,
    ) -> Result<Option<String>, FieldError> {
        Ok(self.mint(case, transport)?)
    }

    fn mint(&self, case: &CaseId, transport: &dyn Transport) -> Result<Option<String>, Error> {
        let open = self.opened()?;
        let folded = open.case(case)?;
        let Some(record) = folded
            .record()
            .filter(|r| r.outcome.has_fine() && r.slip == SlipKind::Penalty && !folded.is_drill())
        else {
            return Ok(None);
        };
        let waits = open.store.read(|dao| dao.unsigned_numbers())?;
        if !waits.iter().any(|n| n.text == record.number) {
            return Ok(None);
        }
        if let Some(known) = open.minted(&record.number)? {
            return Ok(Some(known));
        }
        if matches!(self.state().network, Network::Offline | Network::Captive) {
            return Ok(None);
        }
        let wish = PayCodeRequest { number: record.number.clone(), amount_fen: record.amount.0 };
        let Some(code) = self.ask_for_code(&open, &wish, transport)? else { return Ok(None) };
        open.store.write::<_, Error>(|dao| Ok(dao.put(scope::MINTED, &wish.number, code.as_bytes())?))?;
        Ok(Some(code))
    }

    fn ask_for_code(
        &self,
        open: &Open,
        wish: &PayCodeRequest,
        transport: &dyn Transport,
    ) -> Result<Option<String>, Error> {
        wish.check()?;
        let body = serde_json::to_vec(wish)?;
        // Only what the mark confirms may leave the phone.
        let epoch = open.store.head()?.epoch;
        let me = open.identity().enrolled;
        let now = self.ports.platform.clock.now();
        let mut at_ms = now.wall_ms.saturating_add(open.skew_ms(&now)?.unwrap_or(0));
        // A phone whose clock is wrong learns HQ's from the first answer and asks once more.
        for _ in 0..2 {
            let nonce: String =
                self.ports.platform.random::<16>()?.iter().map(|b| format!("{b:02x}")).collect();
            let key = self.ports.device_key.as_ref();
            let sign = Auth::sign(key, "POST", paths::PAY_CODE, &me.device, epoch, at_ms, &nonce, &body)?;
            let request = Request {
                method: "POST",
                path: paths::PAY_CODE.to_owned(),
                headers: vec![("content-type", "application/json".into()), (auth::HEADER, sign.header())],
                body: body.clone(),
            };
            let Ok(answer) = transport.send(&request) else { return Ok(None) };
            match answered::<PayCodeReply>(answer, domains::PAY_CODE, &me.hq_keys, &me.device, &nonce) {
                Reply::Yes(reply, _) if reply.number == wish.number => return Ok(Some(reply.code)),
                Reply::No(problem) if problem.code == ProblemCode::Clock => at_ms = problem.server_ms,
                Reply::Yes(..) | Reply::No(_) | Reply::Stranger => return Ok(None),
            }
        }
        Ok(None)
    }
}

impl Open {
    /// The code that was made for this number.
    pub(super) fn minted(&self, number: &str) -> Result<Option<String>, Error> {
        let bytes = self.store.read(|dao| dao.get(scope::MINTED, number))?;
        Ok(bytes.and_then(|b| String::from_utf8(b).ok()))
    }
}
