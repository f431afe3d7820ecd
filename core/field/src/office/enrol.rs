//! Enrolment: one request with the ticket's one-time code, signed by the phone's own key.

use ezhifa_wire::{
    Problem,
    auth::{self, Auth},
    domains,
    enrol::{Enrol, Enrolled, Ticket},
    paths,
    push::open,
    seal::{
        entry::{DeviceId, Epoch},
        escrow,
        sign::{PublicKey, Signed},
    },
};

use serde_json::json;

use super::{FieldOffice, Identity, scope};
#[cfg(feature = "https")]
use crate::transport::HttpTransport;
use crate::{
    error::{Error, FieldError, Not},
    journal::Kind,
    store::{Store, StoreError},
    transport::{Request, Transport, TransportError},
};

impl FieldOffice {
    /// Enrols this phone with the ticket from HQ's desk (`ezhifa:{…}`). The ready transport is
    /// `HttpTransport::new(&Ticket::parse(text)?)`.
    ///
    /// # Errors
    /// Enrolled already; the ticket is used, expired or not one; no way to HQ.
    pub fn enrol(&self, ticket: &str, transport: &dyn Transport) -> Result<(), FieldError> {
        Ok(self.enrol_with(&Ticket::parse(ticket).map_err(Error::from)?, transport)?)
    }

    fn enrol_with(&self, ticket: &Ticket, transport: &dyn Transport) -> Result<(), Error> {
        if self.opened().is_ok() {
            return Err(Not::EnrolledTwice.into());
        }
        let platform = &self.ports.platform;
        let epoch = Epoch(u64::from_be_bytes(platform.random()?));
        let nonce: String = platform.random::<16>()?.iter().map(|b| format!("{b:02x}")).collect();
        let key = self.ports.device_key.as_ref();
        let wall_ms = self.wall_ms();
        let body = serde_json::to_vec(&Enrol {
            code: ticket.code.clone(),
            key: key.public_key(),
            epoch,
            model: self.ports.model.clone(),
            app: self.ports.app.clone(),
            wall_ms,
        })?;
        // A phone whose clock is wrong learns HQ's from the first answer and asks once more.
        let mut at_ms = wall_ms;
        for _ in 0..2 {
            let device = DeviceId("new".to_owned());
            let sign = Auth::sign(key, "POST", paths::ENROL, &device, epoch, at_ms, &nonce, &body)?;
            let answer = transport.send(&Request {
                method: "POST",
                path: paths::ENROL.to_owned(),
                headers: vec![("content-type", "application/json".into()), (auth::HEADER, sign.header())],
                body: body.clone(),
            })?;
            if (200..300).contains(&answer.status) {
                let signed: Signed =
                    serde_json::from_slice(&answer.body).map_err(|_| TransportError::NotHq)?;
                let enrolled: Enrolled =
                    open(&signed, domains::ENROLLED, "enrolled", std::slice::from_ref(&ticket.hq_key))
                        .map_err(|_| TransportError::NotHq)?;
                if enrolled.nonce != nonce {
                    return Err(TransportError::NotHq.into());
                }
                return self.begin_life(ticket, enrolled, epoch);
            }
            let problem: Problem = serde_json::from_slice(&answer.body).map_err(|_| TransportError::NotHq)?;
            if problem.code != ezhifa_wire::ProblemCode::Clock {
                return Err(Not::Ticket(problem.zh).into());
            }
            at_ms = problem.server_ms;
        }
        Err(TransportError::Unreachable("clock".to_owned()).into())
    }

    fn begin_life(&self, ticket: &Ticket, enrolled: Enrolled, epoch: Epoch) -> Result<(), Error> {
        let device = enrolled.device.clone();
        let escrowed = enrolled.escrow.as_ref().map(|hq| self.escrow(hq)).transpose()?;
        let create = || Store::create(&self.places, self.ports.platform.clone(), device.clone(), epoch);
        let store = match create() {
            // An enrolment that a crash cut short left a journal that nobody knows: it is set aside, whole.
            Err(StoreError::AlreadyEnrolled) => {
                // Unless another process of ours finished one meanwhile.
                let there = Store::inspect(&self.places, self.ports.platform.clone())?;
                if there.read(|dao| dao.get(scope::OFFICE, "identity"))?.is_some() {
                    return Err(Not::EnrolledTwice.into());
                }
                drop(there);
                Store::quarantine(&self.places, self.wall_ms())?;
                create()?
            }
            other => other?,
        };
        let identity = Identity { enrolled, url: ticket.url.clone(), ca: ticket.ca.clone() };
        let identity = serde_json::to_vec(&identity)?;
        store.write::<_, Error>(|dao| {
            if let Some(body) = &escrowed {
                dao.append_json(Kind::Device, 1, None, body)?;
            }
            Ok(dao.put(scope::OFFICE, "identity", &identity)?)
        })?;
        if let Some(sealed) = escrowed.as_ref().and_then(|body| body.get("sealed")?.as_str()) {
            // Beside the database too: a phone may lose its key before it ever reaches HQ.
            self.places.keep_escrow(sealed)?;
        }
        self.take(store)
    }

    /// Seals the database key to HQ (密钥托管), as the journal says it.
    fn escrow(&self, hq: &PublicKey) -> Result<serde_json::Value, Error> {
        let platform = &self.ports.platform;
        let key = platform.keys.database_key()?;
        // Not every 32 bytes are a scalar; almost all are.
        let mut sealed = escrow::seal(hq, platform.random()?, &key.0);
        for _ in 0..3 {
            if sealed.is_err() {
                sealed = escrow::seal(hq, platform.random()?, &key.0);
            }
        }
        let sealed = data_encoding::HEXLOWER.encode(&sealed?);
        Ok(json!({ "event": "key_escrowed", "to": hq.id(), "sealed": sealed }))
    }

    /// The ready way for [`FieldOffice::fetch_pay_code`]: officers wait for the answer, five seconds at most.
    ///
    /// # Errors
    /// Not enrolled.
    #[cfg(feature = "https")]
    pub fn brief_transport(&self) -> Result<HttpTransport, FieldError> {
        let identity = self.opened()?.identity();
        Ok(HttpTransport::brief(&Ticket::from(&identity)).map_err(Error::from)?)
    }

    /// The ready HTTPS way to the HQ of the enrolment.
    ///
    /// # Errors
    /// Not enrolled.
    #[cfg(feature = "https")]
    pub fn transport(&self) -> Result<HttpTransport, FieldError> {
        let identity = self.opened()?.identity();
        Ok(HttpTransport::new(&Ticket::from(&identity)).map_err(Error::from)?)
    }
}
