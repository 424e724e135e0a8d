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

/// Whether a polygon (WGS 84, open or closed, small enough for the earth to be flat) holds a place: a ray to the east
/// crosses its border an odd number of times.
pub fn is_inside(corners: &[Point], place: Point) -> bool {
    let edges = corners.iter().zip(corners.iter().cycle().skip(1));
    let crossed = edges.filter(|(a, b)| {
        let spans = (a.latitude > place.latitude) != (b.latitude > place.latitude);
        let along = (place.latitude - a.latitude) / (b.latitude - a.latitude);
        spans && place.longitude < a.longitude + along * (b.longitude - a.longitude)
    });
    crossed.count() % 2 == 1
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

    #[test]
    fn a_concave_zone_leaves_its_bay_out() {
        let at = |latitude, longitude| Point { latitude, longitude };
        let horseshoe =
            [at(0.0, 0.0), at(4.0, 0.0), at(4.0, 4.0), at(3.0, 4.0), at(3.0, 1.0), at(1.0, 1.0), at(1.0, 4.0), at(0.0, 4.0)];
        assert!(is_inside(&horseshoe, at(0.5, 2.0)) && is_inside(&horseshoe, at(2.0, 0.5)));
        assert!(!is_inside(&horseshoe, at(2.0, 2.0)) && !is_inside(&horseshoe, at(5.0, 2.0)));
        let closed: Vec<Point> = horseshoe.iter().copied().chain([at(0.0, 0.0)]).collect();
        assert!(is_inside(&closed, at(0.5, 2.0)) && !is_inside(&closed, at(2.0, 2.0)));
        assert!(!is_inside(&[], at(0.0, 0.0)));
    }
}
