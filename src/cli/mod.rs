//! The command line: one file a verb, each from arguments to a written result.

#![expect(clippy::disallowed_methods, reason = "messages tell how long a run took")]

mod agree;
mod args;
mod batch;
mod compare;
mod comparing;
mod console;
mod distill;
mod evaluate;
mod events;
mod explain;
mod inputs;
mod inspect;
mod models;
mod page;
mod predict;
mod progress;
mod sample;
mod sampling;
mod schema;
mod segment;
mod shell;
mod study;
mod train;

use std::process::ExitCode;

use clap::Parser as _;

pub use args::Cli;
use args::Command;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
}

/// Parses the arguments, runs the verb, prints the error once, and chooses the exit code: 0 done, 1 failed, 2 usage. A
/// reader of our output that goes away is no failure.
#[must_use]
pub fn main() -> ExitCode {
    let is_json = events::are_asked_for(std::env::args_os());
    let exit = match Cli::try_parse() {
        Ok(cli) => run(&cli).map_or_else(|error| fail(&error, is_json), |()| Exit::Done),
        Err(error) if error.kind() == clap::error::ErrorKind::DisplayVersion => {
            shell::version().map_or_else(|error| fail(&error.into(), is_json), |()| Exit::Done)
        }
        Err(error) if error.use_stderr() && is_json => {
            console::error(error.render().to_string().trim(), Exit::Usage, true);
            Exit::Usage
        }
        Err(error) => {
            // Nothing is left to do if even this cannot be printed.
            let _ = error.print();
            if error.use_stderr() { Exit::Usage } else { Exit::Done }
        }
    };
    ExitCode::from(exit as u8)
}

/// Prints why a run failed, and says how it ends.
fn fail(error: &anyhow::Error, is_json: bool) -> Exit {
    let exit = match error.downcast_ref::<crate::Error>() {
        Some(own) if own.is_broken_pipe() => return Exit::Done,
        Some(own) if own.is_usage() => Exit::Usage,
        _ => Exit::Failed,
    };
    console::error(&format!("{error:#}"), exit, is_json);
    exit
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    if let Some(threads) = cli.common.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global()?;
    }
    match &cli.command {
        Command::Segment(args) => segment::run(args, &cli.common),
        Command::Train(args) => train::run(args, &cli.common),
        Command::Distill(args) => distill::run(args, &cli.common),
        Command::Evaluate(args) => evaluate::run(args, &cli.common),
        Command::Compare(args) => compare::run(args, &cli.common),
        Command::Study(args) => study::run(args, &cli.common),
        Command::Agree(args) => agree::run(args, &cli.common),
        Command::Predict(args) => predict::run(args, &cli.common),
        Command::Sample(args) => sample::run(args, &cli.common),
        Command::Explain(args) => explain::run(args, &cli.common),
        Command::Inspect(args) => inspect::run(args, &cli.common),
        Command::Completions(args) => shell::completions(args),
        Command::Man(args) => shell::man(args, &cli.common),
        Command::Schema(args) => schema::run(args, &cli.common),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn arguments_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
