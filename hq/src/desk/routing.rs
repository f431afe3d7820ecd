//! Whose lead it is: the branch by polygon, the crew by distance.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::geo::{self, Point};
use crate::{
    Hq,
    error::HqError,
    store::{self, Read, Write},
};

/// The ground of each branch: its code and its ring.
pub type Ground = Vec<(String, Vec<Point>)>;

/// Branch areas in memory: every lead asks for them.
#[derive(Default)]
pub(crate) struct Areas(std::sync::Mutex<Option<Arc<Ground>>>);

/// A crew on duty and where it was last: where its shift begins, then where it last opened a case. No
/// phone is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// Branch.
    pub branch: String,
    /// Phone.
    pub device: String,
    /// Crew.
    pub crew: String,
    /// Where.
    pub at: Point,
    /// On duty from.
    pub from_ms: i64,
    /// On duty until.
    pub until_ms: i64,
}

/// Crews that a lead is offered to first.
const OFFERED: usize = 3;

impl Hq {
    /// Says which area a branch has (WGS-84 ring).
    ///
    /// # Errors
    /// Fewer than three corners, or the store failed.
    pub fn set_branch_area(&self, branch: &str, ring: Vec<Point>) -> Result<(), HqError> {
        if ring.len() < 3 {
            return Err(HqError::Bad("辖区至少三个角点 / an area has at least three corners".into()));
        }
        let branch = branch.to_owned();
        self.write(1, move |w| store::put(w, "area", &branch, &ring))?;
        if let Ok(mut areas) = self.inner.areas.0.lock() {
            *areas = None;
        }
        Ok(())
    }

    /// Areas by branch.
    ///
    /// # Errors
    /// The store failed.
    pub fn areas(&self) -> Result<Arc<Ground>, HqError> {
        let mut areas = self.inner.areas.0.lock().map_err(|_| HqError::Stopped)?;
        if let Some(known) = &*areas {
            return Ok(known.clone());
        }
        let read = Arc::new(self.read(|r| store::list(r, "area", ""))?);
        *areas = Some(Arc::clone(&read));
        Ok(read)
    }

    /// The branch on whose ground a point lies (管辖, 处罚法 22).
    ///
    /// # Errors
    /// The store failed.
    pub fn branch_at(&self, at: Point) -> Result<Option<String>, HqError> {
        Ok(self.areas()?.iter().find(|(_, ring)| geo::inside(ring, at)).map(|(b, _)| b.clone()))
    }
}

/// Phones of the crews on duty, nearest first.
pub(crate) fn nearest(
    r: &mut (impl Read + ?Sized),
    branch: &str,
    at: Point,
    now: i64,
) -> Result<Vec<String>, HqError> {
    let mut on: Vec<(f64, String)> = store::list::<Stand>(r, "stand", &format!("{branch}/"))?
        .into_iter()
        .filter(|(_, s)| s.from_ms <= now && now < s.until_ms)
        .map(|(_, s)| (geo::metres(s.at, at), s.device))
        .collect();
    on.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(on.into_iter().take(OFFERED).map(|(_, d)| d).collect())
}

/// A crew on duty has opened a case here.
pub(crate) fn moved(w: &mut dyn Write, branch: &str, device: &str, at: Point) -> Result<(), HqError> {
    let key = format!("{branch}/{device}");
    match store::get::<Stand>(w, "stand", &key)? {
        Some(mut stand) if stand.at != at => {
            stand.at = at;
            store::put(w, "stand", &key, &stand)
        }
        _ => Ok(()),
    }
}
