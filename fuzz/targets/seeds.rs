//! What a target begins with.

/// Called before the first bytes come. Where `ETHOGRAM_FUZZ_SEEDS` names a folder, writes the seeds into it and ends the program.
///
/// A panic that somebody catches is none of ours (Arrow's readers are guarded so); one that nobody catches ends the fuzzer.
pub fn begin(seeds: fn() -> Vec<Vec<u8>>) {
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    if let Some(folder) = std::env::var_os("ETHOGRAM_FUZZ_SEEDS") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::create_dir_all(&folder).expect("a folder for seeds");
        for (number, seed) in seeds().iter().enumerate() {
            std::fs::write(folder.join(format!("{number:03}")), seed).expect("a seed");
        }
        std::process::exit(0);
    }
}
