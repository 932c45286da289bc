//! Lists the built web app (`web/dist`), if there is one, as Rust source that embeds it. Needs no Node.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dist = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../web/dist");
    // Cargo looks for changes below this folder; one that is missing would make it build this crate every time.
    if !dist.exists() {
        let _ = fs::create_dir_all(&dist);
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());

    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, "", &mut files)?;
    }
    files.sort();
    let mut source = String::from("pub(super) static FILES: &[(&str, &[u8])] = &[\n");
    for (name, path) in &files {
        let path = path.to_str().ok_or("a file of web/dist lies at a path that is not UTF-8")?;
        writeln!(source, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    source += "];\n";
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("ui_files.rs"), source)?;
    Ok(())
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push((name, entry.path().canonicalize()?));
        }
    }
    Ok(())
}
