//! Photos and documents, stored once under the SHA-256 of their content.

use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A folder of content. A file is written beside its place and moved there, so that a crash leaves
/// no half of one.
#[derive(Clone, Debug)]
pub struct BlobStore {
    folder: PathBuf,
}

impl BlobStore {
    /// Opens, and makes, the folder.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Stores the bytes; gives their digest in hexadecimal.
    pub fn put(&self, bytes: &[u8]) -> std::io::Result<String> {
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let Some(path) = self.path(&digest) else { return Ok(digest) };
        if path.exists() {
            return Ok(digest);
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let beside = path.with_extension(format!("part{}", std::process::id()));
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, &path)?;
        Ok(digest)
    }

    /// The bytes of a digest.
    pub fn get(&self, digest: &str) -> std::io::Result<Vec<u8>> {
        match self.path(digest) {
            Some(path) => std::fs::read(path),
            None => Err(std::io::ErrorKind::NotFound.into()),
        }
    }

    /// Two levels, so that no folder grows too large. None for what is no digest.
    fn path(&self, digest: &str) -> Option<PathBuf> {
        let good = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        good.then(|| self.folder.join(&digest[..2]).join(digest))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_same_content_is_stored_once_and_no_path_leads_out() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let digest = store.put(b"photo").unwrap();
        assert_eq!(store.put(b"photo").unwrap(), digest);
        assert_eq!(store.get(&digest).unwrap(), b"photo");
        assert!(store.get("../../etc/passwd").is_err());
    }
}
