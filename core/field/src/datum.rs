//! Map data (坐标系): the journal keeps WGS-84 only. GCJ-02 and BD-09 are for showing a place on a Chinese
//! map and are never stored.

use std::f64::consts::PI;

/// A place in degrees: latitude, longitude.
pub type Degrees = (f64, f64);

/// Krasovsky 1940, which GCJ-02 is computed on.
const AXIS: f64 = 6_378_245.0;
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;

/// Degrees from the journal's integers.
#[must_use]
#[allow(clippy::cast_precision_loss)] // 1e-7 degree fits a double exactly enough
pub fn degrees(lat_e7: i64, lon_e7: i64) -> Degrees {
    (lat_e7 as f64 / 1e7, lon_e7 as f64 / 1e7)
}

/// WGS-84 as a GCJ-02 map (高德, 腾讯) shows it; unchanged outside China.
#[must_use]
pub fn gcj02((lat, lon): Degrees) -> Degrees {
    if !(0.8293..=55.8271).contains(&lat) || !(72.004..=137.8347).contains(&lon) {
        return (lat, lon);
    }
    let (x, y) = (lon - 105.0, lat - 35.0);
    let waves = |v: f64, a: f64, b: f64| (a * (v * PI).sin() + b * (v / 3.0 * PI).sin()) * 2.0 / 3.0;
    let common = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + common
        + waves(y, 20.0, 40.0)
        + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + common
        + waves(x, 20.0, 40.0)
        + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    let radians = lat.to_radians();
    let magic = 1.0 - ECCENTRICITY * radians.sin().powi(2);
    let north = north * 180.0 / (AXIS * (1.0 - ECCENTRICITY) / (magic * magic.sqrt()) * PI);
    let east = east * 180.0 / (AXIS / magic.sqrt() * radians.cos() * PI);
    (lat + north, lon + east)
}

/// WGS-84 as a BD-09 map (百度) shows it.
#[must_use]
pub fn bd09(place: Degrees) -> Degrees {
    let (lat, lon) = gcj02(place);
    let wave = PI * 3000.0 / 180.0;
    let radius = lon.hypot(lat) + 0.000_02 * (lat * wave).sin();
    let angle = lat.atan2(lon) + 0.000_003 * (lon * wave).cos();
    (radius * angle.sin() + 0.006, radius * angle.cos() + 0.0065)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn near(found: Degrees, expected: Degrees) {
        assert!(
            (found.0 - expected.0).abs() < 2e-5 && (found.1 - expected.1).abs() < 2e-5,
            "{found:?} {expected:?}"
        );
    }

    /// Values of the widely used coordtransform vectors.
    #[test]
    fn known_places_move_as_the_maps_move_them() {
        near(gcj02((39.915, 116.404)), (39.916_404, 116.410_244_9));
        near(bd09((39.915, 116.404)), (39.922_699_55, 116.416_627_24));
    }

    #[test]
    fn outside_china_nothing_moves_and_in_dongguan_about_half_a_kilometre() {
        assert_eq!(gcj02((48.8566, 2.3522)), (48.8566, 2.3522));
        let (lat, lon) = gcj02(degrees(230_200_000, 1_137_500_000));
        let metres = ((lat - 23.02) * 111_320.0).hypot((lon - 113.75) * 102_450.0);
        assert!((300.0..900.0).contains(&metres), "{metres}");
    }
}
