//! Manifests: what of a writer's folder is sealed.
//!
//! A manifest is written once under a number of its own; the newest that parses counts.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::files::Files;
use crate::layout::{JSON_BYTES_MAX, create_own, io_error, sync_folder};
use crate::{Error, Kind, Result, RunInfo};

/// A file that a manifest vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name within the folder of its kind.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// xxh3-64 of the file, 16 hex digits.
    pub xxh3: String,
    /// Length of the footer at its end.
    pub footer_bytes: u64,
    /// xxh3-64 of the footer, 16 hex digits: with it and the hashes in the footer any part can be checked alone.
    pub footer_xxh3: String,
}

/// Live segments `first` to `last` of one kind, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Folder name of the kind.
    pub kind: Kind,
    /// Number of the first live segment in it.
    pub first: u32,
    /// Number of the last.
    pub last: u32,
    /// The sealed file.
    #[serde(flatten)]
    pub file: FileEntry,
    /// Rows in it.
    pub rows: u64,
    /// Buckets of scalars, where some tag has many points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollup: Option<FileEntry>,
    /// Smallest step in it; 0 when the kind has none.
    pub min_step: i64,
    /// Largest step.
    pub max_step: i64,
    /// Smallest and largest episode in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episodes: Option<(u64, u64)>,
}

/// What of a writer's folder is sealed, each live segment at most once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the run format.
    pub format_version: u32,
    /// Sealed files, by kind, then first segment.
    pub sealed: Vec<Sealed>,
    /// xxh3-64, in hex, of `sealed` as compact JSON.
    #[serde(default)]
    pub xxh3: String,
    /// The number in its name; 0 when there is none yet.
    #[serde(skip)]
    pub number: u32,
}

impl Default for Manifest {
    fn default() -> Self {
        Self { format_version: RunInfo::FORMAT_VERSION, sealed: Vec::new(), xxh3: String::new(), number: 0 }
    }
}

impl Manifest {
    /// Most sealed files of one writer.
    pub const SEALED_MAX: usize = 100_000;

    /// The newest manifest of a writer's folder, and the names of newer ones that could not be used, each with why.
    ///
    /// No manifest yet is an empty one.
    ///
    /// # Errors
    /// [`Error::NewerVersion`], and when the folder cannot be listed.
    pub fn newest(files: &dyn Files, writer: &str) -> Result<(Self, Vec<(String, String)>)> {
        let entries = files.list(writer)?;
        let mut numbers: Vec<u32> = entries.iter().filter_map(|entry| manifest_number(&entry.name)).collect();
        numbers.sort_unstable();
        let mut unsound = Vec::new();
        for number in numbers.into_iter().rev() {
            let path = join(writer, &manifest_name(number));
            match Self::parse(&files.read(&path, JSON_BYTES_MAX)?, number) {
                Ok(manifest) => return Ok((manifest, unsound)),
                Err(Unsound::Newer(found)) => {
                    let newest = RunInfo::FORMAT_VERSION;
                    return Err(Error::NewerVersion { found, newest, path: files.locate(&path) });
                }
                Err(Unsound::Because(why)) => unsound.push((path, why)),
            }
        }
        Ok((Self::default(), unsound))
    }

    /// All manifests of a writer's folder that are not sound, the older ones too, each with why; and how many there are.
    pub(crate) fn unsound(files: &dyn Files, writer: &str) -> Result<(Vec<(String, String)>, u64)> {
        let (mut unsound, mut count) = (Vec::new(), 0);
        for entry in files.list(writer)? {
            let Some(number) = manifest_number(&entry.name) else { continue };
            count += 1;
            let parsed = Self::parse(&files.read(&join(writer, &entry.name), JSON_BYTES_MAX)?, number);
            match parsed {
                Ok(_) => {}
                Err(Unsound::Newer(found)) => unsound.push((entry.name, format!("format version {found} is newer"))),
                Err(Unsound::Because(why)) => unsound.push((entry.name, why)),
            }
        }
        Ok((unsound, count))
    }

