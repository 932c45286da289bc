//! Ctrl-C ends the work, and at the second time the program.

use anyhow::Context as _;
use ethogram_query::Cancel;

/// From here on the first Ctrl-C calls the work off; who cannot wait for the steps at hand presses it again.
pub fn stop_at_interrupt(cancel: &Cancel) -> anyhow::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot listen for signals")?;
    let cancel = cancel.clone();
    std::thread::Builder::new()
        .name("ethogram-interrupt".into())
        .spawn(move || {
            runtime.block_on(async {
                if tokio::signal::ctrl_c().await.is_err() {
                    return;
                }
                cancel.cancel();
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(i32::from(super::outcome::INTERRUPTED));
                }
            });
        })
        .context("cannot listen for signals")?;
    Ok(())
}
