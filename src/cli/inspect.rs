//! `framescope inspect`: a model in, its card out.

use super::args::{Common, Format, InspectArgs};
use super::console;
use crate::report::{card_table, feature_csv, to_json};

pub(super) fn run(args: &InspectArgs, common: &Common) -> anyhow::Result<()> {
    let (model, name) = console::load(args.model.as_deref())?;
    let format = common.format.unwrap_or(Format::Table);
    let text = match format {
        Format::Table => card_table(&model, &name),
        Format::Json => to_json(model.metadata())?,
        Format::Csv => feature_csv(&model)?,
    };
    console::print(format, &text)?;
    Ok(())
}
