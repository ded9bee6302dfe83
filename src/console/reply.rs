//! What a browser is answered, with the headers that every answer has.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    SET_COOKIE, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Response, StatusCode};
use maud::Markup;

/// An answer.
pub type Reply = Response<Full<Bytes>>;

/// Nothing but the console's own styles, script and icon; forms go nowhere else; nobody puts it into a frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
/// How long browsers keep what belongs to a release.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
/// HTTPS for two years.
const ONLY_HTTPS: &str = "max-age=63072000";

/// A page.
pub fn page(status: StatusCode, page: Markup) -> Reply {
    with_body(status, page.into_string(), "text/html; charset=utf-8")
}

/// A body of a kind.
pub fn with_body(status: StatusCode, body: impl Into<Bytes>, kind: &'static str) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}

/// A file to be kept under a name.
pub fn file(name: &str, body: Vec<u8>, kind: &'static str) -> Reply {
    let name: String =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' }).collect();
    let mut reply = with_body(StatusCode::OK, body, kind);
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        reply.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    reply
}

/// Leads to another address, which is asked for with GET.
pub fn see_other(href: &str) -> Reply {
    let mut reply = with_body(StatusCode::SEE_OTHER, "", "text/plain; charset=utf-8");
    if let Ok(value) = HeaderValue::try_from(href) {
        reply.headers_mut().insert(LOCATION, value);
    }
    reply
}

/// What belongs to a release: it may be kept.
pub fn asset(body: &'static str, kind: &'static str) -> Reply {
    let mut reply = with_body(StatusCode::OK, body, kind);
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(FOR_GOOD));
    reply
}

/// The same with a cookie.
pub fn with_cookie(mut reply: Reply, cookie: &str) -> Reply {
    if let Ok(value) = HeaderValue::try_from(cookie) {
        reply.headers_mut().append(SET_COOKIE, value);
    }
    reply
}

/// The same with the headers that every answer has.
pub fn guarded(mut reply: Reply, encrypts: bool) -> Reply {
    let headers = reply.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let all: [(HeaderName, &'static str); 6] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    all.into_iter().for_each(|(name, value)| drop(headers.insert(name, HeaderValue::from_static(value))));
    if encrypts {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_HTTPS));
    }
    reply
}
