//! Shares, differences and ranks.

use std::collections::BTreeMap;

use serde::Serialize;

use super::charts::{Chart, FIRST, Frame, INK, MUTED, Named, Plot, SECOND, Side, chart, shortened, steps};
use super::format::{NONE, decimal, p_value, percent, percent_interval, points_interval};
use super::table::Table;
use crate::comparison::{ALL_VOICES, Comparison, Estimator, Ranking, Share, ShareDifference};
use crate::error::Result;
use crate::report::layout::count;

/// Most outlets in a chart.
const MOST_DRAWN: usize = 40;
/// Most rows in a table of shares.
const MOST_SHARES: usize = 1500;
/// Most rows in a table of differences.
const MOST_DIFFERENCES: usize = 300;
/// Most characters of an outlet's name beside a chart.
const MOST_NAME: usize = 24;

#[derive(Serialize)]
pub(super) struct SharesView {
    forests: Vec<Forest>,
    table: Table,
    drawn: Option<String>,
    has_voices: bool,
}

/// One frame's chart, for windows that are wide and for those that are not.
#[derive(Serialize)]
struct Forest {
    wide: Chart,
    narrow: Chart,
}

/// Where an outlet's name and numbers stand: on both sides of its marks, or above them.
#[derive(Clone, Copy, PartialEq)]
enum Layout {
    Beside,
    Above,
}

/// The shares of one outlet, frame and voice.
#[derive(Clone, Copy, Default)]
struct Trio<'a> {
    counted: Option<&'a Share>,
    coded: Option<&'a Share>,
    corrected: Option<&'a Share>,
}

impl<'a> Trio<'a> {
    fn any(&self) -> Option<&'a Share> {
        self.counted.or(self.coded).or(self.corrected)
    }
}

/// Voice by voice, frame by frame, outlet by outlet, in the comparison's order.
fn trios(comparison: &Comparison) -> Vec<Trio<'_>> {
    let mut at: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    let mut trios: Vec<Trio<'_>> = Vec::new();
    for share in &comparison.shares {
        let place = *at.entry((&share.voice, &share.frame, &share.outlet)).or_insert_with(|| {
            trios.push(Trio::default());
            trios.len() - 1
        });
        match share.estimator {
            Estimator::Counted => trios[place].counted = Some(share),
            Estimator::Coded => trios[place].coded = Some(share),
            Estimator::Corrected => trios[place].corrected = Some(share),
            Estimator::CountedWithinStories | Estimator::CorrectedWithinStories => {}
        }
    }
    trios
}

pub(super) fn shares(comparison: &Comparison) -> Result<SharesView> {
    let trios = trios(comparison);
    let largest = largest(comparison);
    let mut forests = Vec::new();
    for (j, frame) in comparison.frames.iter().enumerate() {
        let mut of_frame: Vec<Trio<'_>> = trios
            .iter()
            .filter(|trio| {
                trio.any()
                    .is_some_and(|s| s.frame == *frame && s.voice == ALL_VOICES && largest.contains(&s.outlet.as_str()))
            })
            .copied()
            .collect();
        sort(&mut of_frame);
        let draw = |layout| forest(comparison, j, frame, &of_frame, layout);
        forests.push(Forest { wide: draw(Layout::Beside)?, narrow: draw(Layout::Above)? });
    }
    let n = comparison.outlets.len();
    Ok(SharesView {
        forests,
        table: table(comparison, &trios),
        drawn: (n > MOST_DRAWN).then(|| {
            format!("The {MOST_DRAWN} outlets with the most sentences are drawn, of {}; the table has all.", count(n))
        }),
        has_voices: comparison.voices.len() > 1,
    })
}

fn largest(comparison: &Comparison) -> Vec<&str> {
    let mut outlets: Vec<_> = comparison.outlets.iter().collect();
    outlets.sort_by(|a, b| b.n_sentences.cmp(&a.n_sentences).then_with(|| a.outlet.cmp(&b.outlet)));
    outlets.into_iter().take(MOST_DRAWN).map(|outlet| outlet.outlet.as_str()).collect()
}

