//! Where a lead lies: polygons in WGS-84, and what Chinese map apps send (GCJ-02) turned back into it.

use serde::{Deserialize, Serialize};

/// A point in 1e-7 degree, WGS-84.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Latitude.
    pub lat_e7: i64,
    /// Longitude.
    pub lon_e7: i64,
}

/// Which datum the sender used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Datum {
    /// GNSS, the journal's own.
    #[default]
    Wgs84,
    /// 国测局坐标, as map apps and mini-programs give.
    Gcj02,
}

/// Whether a point lies in a ring (even-odd rule, integers only; an edge belongs to the south and west).
#[must_use]
pub fn inside(ring: &[Point], at: Point) -> bool {
    let mut odd = false;
    let mut before = match ring.last() {
        Some(last) => *last,
        None => return false,
    };
    for &here in ring {
        if (here.lat_e7 > at.lat_e7) != (before.lat_e7 > at.lat_e7) {
            let rise = i128::from(before.lat_e7) - i128::from(here.lat_e7);
            let run = i128::from(before.lon_e7) - i128::from(here.lon_e7);
            let up = i128::from(at.lat_e7) - i128::from(here.lat_e7);
            let right = i128::from(at.lon_e7) - i128::from(here.lon_e7);
            let (lhs, rhs) = (right * rise, run * up);
            if (rise > 0 && lhs < rhs) || (rise < 0 && lhs > rhs) {
                odd = !odd;
            }
        }
        before = here;
    }
    odd
}

/// Distance in metres, good to one in a thousand within a city.
#[must_use]
pub fn metres(a: Point, b: Point) -> f64 {
    let lat = to_degrees(a.lat_e7.saturating_add(b.lat_e7)) / 2.0;
    let dy = to_degrees(a.lat_e7.saturating_sub(b.lat_e7)) * 111_320.0;
    let dx = to_degrees(a.lon_e7.saturating_sub(b.lon_e7)) * 111_320.0 * lat.to_radians().cos();
    dy.hypot(dx)
}

#[allow(clippy::cast_precision_loss)]
fn to_degrees(e7: i64) -> f64 {
    e7 as f64 / 1e7
}

#[allow(clippy::cast_possible_truncation)]
fn to_e7(degrees: f64) -> i64 {
    (degrees * 1e7).round() as i64
}

/// Turns a GCJ-02 point into WGS-84 by iterating the public forward formula: good to centimetres.
#[must_use]
pub fn from_gcj02(p: Point) -> Point {
    let (lat, lon) = (to_degrees(p.lat_e7), to_degrees(p.lon_e7));
    let (mut wlat, mut wlon) = (lat, lon);
    for _ in 0..6 {
        let (glat, glon) = gcj02(wlat, wlon);
        wlat += lat - glat;
        wlon += lon - glon;
    }
    Point { lat_e7: to_e7(wlat), lon_e7: to_e7(wlon) }
}

/// The forward shift on the Krasovsky ellipsoid, as published by every open converter.
fn gcj02(lat: f64, lon: f64) -> (f64, f64) {
    use std::f64::consts::PI;
    const A: f64 = 6_378_245.0;
    const EE: f64 = 0.006_693_421_622_965_943;
    let (x, y) = (lon - 105.0, lat - 35.0);
    let wave = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let dlat = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + wave
        + (20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0
        + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let dlon = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + wave
        + (20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin()) * 2.0 / 3.0
        + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    let rad = lat.to_radians();
    let magic = 1.0 - EE * rad.sin().powi(2);
    let root = magic.sqrt();
    (
        lat + dlat * 180.0 / ((A * (1.0 - EE)) / (magic * root) * PI),
        lon + dlon * 180.0 / (A / root * rad.cos() * PI),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(lat: f64, lon: f64) -> Point {
        Point { lat_e7: to_e7(lat), lon_e7: to_e7(lon) }
    }

    #[test]
    fn a_point_belongs_to_the_branch_whose_ring_holds_it() {
        let ring = [p(23.0, 113.7), p(23.0, 113.8), p(23.1, 113.8), p(23.1, 113.7)];
        assert!(inside(&ring, p(23.05, 113.75)));
        assert!(!inside(&ring, p(23.15, 113.75)));
        assert!(!inside(&ring, p(23.05, 113.65)));
        assert!(!inside(&[], p(0.0, 0.0)));
    }

    #[test]
    fn gcj02_goes_back_to_wgs84() {
        let here = (23.020_5, 113.751_8);
        let (glat, glon) = gcj02(here.0, here.1);
        assert!(
            metres(p(here.0, here.1), p(glat, glon)) > 300.0,
            "the shift in Dongguan is some hundred metres"
        );
        assert!(metres(p(here.0, here.1), from_gcj02(p(glat, glon))) < 0.1);
    }
}
