//! The console over HTTP: its pages, their headers, who sees what of them, and what is recorded from them. What only a browser
//! shows is tried in `browser/`.

#[path = "../common/mod.rs"]
mod common;

mod acting;
mod isolation;
mod kit;
mod login;
mod pages;