    /// The manifest in these bytes, if it is a sound one of this version.
    #[cfg(feature = "s3")]
    pub(crate) fn from_bytes(bytes: &[u8], number: u32) -> Option<Self> {
        Self::parse(bytes, number).ok()
    }

    fn parse(bytes: &[u8], number: u32) -> Result<Self, Unsound> {
        #[derive(Deserialize)]
        struct Version {
            format_version: u32,
        }
        let because = |error: serde_json::Error| Unsound::Because(format!("not a manifest: {error}"));
        let version: Version = serde_json::from_slice(bytes).map_err(because)?;
        if version.format_version > RunInfo::FORMAT_VERSION {
            return Err(Unsound::Newer(version.format_version));
        }
        let mut manifest: Self = serde_json::from_slice(bytes).map_err(because)?;
        manifest.number = number;
        if manifest.xxh3 != manifest.hash() {
            return Err(Unsound::Because("checksum differs".into()));
        }
        manifest.check().map_err(Unsound::Because)?;
        Ok(manifest)
    }

    fn hash(&self) -> String {
        format!("{:016x}", xxh3_64(&serde_json::to_vec(&self.sealed).unwrap_or_default()))
    }

    fn check(&self) -> Result<(), String> {
        if self.sealed.len() > Self::SEALED_MAX {
            return Err(format!("{} sealed files, over the limit of {}", self.sealed.len(), Self::SEALED_MAX));
        }
        let mut ranges: Vec<_> = self.sealed.iter().map(|sealed| (sealed.kind, sealed.first, sealed.last)).collect();
        ranges.sort_unstable();
        if let Some(range) = ranges.iter().find(|(_, first, last)| first > last) {
            return Err(format!("segments {} to {} run backwards", range.1, range.2));
        }
        if let Some(pair) = ranges.windows(2).find(|pair| pair[0].0 == pair[1].0 && pair[0].2 >= pair[1].1) {
            return Err(format!("segment {} of {} is sealed twice", pair[1].1, pair[0].0.folder()));
        }
        for entry in self.sealed.iter().flat_map(|sealed| std::iter::once(&sealed.file).chain(&sealed.rollup)) {
            // The name becomes a path: it may not leave its folder.
            if entry.file.is_empty() || entry.file.starts_with('.') || entry.file.contains(['/', '\\', '\0']) {
                return Err(format!("file name {:?} is not one", entry.file));
            }
        }
        Ok(())
    }

    /// The sealed file that holds a live segment.
    pub fn holding(&self, kind: Kind, number: u32) -> Option<&Sealed> {
        self.sealed.iter().find(|sealed| sealed.kind == kind && (sealed.first..=sealed.last).contains(&number))
    }

    /// Sealed files of one kind, by first segment.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Sealed> {
        self.sealed.iter().filter(move |sealed| sealed.kind == kind)
    }

    /// Publishes the next manifest of a writer's folder, on disk when this returns.
    ///
    /// # Errors
    /// When another process published this number first: it is sealing the same folder, and what was sealed here must go.
    pub fn publish(mut self, writer_dir: &Path, sync: bool) -> Result<Self> {
        self.number += 1;
        self.sealed.sort_unstable_by_key(|sealed| (sealed.kind, sealed.first));
        self.check().map_err(|found| Error::Corrupt {
            what: "manifest".into(),
            expected: "each segment sealed once".into(),
            found,
            path: writer_dir.to_owned(),
        })?;
        self.xxh3 = self.hash();
        let path = writer_dir.join(manifest_name(self.number));
        let json = serde_json::to_vec(&self).map_err(|error| io_error("encode", &path, error.into()))?;
        write_new(&path, &json, sync)?;
        Ok(self)
    }
}

enum Unsound {
    Newer(u32),
    Because(String),
}

/// Name of the manifest with this number.
pub fn manifest_name(number: u32) -> String {
    format!("MANIFEST-{number:06}.json")
}

/// The number in the name of a manifest; `None` for any other name.
pub fn manifest_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("MANIFEST-")?.strip_suffix(".json")?;
    let sound = digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| digits.parse().ok()).flatten().filter(|&number| number > 0)
}

/// `name` ends in `.extension`.
pub(crate) fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, found)| found == extension)
}

