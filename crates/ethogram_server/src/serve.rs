//! From options to a server that listens, and from there to its orderly end.

use std::{
    fmt::Write as _,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use ethogram_query::Workbench;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    Token, Ui,
    app::App,
    connections::{self, Patience},
    frame_origin::FrameOrigin,
    limits::{PORTS_TRIED, SHUTDOWN_GRACE},
    plugins,
    router::router,
    safety::Safety,
    watch::Watch,
};

/// The port when none is given.
pub const DEFAULT_PORT: u16 = 8000;

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Address to bind; anything but loopback gets a token.
    pub host: IpAddr,
    /// Exactly this port, or [`DEFAULT_PORT`] and, when that is taken, the next one free. 0 lets the system choose.
    pub port: Option<u16>,
    /// What people must know to come in; made up when it is needed and not given.
    pub token: Option<Token>,
    /// Names under which the server is reached, beside its address.
    pub allow_hosts: Vec<String>,
    /// The web app.
    pub ui: Ui,
    /// Folders of plug-ins, beside `viewers` in each folder of runs.
    pub plugins: Vec<PathBuf>,
    /// Whose pages may show the web app in a frame.
    pub frames: Vec<FrameOrigin>,
    /// How much connections may take.
    pub patience: Patience,
}

impl Default for ServeOptions {
    fn default() -> Self {
        let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            host,
            port: None,
            token: None,
            allow_hosts: vec![],
            ui: Ui::Embedded,
            plugins: vec![],
            frames: vec![],
            patience: Patience::default(),
        }
    }
}

/// The server could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port that was asked for is taken.
    #[error("port {port} of {host} is taken; give another --port, or none for the next one that is free")]
    PortTaken {
        /// The address.
        host: IpAddr,
        /// The port.
        port: u16,
    },
    /// The default port and all that follow are taken.
    #[error("ports {first} to {last} of {host} are all taken; give another --port")]
    PortsTaken {
        /// The address.
        host: IpAddr,
        /// First port tried.
        first: u16,
        /// Last port tried.
        last: u16,
    },
    /// The address is not of this machine, or may not be bound.
    #[error("cannot listen on {address}: {source}; give a --host that is an address of this machine")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// No token could be made.
    #[error("the operating system gave no randomness for a token: {source}; give one with --token")]
    Token {
        /// What the operating system said.
        source: io::Error,
    },
}

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    app: App,
    safety: Safety,
    address: SocketAddr,
    port_was_taken: bool,
    token: Option<Token>,
    patience: Patience,
    stop: watch::Sender<bool>,
}

impl Server {
    /// Binds the address.
    pub async fn bind(workbench: Arc<Workbench>, options: ServeOptions) -> Result<Self, ServeError> {
        let token = match options.token {
            None if !options.host.is_loopback() => {
                Some(Token::random().map_err(|source| ServeError::Token { source })?)
            }
            given => given,
        };
        let (listener, address, port_was_taken) = listen(options.host, options.port).await?;
        let (stop, stopped) = watch::channel(false);
        let beside = workbench.roots().iter().map(|root| root.path.join(plugins::FOLDER));
        let plugins = options.plugins.into_iter().chain(beside).collect();
        let app = App::new(workbench, options.ui, plugins, stopped);
        let safety = Safety::new(address, &options.allow_hosts, token.clone()).with_frames(&options.frames);
        Ok(Self { listener, app, safety, address, port_was_taken, token, patience: options.patience, stop })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// True when the default port was taken and another one is used.
    pub fn port_was_taken(&self) -> bool {
        self.port_was_taken
    }

    /// What to open in a browser; has the token when there is one.
    pub fn url(&self) -> String {
        let ip = self.address.ip();
        let host = SocketAddr::new(if ip.is_unspecified() { reachable_ip(ip) } else { ip }, self.address.port());
        let mut url = format!("http://{host}/");
        if let Some(token) = &self.token {
            let _ = write!(url, "?token={}", token.text());
        }
        url
    }

    /// Answers until `stop` is ready; then ends event streams and gives other answers a moment to finish.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) {
        let watch = Watch::start(&self.app);
        let router = router(self.app, self.safety, self.patience);
        let served = connections::serve(self.listener, router, self.patience, self.stop.subscribe());
        tokio::select! {
            () = served => {}
            () = async {
                stop.await;
                self.stop.send_replace(true);
                tokio::time::sleep(SHUTDOWN_GRACE).await;
            } => {}
        }
        watch.stop().await;
    }
}

/// Ready when the server was told to stop.
pub async fn until(mut stopped: watch::Receiver<bool>) {
    // An error says that the server is gone, which is as good.
    let _ = stopped.wait_for(|&stopped| stopped).await;
}

async fn listen(host: IpAddr, port: Option<u16>) -> Result<(TcpListener, SocketAddr, bool), ServeError> {
    let first = port.unwrap_or(DEFAULT_PORT);
    let last = if port.is_some() { first } else { first.saturating_add(PORTS_TRIED) };
    for port in first..=last {
        let address = SocketAddr::new(host, port);
        let bound = match TcpListener::bind(address).await {
            Ok(listener) => listener.local_addr().map(|bound| (listener, bound)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => continue,
            Err(error) => Err(error),
        };
        let (listener, bound) = bound.map_err(|source| ServeError::Bind { address, source })?;
        return Ok((listener, bound, port != first));
    }
    Err(match port {
        Some(port) => ServeError::PortTaken { host, port },
        None => ServeError::PortsTaken { host, first, last },
    })
}

/// The address under which other machines reach this one: that of the default route. Nothing is sent.
fn reachable_ip(unspecified: IpAddr) -> IpAddr {
    let outside: SocketAddr = match unspecified {
        IpAddr::V4(_) => ([192, 0, 2, 1], 9).into(),
        IpAddr::V6(_) => ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 9).into(),
    };
    let asked = std::net::UdpSocket::bind(SocketAddr::new(unspecified, 0)).and_then(|socket| {
        socket.connect(outside)?;
        socket.local_addr()
    });
    asked.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip())
}
