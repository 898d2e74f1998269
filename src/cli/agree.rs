//! `framescope agree`: what several coders made of the same units in; how far they agree, and a model with them, out.

use std::path::Path;

use super::args::{AgreeArgs, Common, Format};
use super::console;
use super::evaluate::warn_trained_on;
use super::inputs::{model_name, stdin_once};
use super::models;
use crate::corpus::{Ratings, RatingsOptions};
use crate::error::Result;
use crate::evaluation::{ModelCodes, agree};
use crate::model::Scorer;
use crate::report::{agreement_csv, agreement_table, to_json};

pub(super) fn run(args: &AgreeArgs, common: &Common) -> anyhow::Result<()> {
    stdin_once(args.files.iter().map(String::as_str).chain(model_name(args.model.as_deref())))?;
    let bootstrap = args.intervals.bootstrap(common.seed)?;
    let model = match args.model.as_deref() {
        None => None,
        Some(path) => Some(models::scorer(Some(path).filter(|path| *path != Path::new("bundled")), &args.encoder)?),
    };
    let model_frames = model.as_ref().map(|(scorer, _)| scorer.frames().clone());
    let ratings = Ratings::read(&args.files, &RatingsOptions { read: args.read_options()?, model_frames })?;
    if ratings.n_not_coded > 0 {
        console::warn(common, &format!("{} rows left out: not coded (empty labels)", ratings.n_not_coded));
    }
    if ratings.n_texts_differ > 0 {
        let n = ratings.n_texts_differ;
        console::warn(common, &format!("{n} units have another text in the rows of other coders; the first is taken"));
    }
    let codes = match model {
        None => None,
        Some((scorer, name)) => {
            let model = scorer.model();
            warn_trained_on(common, model, &name, &ratings.sources, "its agreement with these coders flatters it");
            Some(model_codes(&scorer, name, &ratings, common)?)
        }
    };
    let agreement = agree(&ratings, codes.as_ref(), bootstrap);
    if agreement.n_units_once > 0 {
        let n = agreement.n_units_once;
        console::note(common, &format!("units coded only once: {n}; they count in the coders' shares alone"));
    }
    let format = common.format.unwrap_or(Format::Table);
    let text = match format {
        Format::Table => agreement_table(&agreement),
        Format::Json => to_json(&agreement)?,
        Format::Csv => agreement_csv(&agreement)?,
    };
    console::print(format, &text)?;
    Ok(())
}

/// What the model makes of the units, as one more coder.
fn model_codes(scorer: &Scorer, name: String, ratings: &Ratings, common: &Common) -> Result<ModelCodes> {
    let with_text = ratings.units.iter().enumerate().filter_map(|(i, unit)| Some((i, unit.text.as_deref()?)));
    let (units, texts): (Vec<usize>, Vec<&str>) = with_text.unzip();
    let n_units = ratings.units.len();
    if units.len() < n_units {
        console::warn(common, &format!("{} units have no text; the model does not code them", n_units - units.len()));
    }
    Ok(ModelCodes::new(name, n_units, &units, &scorer.predictions(&texts)?))
}
