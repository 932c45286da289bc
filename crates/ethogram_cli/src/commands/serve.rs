//! `ethogram serve`: runs in the browser.

use std::{io::Write as _, process::Stdio, sync::Arc};

use anyhow::Context as _;
use ethogram_server::{Server, Token, Ui};
use serde_json::json;

use crate::{options::ServeOptions, runs};

/// Serves until it is interrupted. The address goes to standard output, all else to standard error.
pub fn serve(options: &ServeOptions) -> anyhow::Result<u8> {
    let ui = match &options.ui {
        Some(folder) => Ui::folder(folder).map_err(anyhow::Error::msg)?,
        None => Ui::Embedded,
    };
    let token = match (&options.token, std::env::var("ETHOGRAM_TOKEN")) {
        (None, Ok(text)) => Some(Token::parse(&text).map_err(anyhow::Error::msg).context("ETHOGRAM_TOKEN")?),
        (given, _) => given.clone(),
    };
    let serve = ethogram_server::ServeOptions {
        host: options.host,
        port: options.port,
        token,
        allow_hosts: options.allow_host.clone(),
        ui,
        plugins: options.plugins.clone(),
        frames: options.allow_frame.clone(),
        ..ethogram_server::ServeOptions::default()
    };
    for root in options.roots.iter().filter(|root| runs::is_remote(root)) {
        eprintln!("looking for runs in {} …", root.display());
    }
    let workbench = Arc::new(runs::open(&options.roots, &options.stores, Some(options.cache_bytes))?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let served = runtime.block_on(async {
        let stop = Stop::new()?;
        let server = Server::bind(Arc::clone(&workbench), serve).await?;
        announce(options, &server, &workbench)?;
        server.run(stop.wait()).await;
        anyhow::Ok(())
    });
    // Work that goes on for a client that is gone must not hold up the end.
    runtime.shutdown_background();
    served.map(|()| 0)
}

fn announce(options: &ServeOptions, server: &Server, workbench: &ethogram_query::Workbench) -> anyhow::Result<()> {
    if server.port_was_taken() {
        eprintln!("port {} is taken, using {}", ethogram_server::DEFAULT_PORT, server.address().port());
    }
    for root in workbench.roots() {
        let found = workbench.runs()?.iter().filter(|run| run.root == root.label).count();
        let is_yet_to_come = root.folder().is_some_and(|folder| !folder.exists());
        let yet = if is_yet_to_come { ", which does not exist yet" } else { "" };
        eprintln!("{found} {} in {}{yet}", if found == 1 { "run" } else { "runs" }, root.label);
    }
    for skipped in workbench.skipped() {
        eprintln!("left out: {}", runs::text_from_skipped(&skipped));
    }
    let url = server.url();
    let mut out = std::io::stdout().lock();
    if options.json {
        let roots: Vec<_> = workbench.roots().iter().map(|root| &root.label).collect();
        writeln!(out, "{}", json!({ "url": url, "address": server.address(), "roots": roots }))?;
    } else {
        writeln!(out, "{url}")?;
    }
    out.flush()?;
    if options.open && !options.no_open {
        open_browser(&url);
    }
    Ok(())
}

/// Asks the desktop to show the page; without one the printed address has to do.
fn open_browser(url: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = std::process::Command::new(program);
    let quiet = command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = quiet.spawn() {
        eprintln!("cannot open a browser with {program}: {error}; open the address yourself");
    }
}

/// Ready at Ctrl-C, and at the signal with which process managers end a service.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    /// From here on the signals no longer end the process by themselves.
    fn new() -> anyhow::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let listen = |kind| signal(kind).context("cannot listen for signals");
            Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn wait(self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
