//! What browsers get beside the pages: styles, a script, an icon. They are a part of the program, and their addresses change
//! with the release, so that they may be kept.

/// The address of the styles.
pub const STYLE_PATH: &str = concat!("/assets/", env!("CARGO_PKG_VERSION"), "/console.css");
/// The address of the script.
pub const SCRIPT_PATH: &str = concat!("/assets/", env!("CARGO_PKG_VERSION"), "/console.js");
/// The address of the icon.
pub const ICON_PATH: &str = concat!("/assets/", env!("CARGO_PKG_VERSION"), "/icon.svg");

/// The content of an address, and its type; `None` if there is nothing.
pub fn find(path: &str) -> Option<(&'static str, &'static str)> {
    match path {
        STYLE_PATH => Some((include_str!("console.css"), "text/css; charset=utf-8")),
        SCRIPT_PATH => Some((include_str!("console.js"), "text/javascript; charset=utf-8")),
        ICON_PATH => Some((include_str!("icon.svg"), "image/svg+xml")),
        _ => None,
    }
}
