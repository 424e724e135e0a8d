//! Distances on the ground.

/// A place in WGS 84 degrees.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub latitude: f64,
    pub longitude: f64,
}

/// Great-circle distance in metres (haversine, mean earth radius 6 371 008.8 m).
pub fn distance_metres(a: Point, b: Point) -> f64 {
    let (lat_a, lat_b) = (a.latitude.to_radians(), b.latitude.to_radians());
    let half_lat = (lat_b - lat_a) / 2.0;
    let half_lon = (b.longitude - a.longitude).to_radians() / 2.0;
    let h = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
    2.0 * 6_371_008.8 * h.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bastille_is_two_kilometres_from_chatelet() {
        let bastille = Point { latitude: 48.8532, longitude: 2.3692 };
        let chatelet = Point { latitude: 48.8583, longitude: 2.3472 };
        let metres = distance_metres(bastille, chatelet);
        assert!((1_650.0..1_750.0).contains(&metres), "{metres}");
    }
}
