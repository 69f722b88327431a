//! Takes the base map of a source: roads, water, green, buildings. The same source again replaces it.

use crate::model::BaseFeature;
use crate::sql;
use gridweave_access::{Action, Resource, may};
use gridweave_atlas::wkb;
use gridweave_core::{Ctx, Entry};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;

/// Imports the features; gives how many.
pub fn run(tx: &mut Tx, ctx: &Ctx, source: &str, features: &[BaseFeature]) -> Result<u64, OpError> {
    may(&ctx.actor, Action::PlacesImport, &Resource::city(), None)?;
    tx.exec(&sql::DROP_SOURCE, &[source.into()])?;
    for (n, feature) in features.iter().enumerate() {
        tx.exec(
            &sql::PUT_FEATURE,
            &[
                n.into(),
                feature.layer.as_str().into(),
                source.into(),
                feature.class.as_str().into(),
                feature.name.clone().into(),
                wkb::write(&feature.geometry).into(),
            ],
        )?;
    }
    let body = json!({ "source": source, "features": features.len() });
    tx.exec(&sql::NEXT_EPOCH, &[])?;
    record(tx, ctx, &Entry::new("addresses.import_base_map", format!("source:{source}"), 0, body))?;
    Ok(features.len() as u64)
}