/// By corrected share, and where there is none by the counted one, the highest first.
fn sort(trios: &mut [Trio<'_>]) {
    let key = |share: Option<&Share>| share.map_or(-1.0, |share| share.estimate);
    trios.sort_by(|a, b| key(b.corrected).total_cmp(&key(a.corrected)).then(key(b.counted).total_cmp(&key(a.counted))));
}

/// Outlets below each other, each with its three shares.
fn forest(comparison: &Comparison, number: usize, frame: &str, trios: &[Trio<'_>], layout: Layout) -> Result<Chart> {
    let of_trio = |trio: &Trio<'_>| [trio.counted, trio.coded, trio.corrected].map(|share| share.map_or(0.0, reach));
    let ticks = steps(trios.iter().flat_map(of_trio).fold(0.0, f64::max).min(1.0));
    let n = trios.len() as f64;
    let mark = if comparison.is_corrected { "" } else { ", uncorrected" };
    let title = format!("Share of sentences with {frame}, by outlet{mark}");
    let description = "A row an outlet, the highest share first. The table of shares below holds the same numbers.";
    let (id, size, space) = match layout {
        Layout::Beside => (format!("forest-{number}"), (790, 66 + 22 * trios.len() as u32), (205, 165, 54)),
        Layout::Above => (format!("forest-{number}-narrow"), (346, 66 + 42 * trios.len() as u32), (16, 22, 54)),
    };
    let named = Named { id: &id, title: &title, description };
    let plane = Frame { size, space, x: (0.0, ticks[ticks.len() - 1]), y: (-0.5, n - 0.5) };
    chart(&named, &plane, |plot| {
        let label = |tick: f64| format!("{:.0}\u{a0}%", 100.0 * tick);
        plot.x_axis(&ticks, label, &format!("share of sentences{mark}"))?;
        for (i, trio) in trios.iter().enumerate() {
            outlet(plot, trio, n - 1.0 - i as f64, plane.x.1, layout)?;
        }
        Ok(())
    })
}

fn reach(share: &Share) -> f64 {
    share.high.unwrap_or(share.estimate)
}

fn outlet(plot: &Plot<'_, '_>, trio: &Trio<'_>, row: f64, end: f64, layout: Layout) -> Result<()> {
    let Some(any) = trio.any() else { return Ok(()) };
    let y = if layout == Layout::Above { row - 0.2 } else { row };
    if let Some(coded) = trio.coded {
        plot.tick((coded.estimate, y), 7, SECOND)?;
    }
    if let Some((low, high)) = trio.corrected.and_then(|share| share.low.zip(share.high)) {
        plot.line(vec![(low, y), (high, y)], FIRST, 2)?;
    }
    if let Some(counted) = trio.counted {
        plot.ring((counted.estimate, y), 5, MUTED)?;
    }
    let (text, colour) = match (trio.corrected, trio.counted) {
        (Some(corrected), _) => {
            plot.disc((corrected.estimate, y), 4, FIRST)?;
            let bare = if corrected.low.is_none() { ", no interval" } else { "" };
            (percent_interval(corrected.estimate, corrected.low, corrected.high) + bare, INK)
        }
        (None, Some(counted)) => (format!("{} uncorrected", percent(counted.estimate)), MUTED),
        (None, None) => (NONE.to_owned(), MUTED),
    };
    let name = shortened(&any.outlet, MOST_NAME);
    match layout {
        Layout::Beside => {
            plot.text(&name, (0.0, y), Side::Left, 12, INK)?;
            plot.text(&text, (end, y), Side::Right, 14, colour)
        }
        Layout::Above => {
            plot.text(&name, (0.0, row + 0.28), Side::Right, -12, INK)?;
            plot.text(&text, (end, row + 0.28), Side::Left, -14, colour)
        }
    }
}

fn table(comparison: &Comparison, trios: &[Trio<'_>]) -> Table {
    let text = |share: Option<&Share>| {
        share.map_or_else(|| NONE.to_owned(), |share| percent_interval(share.estimate, share.low, share.high))
    };
    let row = |trio: &Trio<'_>| {
        let any = trio.any()?;
        let mut row = vec![any.outlet.clone(), any.frame.clone(), any.voice.clone()];
        if comparison.is_corrected {
            row.extend([text(trio.corrected), text(trio.coded)]);
        }
        row.extend([text(trio.counted), count(any.n_sentences), count(any.n_articles)]);
        if comparison.is_corrected {
            let effective = trio.corrected.and_then(|share| share.effective_n);
            row.extend([count(any.n_coded), count(any.n_coded_articles), decimal(effective, 0)]);
        }
        Some(row)
    };
    let columns: &[&str] = if comparison.is_corrected {
        &[
            "Outlet",
            "Frame",
            "Voice",
            "#Corrected",
            "#Coded rows alone",
            "#Counted",
            "#Sentences",
            "#Articles",
            "#Coded rows",
            "#Coded articles",
            "#Worth in coded rows",
        ]
    } else {
        &["Outlet", "Frame", "Voice", "#Counted, uncorrected", "#Sentences", "#Articles"]
    };
    Table::new("shares-table", "Share of sentences with each frame", columns)
        .rows(trios.iter().filter_map(row), MOST_SHARES, "shares.csv")
        .choice(1)
        .choice(2)
}

#[derive(Serialize)]
pub(super) struct DifferencesView {
    families: Table,
    surviving: Table,
    has_surviving: bool,
    within_stories: Table,
    has_stories: bool,
}

pub(super) fn differences(comparison: &Comparison) -> DifferencesView {
    let level = comparison.params.level;
    let place = |voice: &str| comparison.voices.iter().position(|name| name == voice);
    let mut surviving: Vec<&ShareDifference> =
        comparison.differences.iter().filter(|d| d.estimator == Estimator::Corrected && d.survives(level)).collect();
    surviving.sort_by(|a, b| place(&a.voice).cmp(&place(&b.voice)).then(b.estimate.abs().total_cmp(&a.estimate.abs())));
    let columns = ["Higher", "Lower", "Frame", "Voice", "#Difference in points", "#p", "#p adjusted"];
    let surviving = Table::new("surviving-table", "Differences between corrected shares that survive", &columns)
        .rows(surviving.into_iter().map(row), MOST_DIFFERENCES, "differences.csv")
        .choice(2)
        .choice(3);
    let within_stories = within_stories(comparison);
    let family = |family: &crate::comparison::Family| {
        vec![
            estimator(family.estimator).to_owned(),
            family.voice.clone(),
            count(family.n_tests),
            count(family.n_surviving),
        ]
    };
    DifferencesView {
        families: Table::new(
            "families-table",
            "Families of tests, each adjusted by itself",
            &["Shares", "Voice", "#Tests", "#Survive"],
        )
        .all(comparison.families.iter().map(family)),
        has_surviving: !surviving.is_empty(),
        surviving,
        has_stories: !within_stories.is_empty(),
        within_stories,
    }
}

fn estimator(estimator: Estimator) -> &'static str {
    match estimator {
        Estimator::Counted => "counted",
        Estimator::Coded => "coded rows alone",
        Estimator::Corrected => "corrected",
        Estimator::CountedWithinStories => "counted, within stories",
        Estimator::CorrectedWithinStories => "corrected, within stories",
    }
}

/// The outlet with the higher share first.
fn row(difference: &ShareDifference) -> Vec<String> {
    let d = difference;
    let turned = d.estimate < 0.0;
    let (first, second) = if turned { (&d.outlet_b, &d.outlet_a) } else { (&d.outlet_a, &d.outlet_b) };
    let (low, high) = if turned { (d.high.map(|x| -x), d.low.map(|x| -x)) } else { (d.low, d.high) };
    vec![
        first.clone(),
        second.clone(),
        d.frame.clone(),
        d.voice.clone(),
        points_interval(d.estimate.abs(), low, high),
        p_value(d.p),
        p_value(d.p_adjusted),
    ]
}

/// Corrected differences within stories where there are some, else counted ones, largest first.
fn within_stories(comparison: &Comparison) -> Table {
    let of = |estimator| comparison.differences.iter().filter(move |d| d.estimator == estimator);
    let corrected = of(Estimator::CorrectedWithinStories).next().is_some();
    let which = if corrected { Estimator::CorrectedWithinStories } else { Estimator::CountedWithinStories };
    let mut found: Vec<&ShareDifference> = of(which).collect();
    // Tested ones first: the others have no interval.
    found.sort_by(|a, b| {
        a.p_adjusted.is_none().cmp(&b.p_adjusted.is_none()).then(b.estimate.abs().total_cmp(&a.estimate.abs()))
    });
    let rows = found.into_iter().map(|d| {
        let mut row = row(d);
        row[3] = d.n_stories.map_or_else(|| NONE.to_owned(), count);
        row
    });
    let columns = ["Higher", "Lower", "Frame", "#Stories of both", "#Difference in points", "#p", "#p adjusted"];
    let caption = if corrected {
        "Mean difference within stories that both outlets tell, corrected"
    } else {
        "Mean difference within stories that both outlets tell, counted and so uncorrected"
    };
    Table::new("stories-table", caption, &columns).rows(rows, MOST_DIFFERENCES, "differences.csv").choice(2)
}

#[derive(Serialize)]
pub(super) struct RankingView {
    frame: String,
    table: Option<Table>,
    needed: Option<String>,
}

pub(super) fn rankings(comparison: &Comparison) -> Vec<RankingView> {
    comparison.rankings.iter().enumerate().map(|(i, one)| ranking(i, one, comparison.outlets.len())).collect()
}

fn ranking(number: usize, ranking: &Ranking, n_outlets: usize) -> RankingView {
    let rows = ranking.ranks.iter().map(|rank| {
        let place =
            if rank.first == rank.last { rank.first.to_string() } else { format!("{} to {}", rank.first, rank.last) };
        vec![rank.outlet.clone(), percent(rank.estimate), place, percent(rank.p_highest)]
    });
    let columns = ["Outlet", "#Corrected share", "#Place, from to", "#Chance of being the highest"];
    let caption = format!("Places by {}", ranking.frame);
    RankingView {
        frame: ranking.frame.clone(),
        table: ranking.is_supported.then(|| Table::new(format!("ranking-{number}"), caption, &columns).all(rows)),
        needed: ranking.n_coded_needed.filter(|_| n_outlets > 1).map(count),
    }
}
