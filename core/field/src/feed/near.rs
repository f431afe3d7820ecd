//! What lies nearest: leads and re-checks in the order in which a crew would walk.

use ezhifa_wire::feed::{Lead, OpenOrder};

use super::Inbox;

/// A place in 1e-7 degree, WGS-84: (latitude, longitude).
pub type Here = (i64, i64);

/// Square of the distance in 1e-7 degree of latitude: good enough to sort by, in integers.
fn far(here: Here, lat_e7: Option<i64>, lon_e7: Option<i64>) -> i128 {
    let (Some(lat), Some(lon)) = (lat_e7, lon_e7) else { return i128::MAX };
    let dy = i128::from(lat) - i128::from(here.0);
    // The parallels are shorter than the meridians: 92 % in the Pearl River delta.
    let dx = (i128::from(lon) - i128::from(here.1)) * 92 / 100;
    dy * dy + dx * dx
}

impl Inbox {
    /// Leads, nearest first; those that HQ offers to this phone before all others. Those without a place
    /// come last.
    #[must_use]
    pub fn leads_near(&self, here: Here, device: &str) -> Vec<&Lead> {
        let mut all: Vec<&Lead> = self.leads().collect();
        all.sort_by_key(|l| {
            let offered = l.offered.first().is_some_and(|d| d == device);
            (!offered, far(here, l.lat_e7, l.lon_e7))
        });
        all
    }

    /// Open orders, nearest first and the oldest first among those without a place.
    #[must_use]
    pub fn orders_near(&self, here: Here) -> Vec<&OpenOrder> {
        let mut all = self.orders();
        all.sort_by_key(|o| far(here, o.lat_e7, o.lon_e7));
        all
    }
}
