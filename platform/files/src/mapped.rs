//! Files in memory, mapped: opened at once, shared by processes.

use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::path::Path;

/// The bytes of a file.
pub struct Mapped(Mmap);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Maps a file that is written once and then only ever replaced under its name, never changed in place.
pub fn map_file(path: &Path) -> io::Result<Mapped> {
    let file = File::open(path)?;
    // Sound as long as nobody changes or cuts the file while it is mapped: compiled indexes are written
    // beside their name and renamed over it (see `BatchWriter` and `gridweave locate`), so the bytes of an
    // open one stay as they are. There is no safe way to say this to the compiler.
    #[allow(unsafe_code)]
    let map = unsafe { Mmap::map(&file)? };
    Ok(Mapped(map))
}
