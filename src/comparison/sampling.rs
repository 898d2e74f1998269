//! Which rows to code, so that each outlet's share of frames can be estimated from them.

use ndarray::Array2;
use rand::seq::SliceRandom as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::cells::distinct;
use super::forecast::{By, Forecast, Plan};
use super::notes::listed;
use super::params::CompareParams;
use super::result::Note;
use super::strata::{Stratum, Units};
use crate::corpus::{Population, SourceFile, cluster};
use crate::error::{Error, ErrorKind, Result};
use crate::stats::{MIN_CLUSTERS, renumber, rng};

/// What becomes of rows that are coded already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodedRows {
    /// They are not drawn, and the draw stands for the other rows.
    #[default]
    StandAside,
    /// They stay in the draw: an earlier one with the same scores drew them, and wrote their `pi`.
    WereDrawn,
    /// They stay in the draw: the user vouches that they are a simple random sample of their outlet's rows. `pi` is
    /// not looked at.
    AreRandom,
}

/// How rows are drawn. [`Default`] is the one place where the numbers stand; one of the first two must be given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleParams {
    /// Rows, or whole articles, to draw from each outlet; all where there are fewer.
    pub per_outlet: Option<usize>,
    /// The half-width that intervals of corrected shares should have, as a share in (0, 1). Without `per_outlet`, as
    /// many rows are drawn from each outlet as its frames need for it.
    pub half_width: Option<f64>,
    /// Draw articles, with all their rows. Default no.
    pub whole_articles: bool,
    /// What becomes of rows that are coded already. Default: they stand aside.
    pub coded: CodedRows,
    /// Confidence level of the intervals that are forecast. Default that of comparisons.
    pub level: f64,
    /// Seed of the draw. Default 0.
    pub seed: u64,
}

impl Default for SampleParams {
    fn default() -> Self {
        SampleParams {
            per_outlet: None,
            half_width: None,
            whole_articles: false,
            coded: CodedRows::default(),
            level: CompareParams::default().level,
            seed: 0,
        }
    }
}

impl SampleParams {
    /// Checks every option.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`].
    pub fn check(self) -> Result<Self> {
        let is_share = |x: f64| x > 0.0 && x < 1.0;
        if self.per_outlet == Some(0) {
            return Err(Error::parameter("per-outlet", 0, "at least 1; some 60 rows make a useful interval"));
        }
        if let Some(half_width) = self.half_width.filter(|half_width| !is_share(*half_width)) {
            return Err(Error::parameter(
                "half-width",
                half_width,
                "a share between 0 and 1, such as 0.05 for 5 points",
            ));
        }
        if self.per_outlet.is_none() && self.half_width.is_none() {
            return Err(Error::parameter("per-outlet", "not given", "a number of rows, or a half-width to reach"));
        }
        if !is_share(self.level) {
            return Err(Error::parameter("level", self.level, "a number between 0 and 1, such as 0.95"));
        }
        if self.whole_articles && self.coded != CodedRows::StandAside {
            let expected = "a draw of rows: coded rows are topped up row by row, not by whole articles";
            return Err(Error::parameter("keep-coded", "given with whole-articles", expected));
        }
        Ok(self)
    }
}

/// A row to be coded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// The row of the population.
    pub row: usize,
    /// The probability with which it was drawn, in (0, 1].
    pub pi: f64,
}

/// Rows, or articles, of which each is drawn with the same probability.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StratumDraw {
    /// What it holds, in words.
    pub stratum: String,
    /// Rows or articles in it.
    pub n_units: usize,
    /// Those drawn.
    pub n_drawn: usize,
    /// One divided by the other.
    pub pi: f64,
}

/// What is drawn from one outlet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutletDraw {
    /// The outlet.
    pub outlet: String,
    /// Rows that could be drawn.
    pub n_rows: usize,
    /// Their articles.
    pub n_articles: usize,
    /// Rows drawn.
    pub n_drawn: usize,
    /// Their articles.
    pub n_drawn_articles: usize,
    /// Rows that were coded already: of the drawn ones where they are kept, else beside the rows above.
    pub n_coded: usize,
    /// The strata.
    pub strata: Vec<StratumDraw>,
    /// What to expect, frame by frame.
    pub forecasts: Vec<Forecast>,
}