/// `folder/name`, or `name` when the folder is the run itself.
pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Writes a file that must not be there yet: whole or not at all, and on disk when this returns.
pub(crate) fn write_new(path: &Path, bytes: &[u8], sync: bool) -> Result<()> {
    let failed = |source| io_error("write", path, source);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let temporary = path.with_file_name(format!("{name}.{}.tmp", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = create_own(&temporary)?;
        file.write_all(bytes)?;
        if sync {
            file.sync_all()?;
        }
        // A link fails where a rename would replace what another process has just put there.
        match std::fs::hard_link(&temporary, path) {
            Ok(()) => std::fs::remove_file(&temporary)?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) if path.exists() => return Err(std::io::ErrorKind::AlreadyExists.into()),
            // Some file systems have no links.
            Err(_) => std::fs::rename(&temporary, path)?,
        }
        if sync && let Some(folder) = path.parent() {
            // The name itself must outlive a power cut too.
            sync_folder(folder)?;
        }
        Ok(())
    };
    write().map_err(|source| {
        let _ = std::fs::remove_file(&temporary);
        failed(source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LocalFiles;

    fn sealed(kind: Kind, first: u32, last: u32) -> Sealed {
        let file = FileEntry {
            file: format!("{first:06}-{last:06}.parquet"),
            bytes: 100,
            xxh3: "00".into(),
            footer_bytes: 10,
            footer_xxh3: "00".into(),
        };
        Sealed { kind, first, last, file, rows: 5, rollup: None, min_step: 0, max_step: 9, episodes: None }
    }

    #[test]
    fn the_newest_manifest_that_parses_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = LocalFiles::new(folder.path());
        assert_eq!(Manifest::newest(&files, "").expect("none yet").0, Manifest::default());
        let mut manifest = Manifest::default();
        manifest.sealed.push(sealed(Kind::Scalars, 0, 3));
        let one = manifest.clone().publish(folder.path(), true).expect("published");
        assert_eq!(one.number, 1);
        let mut two = one.clone();
        two.sealed.push(sealed(Kind::Frames, 0, 0));
        let two = two.publish(folder.path(), true).expect("published");
        assert_eq!(Manifest::newest(&files, "").expect("found").0, two);
        assert!(two.holding(Kind::Scalars, 3).is_some() && two.holding(Kind::Scalars, 4).is_none());

        std::fs::write(folder.path().join("MANIFEST-000003.json"), "{\"format_version\": 1, \"seal").expect("written");
        let (found, unsound) = Manifest::newest(&files, "").expect("found");
        assert_eq!((found, unsound.len()), (two, 1), "a torn manifest is passed over");

        let error = one.publish(folder.path(), true).expect_err("number 2 is taken");
        assert!(error.to_string().contains("write failed"), "{error}");
        assert!(
            !files.list("").expect("a list").iter().any(|entry| has_extension(&entry.name, "tmp")),
            "nothing is left over"
        );

        std::fs::write(folder.path().join("MANIFEST-000009.json"), "{\"format_version\": 7}").expect("written");
        assert!(matches!(Manifest::newest(&files, ""), Err(Error::NewerVersion { found: 7, .. })));
    }

    #[test]
    fn hostile_manifests_are_passed_over() {
        let check = |edit: fn(&mut Manifest), expected: &str| {
            let mut manifest = Manifest { sealed: vec![sealed(Kind::Scalars, 2, 3)], ..Manifest::default() };
            edit(&mut manifest);
            manifest.xxh3 = manifest.hash();
            let bytes = serde_json::to_vec(&manifest).expect("json");
            match Manifest::parse(&bytes, 1) {
                Err(Unsound::Because(why)) => assert!(why.contains(expected), "{why}, expected {expected}"),
                _ => panic!("expected {expected}"),
            }
        };
        check(|m| m.sealed[0].file.file = "../../etc/passwd".into(), "is not one");
        check(|m| m.sealed[0].file.file = "..".into(), "is not one");
        check(|m| m.sealed[0].last = 1, "backwards");
        check(|m| m.sealed.push(sealed(Kind::Scalars, 3, 8)), "segment 3 of scalars is sealed twice");
    }
}
