//! Takes a photo before the visit that it belongs to.

use crate::sql;
use gridweave_access::{Denied, reach};
use gridweave_core::{Ctx, Entry, FileId};
use gridweave_db::{OpError, Tx};
use gridweave_ledger::record;
use serde_json::json;

/// Largest photo in bytes.
pub const BYTES_MAX: usize = 8 * 1024 * 1024;

gridweave_core::refusals! {
    /// Why the photo was not taken.
    pub enum AddPhoto {
        /// Not a picture that we take.
        BadType = "photo_type_invalid", Invalid, "只接受 JPEG 或 PNG 图片", "Only JPEG and PNG pictures are taken";
        /// Too large.
        TooLarge = "photo_too_large", TooLarge, "图片不能超过 8 MB", "A picture has at most 8 MB";
    }
}

/// The media type of a picture, told by its first bytes and not by its name.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some("image/jpeg")
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else {
        None
    }
}

/// Records a photo whose bytes are stored under `digest` already.
pub fn run(tx: &mut Tx, ctx: &Ctx, media_type: &str, bytes: usize, digest: &str) -> Result<FileId, OpError> {
    let visits = reach(&ctx.actor, gridweave_access::Action::VisitSubmit);
    if visits.is_err() && reach(&ctx.actor, gridweave_access::Action::CaseHandle).is_err() {
        return Err(Denied::Role.into());
    }
    let id: FileId = ctx.new_id();
    tx.exec(
        &sql::INSERT_PHOTO,
        &[
            (&id).into(),
            (&ctx.actor.account).into(),
            media_type.into(),
            bytes.into(),
            digest.into(),
            ctx.now().into(),
        ],
    )?;
    record(tx, ctx, &Entry::new("visits.add_photo", format!("photo:{id}"), 0, json!({ "digest": digest })))?;
    Ok(id)
}
