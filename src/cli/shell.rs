//! What a shell and its user are told of the program itself: version, completions, manual pages. All from the
//! definition of its arguments.

use clap::CommandFactory as _;

use super::args::{Cli, Common, CompletionsArgs, ManArgs};
use super::console::{self, OutputFolder};
use super::inputs::folder_not_stdout;
use crate::error::{Error, Result};
use crate::model::Model;

/// Prints the version, and which model is built in.
pub(super) fn version() -> Result<()> {
    let hash = Model::bundled()?.metadata().sha256.clone();
    let version = format!("framescope {}\nbundled model framing-en, sha256 {hash}\n", env!("CARGO_PKG_VERSION"));
    console::print_bytes(version.as_bytes())
}

pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "framescope", &mut script);
    Ok(console::print_bytes(&script)?)
}

pub(super) fn man(args: &ManArgs, common: &Common) -> anyhow::Result<()> {
    folder_not_stdout(args.output.as_deref())?;
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let Some(folder) = &args.output else {
        return Ok(console::print_bytes(&page(&program)?)?);
    };
    let commands: Vec<&clap::Command> = std::iter::once(&program).chain(program.get_subcommands()).collect();
    let names: Vec<String> = commands.iter().map(|command| page_name(command)).collect();
    let mut folder = OutputFolder::create(folder, &names)?;
    for (command, name) in commands.iter().zip(&names) {
        folder.write(name, &page(command)?)?;
    }
    console::note(common, &folder.commit()?);
    Ok(())
}

fn page_name(command: &clap::Command) -> String {
    // Built commands know their whole name.
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    format!("{name}.1")
}

fn page(command: &clap::Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(|source| Error::io("write the manual page", source))?;
    Ok(page)
}
