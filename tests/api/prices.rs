//! Prices for some stores and days, VAT rates, halves, delivery zones, and the audit log.
