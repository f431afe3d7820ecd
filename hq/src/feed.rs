//! The change feed: what HQ tells phones, in commit order, addressed to all, a branch or a device.

use ezhifa_wire::{
    Check as _, domains,
    feed::{FeedBody, FeedItem, FeedPage},
    limits,
};

use crate::{
    Hq,
    devices::Device,
    error::HqError,
    protocol::Asked,
    store::{FeedRow, Write},
};

/// Everybody.
#[must_use]
pub fn to_all() -> String {
    "all".to_owned()
}

/// The phones of a branch.
#[must_use]
pub fn to_branch(branch: &str) -> String {
    format!("branch:{branch}")
}

/// One phone.
#[must_use]
pub fn to_device(device: &str) -> String {
    format!("device:{device}")
}

/// Publishes an item inside the open transaction. A later item of the same kind and key to the same
/// target replaces this one in snapshots.
///
/// # Errors
/// The item does not keep to the protocol, or the store failed.
pub fn publish(w: &mut dyn Write, target: &str, body: &FeedBody, at_ms: i64) -> Result<(), HqError> {
    publish_at(w, target, body, at_ms).map(|_| ())
}

/// A lead that is taken or done, an order with nothing left to do. Inside a JSON string every quote has a
/// backslash before it, so nobody's words look like this.
fn over(row: &FeedRow) -> bool {
    matches!(row.kind.as_str(), "lead" | "open_order") && row.body.contains("\"closed\":true")
}

/// The same, and tells the position.
pub(crate) fn publish_at(
    w: &mut dyn Write,
    target: &str,
    body: &FeedBody,
    at_ms: i64,
) -> Result<u64, HqError> {
    let item = FeedItem::new(0, body)?;
    // A phone refuses a page with an item that does not hold: it would stand still there.
    item.check()?;
    let row = FeedRow {
        pos: 0,
        kind: item.kind,
        key: item.key,
        target: target.to_owned(),
        body: serde_json::to_string(&item.body)?,
        at_ms,
    };
    w.add_feed(&row)
}

impl Hq {
    /// One page for a phone, signed.
    pub(crate) fn feed_page(
        &self,
        device: &Device,
        asked: &Asked<'_>,
    ) -> Result<ezhifa_wire::seal::sign::Signed, HqError> {
        let after: u64 = asked.query("pos").unwrap_or("0").parse().map_err(|_| HqError::Bad("pos".into()))?;
        let most_bytes: usize = asked
            .query("max_bytes")
            .and_then(|b| b.parse().ok())
            .unwrap_or(limits::REPLY_BYTES)
            .clamp(1, limits::REPLY_BYTES / 2);
        let open = self.inner.snapshots.lock().map_err(|_| HqError::Stopped)?.get(&device.id).copied();
        // A snapshot of many pages goes on as one; after a restart of HQ the plain feed from there says more,
        // never less.
        let snapshot = after == 0 || open == Some(after);
        if after > 0 && asked.query("incarnation") != Some(self.incarnation()) {
            return Err(HqError::Snapshot);
        }
        let device = &self.heard_of_keys(device, after)?;
        let targets = [to_all(), to_branch(&device.branch), to_device(&device.id)];
        let limit = u32::try_from(limits::FEED_ITEMS).unwrap_or(u32::MAX);
        let (head, rows) = self.read(|r| {
            let head = r.counter("feed")?;
            let mut rows = if snapshot { r.snapshot(&targets)? } else { r.feed(after, &targets, limit)? };
            // What is over needs no word to a phone that has nothing of it: not being named is enough.
            rows.retain(|row| row.pos > after && !(snapshot && over(row)));
            Ok((head, rows))
        })?;
        if after > head {
            return Err(HqError::Snapshot);
        }
        let mut items = Vec::new();
        let (mut next, mut bytes, mut more) = (after, 0_usize, !snapshot && rows.len() >= limits::FEED_ITEMS);
        for row in rows {
            bytes = bytes.saturating_add(row.body.len());
            // One item always travels, however large, or the feed would stand still.
            if items.len() >= limits::FEED_ITEMS || (bytes > most_bytes && !items.is_empty()) {
                more = true;
                break;
            }
            next = row.pos;
            let item = FeedItem {
                pos: row.pos,
                kind: row.kind,
                key: row.key,
                body: serde_json::from_str(&row.body)?,
            };
            // One that was published before HQ looked.
            if item.check().is_ok() {
                items.push(item);
            }
        }
        let mut snapshots = self.inner.snapshots.lock().map_err(|_| HqError::Stopped)?;
        if snapshot && more {
            snapshots.insert(device.id.clone(), next);
        } else {
            snapshots.remove(&device.id);
        }
        drop(snapshots);
        let page = FeedPage {
            device: asked.auth.device.clone(),
            nonce: asked.auth.nonce.clone(),
            incarnation: self.incarnation().to_owned(),
            after,
            items,
            next: if more { next } else { head },
            more,
            snapshot,
            server_ms: self.now_ms(),
        };
        self.sign_for(device, domains::FEED, &page)
    }
}
