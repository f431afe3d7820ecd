//! Reading answers. A 2xx that HQ did not sign, and any other status without HQ's own body, came from
//! somebody in between (captive portal, proxy) and changes nothing.

use ezhifa_wire::{
    Check, Problem, limits, pack,
    push::open,
    seal::{
        entry::DeviceId,
        sign::{PublicKey, Signed},
    },
};

use crate::transport::Response;

/// What an answer is.
pub(crate) enum Reply<T> {
    /// HQ said yes, signed, to this very request.
    Yes(T, Signed),
    /// HQ said no.
    No(Problem),
    /// Not HQ.
    Stranger,
}

/// The part of every signed answer that ties it to its request.
pub(crate) trait Addressed {
    fn device(&self) -> &DeviceId;
    fn nonce(&self) -> &str;
}

macro_rules! addressed {
    ($($t:ty),+) => { $(impl Addressed for $t {
        fn device(&self) -> &DeviceId { &self.device }
        fn nonce(&self) -> &str { &self.nonce }
    })+ };
}
addressed!(
    ezhifa_wire::hello::HelloReply,
    ezhifa_wire::push::Receipt,
    ezhifa_wire::feed::FeedPage,
    ezhifa_wire::lease::LeaseReply,
    ezhifa_wire::paycode::PayCodeReply,
    ezhifa_wire::blob::BlobReceipt,
    ezhifa_wire::enrol::Enrolled
);

/// The answer as HQ wrote it. What cannot be unpacked within the limit is nobody's answer: its body is
/// dropped, so that no signature is found in it.
pub(super) fn unpacked(mut answer: Response) -> Response {
    if answer.header(pack::HEADER).is_some_and(|encoding| encoding == pack::ENCODING) {
        answer.body = pack::unpack(&answer.body, limits::REPLY_BYTES).unwrap_or_default();
    }
    answer
}

/// The same, of an answer as it came: for a question that is asked outside the rounds of the engine.
pub(crate) fn answered<T: serde::de::DeserializeOwned + Check + Addressed>(
    answer: Response,
    domain: &str,
    keys: &[PublicKey],
    device: &DeviceId,
    nonce: &str,
) -> Reply<T> {
    read(&unpacked(answer), domain, keys, device, nonce)
}

/// Reads an answer that should be `T` signed in `domain`.
pub(super) fn read<T: serde::de::DeserializeOwned + Check + Addressed>(
    answer: &Response,
    domain: &str,
    keys: &[PublicKey],
    device: &DeviceId,
    nonce: &str,
) -> Reply<T> {
    if !(200..300).contains(&answer.status) {
        return no(answer);
    }
    let Ok(signed) = serde_json::from_slice::<Signed>(&answer.body) else { return Reply::Stranger };
    match open::<T>(&signed, domain, "answer", keys) {
        Ok(message) if message.device() == device && message.nonce() == nonce => Reply::Yes(message, signed),
        _ => Reply::Stranger,
    }
}

/// Reads a refusal.
pub(super) fn no<T>(answer: &Response) -> Reply<T> {
    match serde_json::from_slice::<Problem>(&answer.body) {
        Ok(problem)
            if problem.code.status() == answer.status
                || problem.code.status() / 100 == answer.status / 100 =>
        {
            Reply::No(problem)
        }
        _ => Reply::Stranger,
    }
}
