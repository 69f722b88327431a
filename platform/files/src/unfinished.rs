//! Files that take their name only when they are whole.

use std::path::{Path, PathBuf};

/// Where a file is written until it is whole and renamed to `path`: beside it, so that the renaming stays
/// within one file system and readers of an older file go on undisturbed.
pub fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}