/// Rows to be coded, and what to expect of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    /// Version of the crate that drew it.
    pub framescope_version: &'static str,
    /// The options.
    pub params: SampleParams,
    /// The files, with the hashes of their text.
    pub sources: Vec<SourceFile>,
    /// What must be known before the rows and the numbers are used.
    pub notes: Vec<Note>,
    /// The frames.
    pub frames: Vec<String>,
    /// The outlets, in alphabetical order.
    pub outlets: Vec<OutletDraw>,
    /// The rows, in order; they have a file of their own.
    #[serde(skip)]
    pub drawn: Vec<Drawn>,
}

/// Draws rows of each outlet, or whole articles, at random within strata of what the model says: rare frames are
/// drawn more often, each row with a known probability π_i = n_h/M_h.
///
/// `proba` are probabilities of the population's rows, of shape (n_rows, n_frames). What is drawn from an outlet
/// depends on its own rows, their order, and the seed, not on other outlets.
///
/// # Errors
/// [`ErrorKind::NoOutlets`], [`ErrorKind::NoArticleColumn`], [`ErrorKind::NothingToDraw`], [`ErrorKind::NotDrawn`],
/// [`ErrorKind::LengthMismatch`], [`ErrorKind::Parameter`].
pub fn sample(population: &Population, proba: &Array2<f64>, params: &SampleParams) -> Result<Sample> {
    let params = params.clone().check()?;
    let corpus = &population.corpus;
    let n_rows = corpus.n_rows();
    if proba.dim() != (n_rows, corpus.frames.len()) {
        let n_left = proba.nrows();
        return Err(ErrorKind::LengthMismatch {
            left: "the probabilities",
            n_left,
            right: "the rows",
            n_right: n_rows,
        }
        .into());
    }
    let (by_name, n_without_outlet) = population.by_outlet()?;
    if params.whole_articles && corpus.articles.is_none() {
        return Err(ErrorKind::NoArticleColumn.into());
    }
    let drawer = Drawer { population, proba, params: &params, articles: cluster(corpus.articles.as_ref(), n_rows) };
    // Collected before the first error is taken, so that it does not depend on threads which one that is.
    let parts: Vec<Result<(OutletDraw, Vec<Drawn>)>> =
        by_name.into_par_iter().map(|(name, rows)| drawer.draw(name, rows)).collect();
    let (outlets, drawn): (Vec<OutletDraw>, Vec<Vec<Drawn>>) =
        parts.into_iter().collect::<Result<Vec<_>>>()?.into_iter().unzip();
    let mut drawn = drawn.concat();
    drawn.sort_by_key(|drawn| drawn.row);
    if drawn.is_empty() {
        return Err(ErrorKind::NothingToDraw { n_coded: outlets.iter().map(|outlet| outlet.n_coded).sum() }.into());
    }
    Ok(Sample {
        framescope_version: env!("CARGO_PKG_VERSION"),
        sources: corpus.sources.clone(),
        notes: notes(&params, &outlets, n_without_outlet, corpus.left_out.empty_text),
        frames: corpus.frames.names().to_vec(),
        outlets,
        drawn,
        params,
    })
}

struct Drawer<'a> {
    population: &'a Population,
    proba: &'a Array2<f64>,
    params: &'a SampleParams,
    articles: Vec<u32>,
}

