//! What a draw of rows to code is, and what it buys.

use std::fmt::Write as _;

use super::layout::{count, counted, csv, number, table};
use super::schema::FORECAST;
use crate::comparison::{Forecast, OutletDraw, Sample};
use crate::corpus::decimal;
use crate::error::Result;

/// Outlets shown in a table; the others are in the JSON and the CSV.
const MOST_OUTLETS: usize = 15;

/// The draw as a table: each outlet and frame with its expected share, the rows drawn, and the half-widths that they
/// are expected to buy.
#[must_use]
pub fn sample_table(sample: &Sample) -> String {
    let sum = |of: fn(&OutletDraw) -> usize| sample.outlets.iter().map(of).sum::<usize>();
    let mut out = format!(
        "{} of {} drawn, in {} of {} and {}.\n",
        count(sum(|outlet| outlet.n_drawn)),
        counted(sum(|outlet| outlet.n_rows), "row", "rows"),
        count(sum(|outlet| outlet.n_drawn_articles)),
        counted(sum(|outlet| outlet.n_articles), "article", "articles"),
        counted(sample.outlets.len(), "outlet", "outlets"),
    );
    let wanted = sample.params.half_width.map(|wanted| half(Some(wanted)));
    let unit = if sample.params.whole_articles { "articles" } else { "rows" };
    let _ = writeln!(
        out,
        "Expected shares; half-widths of their {:.0} % intervals, in points, by coding alone and corrected{}:\n",
        100.0 * sample.params.level,
        wanted.as_ref().map(|wanted| format!("; then the {unit} that {wanted} would take")).unwrap_or_default(),
    );
    let wanted = wanted.map(|wanted| ["alone", "corrected"].map(|by| format!("{wanted} {by}")));
    let mut header = vec!["outlet", "frame", "share", "of rows", "drawn", "alone", "corrected"];
    header.extend(wanted.iter().flatten().map(String::as_str));
    let mut rows = Vec::new();
    for outlet in sample.outlets.iter().take(MOST_OUTLETS) {
        rows.extend(outlet.forecasts.iter().enumerate().map(|(i, forecast)| row(outlet, forecast, i == 0)));
    }
    out.push_str(&table(&header, &rows));
    if let Some(more) = sample.outlets.len().checked_sub(MOST_OUTLETS).filter(|more| *more > 0) {
        let _ = writeln!(out, "and {}; --format csv or json has all.", counted(more, "more outlet", "more outlets"));
    }
    out
}

fn row(outlet: &OutletDraw, forecast: &Forecast, is_first: bool) -> Vec<String> {
    let once = |text: String| if is_first { text } else { String::new() };
    let mut row = vec![
        once(outlet.outlet.clone()),
        forecast.frame.clone(),
        format!("{:.1} %", 100.0 * forecast.share),
        once(count(outlet.n_rows)),
        once(count(outlet.n_drawn)),
        half(forecast.coded),
        half(forecast.corrected),
    ];
    let needed = |n: Option<usize>| n.map_or_else(|| "more than there are".to_owned(), count);
    row.extend(forecast.needed.into_iter().flat_map(|n| [needed(n.coded), needed(n.corrected)]));
    row
}

/// `±4.2` points, or `–` where there is no interval.
fn half(half_width: Option<f64>) -> String {
    half_width.map_or_else(|| "–".to_owned(), |half_width| format!("±{:.1}", 100.0 * half_width))
}

/// The forecasts as tidy CSV, one outlet, frame and estimator (`coded`, `corrected`) a row, with the columns of
/// [`FORECAST`]; rows with an interval come first.
///
/// `share`, `half_width` and `wanted_half_width` are shares in [0, 1]. `half_width` is empty where there would be no
/// interval. `n_needed` counts rows, or articles where whole articles are drawn; it is empty where no half-width was
/// asked for, and where all there are would not be enough.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn sample_csv(sample: &Sample) -> Result<String> {
    let mut rows = Vec::new();
    for outlet in &sample.outlets {
        for forecast in &outlet.forecasts {
            let needed = forecast.needed;
            let estimators = [
                ("coded", forecast.coded, needed.and_then(|needed| needed.coded)),
                ("corrected", forecast.corrected, needed.and_then(|needed| needed.corrected)),
            ];
            rows.extend(estimators.map(|(estimator, half_width, n_needed)| {
                vec![
                    outlet.outlet.clone(),
                    forecast.frame.clone(),
                    estimator.to_owned(),
                    decimal(forecast.share),
                    outlet.n_rows.to_string(),
                    outlet.n_articles.to_string(),
                    outlet.n_drawn.to_string(),
                    outlet.n_drawn_articles.to_string(),
                    number(half_width),
                    decimal(sample.params.level),
                    number(sample.params.half_width),
                    number(n_needed.map(|n| n as f64)),
                ]
            }));
        }
    }
    csv(&FORECAST, rows)
}
