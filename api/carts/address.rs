//! Where to deliver, in carts and in orders.

use domain::geo::Point;
use domain::zone::Place;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Fault;

/// Where to deliver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "12 rue de Charonne")]
    pub line1: String,
    #[schema(max_length = 200, example = "Bâtiment B")]
    pub line2: Option<String>,
    /// French postcode.
    #[schema(pattern = "^[0-9]{5}$", example = "75011")]
    pub postcode: String,
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Paris")]
    pub city: String,
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$", example = "FR")]
    pub country: Option<String>,
    #[schema(max_length = 20, example = "3")]
    pub floor: Option<String>,
    #[schema(max_length = 30, example = "A12B4")]
    pub door_code: Option<String>,
    /// For the driver.
    #[schema(max_length = 300, example = "Sonner deux fois")]
    pub instructions: Option<String>,
    /// WGS 84 degrees; with `longitude` the store finds the delivery zone.
    #[schema(minimum = -90, maximum = 90, example = 48.8532)]
    pub latitude: Option<f64>,
    #[schema(minimum = -180, maximum = 180, example = 2.3765)]
    pub longitude: Option<f64>,
}

impl Address {
    /// Half a pair of coordinates names no place.
    pub fn faults(&self) -> Vec<Fault> {
        let missing = match (self.latitude, self.longitude) {
            (Some(_), None) => Some("/address/longitude"),
            (None, Some(_)) => Some("/address/latitude"),
            _ => None,
        };
        missing.map(|pointer| Fault::new(pointer, "required")).into_iter().collect()
    }

    pub fn place(&self) -> Place<'_> {
        let point = self.latitude.zip(self.longitude).map(|(latitude, longitude)| Point { latitude, longitude });
        Place { point, postcode: &self.postcode }
    }
}
