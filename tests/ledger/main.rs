//! The domain in one process, without a service: its rejections, stories of money and of campaigns, and the views.

mod campaigns;
#[path = "../common/mod.rs"]
mod common;
mod rejections;
mod stories;
mod views;
