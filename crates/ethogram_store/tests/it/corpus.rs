//! What fuzzing kept of a target: bytes each of which reaches what no other of them does. Tests of other crates use this file too.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

/// Gives all that `fuzz/kept/TARGET.tar.gz` holds to `of`, which says whether it could be read; some must be, or nothing behind the first
/// check was looked at. A panic fails the test and names the file.
pub fn try_corpus(target: &str, of: impl Fn(&[u8]) -> bool) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fuzz/kept/{target}.tar.gz"));
    let packed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut archive = tar::Archive::new(GzDecoder::new(&*packed));
    let (mut files, mut read) = (0, 0);
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("a file of the archive");
        let name = entry.path().expect("a name").display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| of(&bytes)));
        read += usize::from(outcome.unwrap_or_else(|_| panic!("{name} of {} panics", path.display())));
        files += 1;
    }
    assert!(files > 0 && read > 0, "of {files} files of {} {read} can be read", path.display());
}
