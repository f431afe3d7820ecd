//! Every message between a phone and HQ, read from a stranger's bytes: what is read is written and read
//! again the same, its bounds are checked, a feed item of a known kind is typed.
#![no_main]

use std::fmt::Debug;

use ezhifa_wire::{
    Check, Problem,
    blob::BlobReceipt,
    enrol::{Enrol, Enrolled, Ticket},
    feed::FeedPage,
    hello::{Hello, HelloReply},
    lease::{LeaseReply, LeaseRequest},
    limits,
    paycode::{PayCodeReply, PayCodeRequest},
    push::{Push, Receipt},
};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};

fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(data: &[u8]) -> Option<T> {
    let message: T = serde_json::from_slice(data).ok()?;
    let text = serde_json::to_vec(&message).expect("JSON");
    assert_eq!(serde_json::from_slice::<T>(&text).expect("its own words"), message);
    Some(message)
}

fn bounds<T: Serialize + DeserializeOwned + PartialEq + Debug + Check>(data: &[u8]) -> Option<T> {
    same::<T>(data).filter(|m| m.check().is_ok())
}

fuzz_target!(|data: &[u8]| {
    bounds::<Enrol>(data);
    bounds::<Enrolled>(data);
    bounds::<Hello>(data);
    bounds::<HelloReply>(data);
    bounds::<LeaseRequest>(data);
    bounds::<LeaseReply>(data);
    bounds::<BlobReceipt>(data);
    bounds::<PayCodeRequest>(data);
    bounds::<PayCodeReply>(data);
    same::<Problem>(data);
    if let Some(push) = bounds::<Push>(data) {
        assert!((1..=limits::PUSH_ENTRIES).contains(&push.entries.len()));
        assert!(push.entries.windows(2).all(|w| w[1].header.seq == w[0].header.seq + 1));
    }
    if let Some(receipt) = bounds::<Receipt>(data) {
        assert!(receipt.floor.seq <= receipt.seq);
    }
    if let Some(page) = bounds::<FeedPage>(data) {
        assert!(page.next >= page.after);
        for item in &page.items {
            let _ = item.read().map(|body| (body.kind(), body.key()));
        }
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(ticket) = Ticket::parse(text)
    {
        assert_eq!(Ticket::parse(&ticket.text().expect("a ticket")), Ok(ticket));
    }
});