impl Drawer<'_> {
    fn draw(&self, outlet: &str, rows: Vec<usize>) -> Result<(OutletDraw, Vec<Drawn>)> {
        let params = self.params;
        let is_coded = |row: &usize| self.population.corpus.is_coded(*row);
        let n_coded = rows.iter().filter(|row| is_coded(row)).count();
        let keeps = params.coded != CodedRows::StandAside;
        let rows: Vec<usize> = rows.into_iter().filter(|row| keeps || !is_coded(row)).collect();
        let (units, plan) = self.plan(&rows);
        let wanted = params.per_outlet.unwrap_or_else(|| self.enough(&plan)).min(units.len());
        let (strata, mut n_drawn) = plan.allocate(wanted);

        let mut drawn = Vec::new();
        for (h, (stratum, n_h)) in strata.iter().zip(&mut n_drawn).enumerate() {
            let (mut kept, mut others): (Vec<usize>, Vec<usize>) =
                stratum.units.iter().copied().partition(|unit| keeps && is_coded(&units[*unit][0]));
            if params.coded == CodedRows::WereDrawn {
                let rows: Vec<usize> = kept.iter().map(|unit| units[*unit][0]).collect();
                self.check_pi(outlet, &stratum.name, &rows)?;
            }
            *n_h = (*n_h).max(kept.len());
            let mut rng = rng(params.seed, &format!("sample {outlet}"), h as u64);
            let (chosen, _) = others.partial_shuffle(&mut rng, *n_h - kept.len());
            kept.extend_from_slice(chosen);
            let pi = *n_h as f64 / stratum.units.len() as f64;
            drawn.extend(kept.iter().flat_map(|unit| &units[*unit]).map(|row| Drawn { row: *row, pi }));
        }
        let summary = OutletDraw {
            outlet: outlet.to_owned(),
            n_rows: rows.len(),
            n_articles: plan.n_articles,
            n_drawn: drawn.len(),
            n_drawn_articles: distinct(drawn.iter().map(|drawn| self.articles[drawn.row])),
            n_coded,
            strata: strata.iter().zip(&n_drawn).map(|(stratum, n_h)| summary(stratum, *n_h)).collect(),
            forecasts: if rows.is_empty() { Vec::new() } else { self.forecasts(&plan, &strata, &n_drawn) },
        };
        Ok((summary, drawn))
    }

    /// The rows of each unit, and what is known of them.
    fn plan(&self, rows: &[usize]) -> (Vec<Vec<usize>>, Plan) {
        let frames = self.population.corpus.frames.names();
        let articles = renumber(rows.iter().map(|row| self.articles[*row]));
        let n_articles = articles.iter().max().map_or(0, |last| *last as usize + 1);
        let mut by_article: Vec<Vec<usize>> = vec![Vec::new(); n_articles];
        rows.iter().zip(&articles).for_each(|(row, article)| by_article[*article as usize].push(*row));
        let shares: Vec<f64> = (0..frames.len())
            .map(|j| rows.iter().map(|row| self.proba[(*row, j)]).sum::<f64>() / rows.len().max(1) as f64)
            .collect();
        let z = |rows: &[usize], j: usize| rows.iter().map(|row| self.proba[(*row, j)] - shares[j]).sum::<f64>();
        let between = (0..frames.len()).map(|j| by_article.iter().map(|rows| z(rows, j).powi(2)).sum()).collect();
        let are_articles = self.params.whole_articles;
        let units = if are_articles { by_article } else { rows.iter().map(|row| vec![*row]).collect() };
        let of_units = Units { rows: &units, are_articles, proba: self.proba, shares: &shares, frames };
        let strata = if units.is_empty() { Vec::new() } else { of_units.strata() };
        (units, Plan { strata, shares, between, n_rows: rows.len(), n_articles, level: self.params.level })
    }

    /// Units that give every frame the wanted half-width; all of them where they are not enough.
    fn enough(&self, plan: &Plan) -> usize {
        let Some(wanted) = self.params.half_width else { return plan.n_units() };
        let of_frame = |frame| plan.needed(frame, wanted, By::Correction).unwrap_or(plan.n_units());
        (0..plan.shares.len()).map(of_frame).max().unwrap_or_default()
    }

    fn forecasts(&self, plan: &Plan, strata: &[Stratum], n_drawn: &[usize]) -> Vec<Forecast> {
        let names = self.population.corpus.frames.names().iter().map(String::as_str).enumerate();
        names.map(|frame| plan.forecast(frame, strata, n_drawn, self.params.half_width)).collect()
    }

    /// Coded rows may stay if they were drawn with equal probabilities: then each stratum's are a simple random
    /// sample of it.
    fn check_pi(&self, outlet: &str, stratum: &str, rows: &[usize]) -> Result<()> {
        let id = |row: usize| &self.population.ids[row];
        let mut first: Option<(usize, f64)> = None;
        for row in rows {
            let found = match (self.population.pi[*row], first) {
                (None, _) => format!("{:?} has no pi", id(*row)),
                (Some(pi), None) => {
                    first = Some((*row, pi));
                    continue;
                }
                // Files may have been written with fewer digits.
                (Some(pi), Some((_, other))) if (pi - other).abs() <= 1e-9 * other => continue,
                (Some(pi), Some((row_a, a))) => {
                    format!("{:?} and {:?} have pi {a} and {pi} in one stratum ({stratum})", id(row_a), id(*row))
                }
            };
            return Err(ErrorKind::NotDrawn { outlet: outlet.to_owned(), found }.into());
        }
        Ok(())
    }
}

