//! Where a store delivers, from which amount on, and at what fee.

use uuid::Uuid;

use crate::geo::{Point, distance_metres, is_inside};
use crate::money::Cents;

#[derive(Clone, Debug)]
pub struct Zone {
    pub id: Uuid,
    pub name: String,
    pub area: Area,
    /// Also served, for addresses without coordinates.
    pub postcodes: Vec<String>,
    /// Below this amount of items nothing is delivered.
    pub minimum: Cents,
    /// Ascending by amount; the last one that is reached counts.
    pub tiers: Vec<Tier>,
    pub extra_minutes: i32,
}

#[derive(Clone, Debug)]
pub enum Area {
    /// Metres around the store.
    Radius(i32),
    Polygon(Vec<Point>),
}

/// From this amount of items on, delivery costs this much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    pub from: Cents,
    pub fee: Cents,
}

/// Where an address lies.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub point: Option<Point>,
    pub postcode: &'a str,
}

#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    Zone(&'a Zone),
    /// Neither coordinates nor a known postcode tell: the first zone's tariff, and the store decides.
    Perhaps(&'a Zone),
    /// The store does not go there; how far it is, if that is known.
    Outside(Option<f64>),
}

/// The zone of an address: the first that holds it. Without coordinates the postcode decides, if the store lists any.
pub fn find<'a>(zones: &'a [Zone], shop: Point, place: Place<'_>) -> Found<'a> {
    let Some(point) = place.point else {
        let listed = zones.iter().find(|zone| zone.postcodes.iter().any(|code| code == place.postcode));
        let lists = zones.iter().any(|zone| !zone.postcodes.is_empty());
        return match (listed, zones.first()) {
            (Some(zone), _) => Found::Zone(zone),
            (None, Some(first)) if !lists => Found::Perhaps(first),
            (None, _) => Found::Outside(None),
        };
    };
    let metres = distance_metres(shop, point);
    let holds = |zone: &&Zone| match &zone.area {
        Area::Radius(radius) => metres <= f64::from(*radius),
        Area::Polygon(corners) => is_inside(corners, point),
    };
    zones.iter().find(holds).map_or(Found::Outside(Some(metres)), Found::Zone)
}

/// The fee for so much of items: that of the last tier that is reached.
pub fn fee(tiers: &[Tier], items: Cents) -> Cents {
    tiers.iter().rev().find(|tier| tier.from <= items).map_or(Cents::ZERO, |tier| tier.fee)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: Point = Point { latitude: 48.8543, longitude: 2.3717 };
    const NEAR: Point = Point { latitude: 48.8563, longitude: 2.3717 };
    const FAR: Point = Point { latitude: 48.90, longitude: 2.3717 };

    fn zone(number: u128, area: Area, postcodes: &[&str]) -> Zone {
        Zone {
            id: Uuid::from_u128(number),
            name: String::new(),
            area,
            postcodes: postcodes.iter().map(|code| (*code).to_owned()).collect(),
            minimum: Cents::ZERO,
            tiers: vec![Tier { from: Cents(0), fee: Cents(250) }, Tier { from: Cents(3000), fee: Cents(0) }],
            extra_minutes: 0,
        }
    }

    fn found(zones: &[Zone], point: Option<Point>, postcode: &str) -> String {
        match find(zones, SHOP, Place { point, postcode }) {
            Found::Zone(zone) => format!("zone {}", zone.id.as_u128()),
            Found::Perhaps(zone) => format!("perhaps {}", zone.id.as_u128()),
            Found::Outside(metres) => format!("outside {}", metres.is_some()),
        }
    }

    #[test]
    fn the_first_zone_that_holds_the_address_counts() {
        let square = [(48.855, 2.37), (48.855, 2.373), (48.857, 2.373), (48.857, 2.37)];
        let square = square.map(|(latitude, longitude)| Point { latitude, longitude }).to_vec();
        let zones = [zone(1, Area::Polygon(square), &[]), zone(2, Area::Radius(3000), &[])];
        assert_eq!(found(&zones, Some(NEAR), "75011"), "zone 1");
        assert_eq!(found(&zones, Some(SHOP), "75011"), "zone 2");
        assert_eq!(found(&zones, Some(FAR), "75011"), "outside true");
        assert_eq!(found(&zones, None, "75011"), "perhaps 1");
        assert_eq!(found(&[], Some(NEAR), "75011"), "outside true");
    }

    #[test]
    fn without_coordinates_the_postcode_decides() {
        let zones = [zone(1, Area::Radius(1), &["75011"]), zone(2, Area::Radius(3000), &["75012"])];
        assert_eq!(found(&zones, None, "75012"), "zone 2");
        assert_eq!(found(&zones, None, "13001"), "outside false");
        assert_eq!(found(&zones, Some(NEAR), "75011"), "zone 2", "coordinates are better than a postcode");
    }

    #[test]
    fn the_last_tier_that_is_reached_counts() {
        let zone = zone(1, Area::Radius(1), &[]);
        assert_eq!([0, 2999, 3000].map(|items| fee(&zone.tiers, Cents(items))), [Cents(250), Cents(250), Cents(0)]);
    }
}
