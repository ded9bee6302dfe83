//! `template`: what is long to write by hand, to begin with.

use super::failure::Failure;
use super::output::Output;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// The terms of an agreement as JSON with comments, for `record agreement-signed --terms @FILE`
    Agreement {
        /// The kind of partnership
        kind: Kind,
    },
}

/// The kinds of partnership.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    /// Marketing together
    CoMarketing,
    /// An integration of products
    Integration,
    /// Selling through the partner
    Channel,
    /// A venture owned by both
    JointVenture,
}

impl Kind {
    /// The terms, with comments.
    fn terms(self) -> &'static str {
        match self {
            Self::CoMarketing => include_str!("co-marketing.json"),
            Self::Integration => include_str!("integration.json"),
            Self::Channel => include_str!("channel.json"),
            Self::JointVenture => include_str!("joint-venture.json"),
        }
    }
}

pub fn run(args: &Args, out: &mut Output) -> Result<(), Failure> {
    let Command::Agreement { kind } = args.command;
    out.line(kind.terms().trim_end())
}