fn summary(stratum: &Stratum, n_drawn: usize) -> StratumDraw {
    let n_units = stratum.units.len();
    StratumDraw { stratum: stratum.name.clone(), n_units, n_drawn, pi: n_drawn as f64 / n_units as f64 }
}

fn notes(params: &SampleParams, outlets: &[OutletDraw], n_without_outlet: usize, n_empty: usize) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |code, is_warning, text| notes.push(Note { code, is_warning, text });
    let n_coded: usize = outlets.iter().map(|outlet| outlet.n_coded).sum();
    match params.coded {
        _ if n_coded == 0 => {}
        CodedRows::StandAside => note(
            "coded-aside",
            true,
            format!(
                "{n_coded} rows are coded already and stand aside: they are neither drawn nor written, and the draw \
                 stands for the other rows. Rows that were picked by any other rule than a draw with known \
                 probabilities cannot be a basis for inference about their outlet: leave these rows out of the file \
                 that is compared (they may still train a model). If an earlier `framescope sample` drew them, \
                 keep them in the draw with --keep-coded."
            ),
        ),
        CodedRows::WereDrawn => note(
            "coded-kept",
            false,
            format!(
                "{n_coded} rows are coded already and stay in the draw, each stratum of which is filled up at \
                 random; all its rows have a new pi. That holds if the earlier draw was coded whole, or in random \
                 order."
            ),
        ),
        CodedRows::AreRandom => note(
            "coded-at-random",
            true,
            format!(
                "{n_coded} rows are coded already and stay in the draw, on your word that they are a simple random \
                 sample of their outlet's rows. If they were picked in any other way, what is estimated from the \
                 draw does not hold."
            ),
        ),
    }
    if n_without_outlet > 0 {
        note("no-outlet", true, format!("{n_without_outlet} rows name no outlet and are not drawn from."));
    }
    if n_empty > 0 {
        note("empty-text", false, format!("{n_empty} rows have an empty text and are not drawn from."));
    }
    let named = |holds: fn(&Forecast) -> bool| -> Vec<String> {
        let of = outlets.iter().filter(|outlet| outlet.forecasts.iter().any(holds));
        of.map(|outlet| outlet.outlet.clone()).collect()
    };
    let without_interval = named(|forecast| forecast.coded.is_none());
    if !without_interval.is_empty() {
        let names = listed(&without_interval, ", ");
        let text = format!(
            "No interval is to be expected where the rows to code stand in fewer than {MIN_CLUSTERS} articles: {names}."
        );
        note("few-articles", true, text);
    }
    let short = named(|forecast| forecast.needed.is_some_and(|needed| needed.corrected.is_none()));
    if let (None, Some(half_width), false) = (params.per_outlet, params.half_width, short.is_empty()) {
        let names = listed(&short, ", ");
        let text =
            format!("All there is was drawn, and is not enough for a half-width of {half_width}, from: {names}.");
        note("not-enough", true, text);
    }
    note(
        "forecast",
        false,
        "Half-widths are forecasts, made before anything is coded. They take the model's probabilities for true, and \
         rows for independent but for these: where the model is wrong about these outlets, coding alone and the \
         corrected share turn out less sure, and `framescope compare` says how sure they are."
            .into(),
    );
    notes
}
