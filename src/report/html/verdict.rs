//! The answer in a sentence.

use crate::comparison::{ALL_VOICES, Comparison, Estimator};
use crate::report::layout::{count, counted};
use crate::stats::{Adjustment, MIN_CLUSTERS};

/// How many differences survive of how many tests, or why nothing can be said.
pub(super) fn verdict(comparison: &Comparison) -> String {
    let n_outlets = comparison.outlets.len();
    if !comparison.is_corrected {
        return "No row is coded, so these shares count what a model predicts. Nothing here says what a coder would \
                find, nor which difference between outlets is real."
            .to_owned();
    }
    if n_outlets < 2 {
        return "There is one outlet, so there is nothing to compare; its shares are below.".to_owned();
    }
    let family = comparison
        .families
        .iter()
        .find(|f| f.estimator == Estimator::Corrected && f.voice == ALL_VOICES && f.n_tests > 0);
    let Some(family) = family else {
        return format!(
            "No difference can be tested: fewer than two of the {n_outlets} outlets have coded rows in {MIN_CLUSTERS} \
             articles or more."
        );
    };
    let verb = if family.n_surviving == 1 { "survives" } else { "survive" };
    let survivors = match family.n_surviving {
        0 => "None".to_owned(),
        n => count(n),
    };
    format!(
        "{survivors} of {} between {} {verb} the {} adjustment for the number of tests, at {}.",
        counted(family.n_tests, "tested difference", "tested differences"),
        counted(n_outlets, "outlet", "outlets"),
        comparison.params.adjustment.name(),
        controlled(comparison),
    )
}

/// What the adjustment holds down, and to what.
fn controlled(comparison: &Comparison) -> String {
    let what = match comparison.params.adjustment {
        Adjustment::Holm => "a chance of any false finding",
        Adjustment::BenjaminiHochberg | Adjustment::BenjaminiYekutieli => "a false discovery rate",
    };
    let rate = format!("{:.1}", 100.0 * (1.0 - comparison.params.level));
    format!("{what} of {} %", rate.trim_end_matches(".0"))
}
