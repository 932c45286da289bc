//! Who may ask: `Host`, `Origin` and token, checked before any route runs; and the headers that every answer carries.
//!
//! A page of a stranger, open in the same browser, can reach a server on loopback. It is kept out in four ways: a name that
//! it points at us (DNS rebinding) fails the `Host` check, its own requests carry a foreign `Origin`, what it embeds without an
//! `Origin` says where it comes from (`Sec-Fetch-Site`) and is not computed, and what it gets it cannot read
//! (`Cross-Origin-Resource-Policy`). `docs/security.md` has the whole list.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    error::ApiError,
    frame_origin::FrameOrigin,
    limits::TARGET_BYTES_MAX,
    places::Caller,
    plugins,
    token::{self, Token},
};

/// Scripts, styles and connections of our own only; no inline script. The decoder of pictures is WebAssembly, which it reads from a
/// `data:` address inside itself. Who may have a frame around us comes behind it.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' data:; img-src 'self' data: blob:; \
    style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; frame-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'none'; frame-ancestors";

const HEADERS: [(header::HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Browsers say with it whether the page that asks is of the server that is asked.
const SEC_FETCH_SITE: header::HeaderName = header::HeaderName::from_static("sec-fetch-site");

/// What the server lets in.
#[derive(Clone, Debug)]
pub struct Safety {
    bind: SocketAddr,
    names: BTreeSet<String>,
    token: Option<Token>,
    policy: HeaderValue,
    plugin_policy: HeaderValue,
}

impl Safety {
    /// For a server bound to `bind`. `allow_hosts` are further names under which people reach it; a port is not looked at.
    pub fn new(bind: SocketAddr, allow_hosts: &[String], token: Option<Token>) -> Self {
        let bare = |name: &String| host_name(name).unwrap_or(name).trim_matches(['[', ']']).to_ascii_lowercase();
        let mut names: BTreeSet<String> = allow_hosts.iter().map(bare).collect();
        if bind.ip().is_loopback() || bind.ip().is_unspecified() {
            names.insert("localhost".into());
        }
        Self { bind, names, token, policy: policy(&[]), plugin_policy: plugin_policy(&[]) }
    }

    /// Lets pages of these origins show the web app in a frame; nobody else may.
    #[must_use]
    pub fn with_frames(mut self, origins: &[FrameOrigin]) -> Self {
        self.policy = policy(origins);
        self.plugin_policy = plugin_policy(origins);
        self
    }

    /// The name of our cookie; it has the port, because browsers share cookies between ports of a host.
    fn cookie_name(&self) -> String {
        format!("ethogram_token_{}", self.bind.port())
    }

    /// A request was sent to a name or address that is ours. The port may differ: tunnels forward another one.
    fn check_host(&self, headers: &HeaderMap) -> Result<String, ApiError> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(ApiError::bad_request("expected one Host header"));
        };
        let text = host.to_str().unwrap_or_default();
        let refused = || {
            ApiError::new(
                StatusCode::FORBIDDEN,
                "foreign_host",
                format!("this server does not answer to host {text:?}"),
            )
            .hint("open the address that `ethogram serve` printed, or start it with --allow-host NAME")
        };
        let name = host_name(text).ok_or_else(refused)?.to_ascii_lowercase();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let ours = match bare.parse::<IpAddr>() {
            // A rebound name never is a literal address: any will do when we listen on all of them.
            Ok(ip) => {
                ip == self.bind.ip()
                    || self.bind.ip().is_unspecified()
                    || (ip.is_loopback() && self.bind.ip().is_loopback())
                    || self.names.contains(bare)
            }
            Err(_) => self.names.contains(&name),
        };
        if ours { Ok(text.to_owned()) } else { Err(refused()) }
    }

    /// A request of a page came from a page of ours. Requests without `Origin` are typed, linked or no browser's.
    fn check_origin(headers: &HeaderMap, host: &str) -> Result<(), ApiError> {
        for origin in headers.get_all(header::ORIGIN) {
            let text = origin.to_str().unwrap_or_default();
            let authority = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
            if !authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host)) {
                let message = format!("origin {text:?} is not the host {host:?} it asks");
                return Err(ApiError::new(StatusCode::FORBIDDEN, "foreign_origin", message)
                    .hint("only pages of this server may ask it; use a program or the page itself"));
            }
        }
        Ok(())
    }

    /// Nothing is computed for what a page of a stranger embeds or links to: browsers send no `Origin` with that, but this.
    fn check_site(request: &Request) -> Result<(), ApiError> {
        let path = request.uri().path();
        let asks_api = path == "/api" || path.starts_with("/api/");
        let is_foreign = |site: &HeaderValue| !matches!(site.as_bytes(), b"same-origin" | b"none");
        if asks_api && request.headers().get_all(SEC_FETCH_SITE).iter().any(is_foreign) {
            return Err(ApiError::new(StatusCode::FORBIDDEN, "foreign_origin", "a page of another origin asks")
                .hint("open the page of this server, or the address itself"));
        }
        Ok(())
    }

    /// What changes something came from a page of ours, whose origin was checked, or from a program that knows the token.
    ///
    /// A page of a stranger can send such requests only with an `Origin`; this keeps out what would come without one, whatever the browser.
    fn check_change(&self, request: &Request) -> Result<(), ApiError> {
        let asks = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::POST);
        let has_token = |token: &Token| bearer_is(token, request.headers());
        if asks || request.headers().contains_key(header::ORIGIN) || self.token.as_ref().is_some_and(has_token) {
            return Ok(());
        }
        let message = format!("{} changes something, and came without an Origin", request.method());
        Err(ApiError::new(StatusCode::FORBIDDEN, "no_origin", message).hint(
            "a program sends `Origin: http://` and the host and port that it asks, or `Authorization: Bearer TOKEN` to a server with a token",
        ))
    }

    /// The bearer or the cookie has the token.
    fn is_known(&self, token: &Token, headers: &HeaderMap) -> bool {
        if bearer_is(token, headers) {
            return true;
        }
        let name = self.cookie_name();
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(key, given)| key == name && token.is(given))
    }

    /// `Ok(Some(answer))` ends the request without running a route.
    fn admit(&self, request: &Request) -> Result<Option<Response>, ApiError> {
        let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        if target > TARGET_BYTES_MAX {
            let message = format!("the address has {target} bytes, over the limit of {TARGET_BYTES_MAX}");
            return Err(ApiError::new(StatusCode::URI_TOO_LONG, "too_large", message).hint("ask for less at once"));
        }
        let host = self.check_host(request.headers())?;
        Self::check_origin(request.headers(), &host)?;
        Self::check_site(request)?;
        let Some(token) = &self.token else { return self.check_change(request).map(|()| None) };
        let query = request.uri().query().unwrap_or_default();
        let (given, rest) = token::split_query(query);
        let may_enter = matches!(*request.method(), Method::GET | Method::HEAD);
        if may_enter && given.is_some_and(|given| token.is(given)) {
            return Ok(Some(self.enter(token, request.uri().path(), &rest)));
        }
        if self.is_known(token, request.headers()) {
            return self.check_change(request).map(|()| None);
        }
        Err(ApiError::new(StatusCode::UNAUTHORIZED, "no_token", "this server wants a token")
            .hint("open the address with ?token= that `ethogram serve` printed, or send Authorization: Bearer TOKEN"))
    }

    /// Trades the token in the address for a cookie, so that it does not stay in the history.
    fn enter(&self, token: &Token, path: &str, rest: &str) -> Response {
        // A path that begins with two slashes would send the browser to another host.
        let path = format!("/{}", path.trim_start_matches(['/', '\\']));
        let target = if rest.is_empty() { path } else { format!("{path}?{rest}") };
        let cookie = format!("{}={}; HttpOnly; SameSite=Strict; Path=/", self.cookie_name(), token.text());
        let values = (HeaderValue::from_str(&target), HeaderValue::from_str(&cookie));
        let (Ok(target), Ok(cookie)) = values else {
            return ApiError::bad_request("the address cannot be redirected to").into_response();
        };
        let headers = [
            (header::LOCATION, target),
            (header::SET_COOKIE, cookie),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}

fn policy(frames: &[FrameOrigin]) -> HeaderValue {
    let ancestors = if frames.is_empty() { " 'none'".to_owned() } else { listed(frames) };
    header_from_policy(&format!("{CONTENT_SECURITY_POLICY}{ancestors}"))
}

/// Every page around a plug-in's frame must be named: our own, and what has that in a frame.
fn plugin_policy(frames: &[FrameOrigin]) -> HeaderValue {
    header_from_policy(&format!("{}{}", plugins::FRAME_POLICY, listed(frames)))
}

fn listed(frames: &[FrameOrigin]) -> String {
    frames.iter().fold(String::new(), |listed, origin| listed + " " + origin.as_str())
}

fn header_from_policy(text: &str) -> HeaderValue {
    // Origins have no character that a header may not have; without a policy nothing may be shown.
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

fn bearer_is(token: &Token, headers: &HeaderMap) -> bool {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    bearer.and_then(|text| text.strip_prefix("Bearer ")).is_some_and(|given| token.is(given.trim()))
}

/// Lets a request in or refuses it, and puts the safety headers on the answer.
pub async fn guard(State(safety): State<Arc<Safety>>, request: Request, next: Next) -> Response {
    let wants_page = request.method() == Method::GET
        && !request.uri().path().starts_with("/api/")
        && request.headers().get(header::ACCEPT).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let is_frame = request.uri().path() == plugins::FRAME_PATH;
    let policy = if is_frame { &safety.plugin_policy } else { &safety.policy }.clone();
    let admitted = safety.admit(&request);
    if let (Ok(_), Some(caller)) = (&admitted, request.extensions().get::<Caller>()) {
        caller.becomes_known();
    }
    let mut answer = match admitted {
        Ok(None) => next.run(request).await,
        Ok(Some(answer)) => answer,
        Err(error) if wants_page => refusal_page(&error),
        Err(error) => error.into_response(),
    };
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    answer
}

/// For people who came with a browser. A click on the link also helps where a strict cookie was held back from a link
/// on another site.
fn refusal_page(error: &ApiError) -> Response {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let page = format!(
        "<!doctype html><meta charset=utf-8><title>Ethogram</title><p>{}</p><p>{}</p><p><a href=\"/\">Try again</a></p>\n",
        escape(&error.message),
        escape(&error.hint),
    );
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (error.status(), headers, page).into_response()
}

/// The name or address of `host[:port]`; brackets of IPv6 stay. `None` when it is neither.
fn host_name(host: &str) -> Option<&str> {
    let (name, port) = if host.starts_with('[') {
        let end = host.find(']')? + 1;
        host.split_at(end)
    } else {
        host.split_at(host.find(':').unwrap_or(host.len()))
    };
    let port_is_sound = match port.strip_prefix(':') {
        Some(digits) => digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()),
        None => port.is_empty(),
    };
    (port_is_sound && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bind: &str, allow: &[&str], host: &str, origin: Option<&str>, expected: Result<(), &str>) {
        let allow: Vec<String> = allow.iter().map(ToString::to_string).collect();
        let safety = Safety::new(bind.parse().expect("an address"), &allow, None);
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().expect("a value"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().expect("a value"));
        }
        let found = safety.check_host(&headers).and_then(|host| Safety::check_origin(&headers, &host));
        assert_eq!(found.map_err(|error| error.code), expected, "{bind} {allow:?} {host} {origin:?}");
    }

    #[test]
    fn hosts_of_the_bind_are_let_in_under_any_port() {
        for host in ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:9000", "localhost", "[::1]:8000", "127.0.0.1"] {
            check("127.0.0.1:8000", &[], host, None, Ok(()));
        }
        check("192.168.1.5:80", &[], "192.168.1.5", None, Ok(()));
        for allow in ["lab", "LAB", "lab:8000"] {
            check("192.168.1.5:80", &[allow], "lab:80", None, Ok(()));
        }
        check("192.168.1.5:80", &["[fd00::7]:80"], "[fd00::7]", None, Ok(()));
        check("0.0.0.0:8000", &[], "10.1.2.3:8000", None, Ok(()));
        check("[::]:8000", &[], "[fd00::7]:8000", None, Ok(()));
    }

    #[test]
    fn names_that_were_rebound_to_us_are_refused() {
        let hosts =
            ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "", ":8000"];
        for host in hosts.into_iter().chain(["localhost:8000:1", "localhost:80a", "user@localhost", "[::1", "10.1.2.3"])
        {
            check("127.0.0.1:8000", &["lab"], host, None, Err("foreign_host"));
        }
        check("192.168.1.5:80", &[], "localhost", None, Err("foreign_host"));
        check("0.0.0.0:80", &[], "evil.example", None, Err("foreign_host"));
    }

    #[test]
    fn an_origin_must_be_the_host_it_asks() {
        check("127.0.0.1:8000", &[], "localhost:8000", Some("http://localhost:8000"), Ok(()));
        check("127.0.0.1:8000", &["lab"], "lab", Some("https://lab"), Ok(()));
        for origin in ["http://evil.example", "null", "http://localhost:8001", "http://localhost:8000.evil.example", ""]
        {
            check("127.0.0.1:8000", &[], "localhost:8000", Some(origin), Err("foreign_origin"));
        }
    }

    #[test]
    fn two_hosts_are_none() {
        let safety = Safety::new(([127, 0, 0, 1], 8000).into(), &[], None);
        let mut headers = HeaderMap::new();
        assert_eq!(safety.check_host(&headers).expect_err("no host").code, "bad_request");
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        assert_eq!(safety.check_host(&headers).expect_err("two hosts").code, "bad_request");
    }
}
