//! `framescope schema`: what stands in the columns that the other verbs write.

use clap::Args;

use super::args::{Common, Format};
use super::console;
use crate::report::schema::{find_tables, schema_csv, schema_table};
use crate::report::to_json;

/// Arguments of `schema`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each column stands with its name, its type and its meaning. Types are text, integer, which is never empty, and number, \
which has a decimal point or an exponent also where it is whole, so that readers which guess types from the first rows \
guess right. p_<frame> stands for one column a frame.

  framescope schema                              all tables
  framescope schema shares                       one table
  framescope schema compare --format csv         what a verb writes, as table,column,type,can_be_empty,meaning"
)]
pub struct SchemaArgs {
    /// Only this table, or only those that this verb writes
    pub table: Option<String>,
}

pub(super) fn run(args: &SchemaArgs, common: &Common) -> anyhow::Result<()> {
    let tables = find_tables(args.table.as_deref())?;
    let format = common.format.unwrap_or(Format::Table);
    let text = match format {
        Format::Table => schema_table(&tables),
        Format::Json => to_json(&tables)?,
        Format::Csv => schema_csv(&tables)?,
    };
    console::print(format, &text)?;
    Ok(())
}
