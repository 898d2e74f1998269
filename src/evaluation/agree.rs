//! From what coders made of the same units to how far they agree.

use std::cmp::Reverse;

use super::agreement::{
    Agreement, CoderLabels, CoderSummary, DisputedUnit, FrameEstimate, ModelAgreement, ModelCodes, PairAgreement,
    PerFrame,
};
use super::resample::{ANY, AT_MOST_1, Resample, SHARE, bound};
use crate::corpus::{Frames, LabelSet, NO_FRAME, Ratings};
use crate::stats::{Bootstrap, Estimate, ReliabilityData, masi_distance, renumber};

/// Units listed among the most disputed.
const MOST_DISPUTED: usize = 20;

/// Measures how far coders agree: alpha of all and of each pair, the shares of each, the units they dispute, and a
/// model among them.
///
/// Intervals resample articles where units name one, and units otherwise: by jackknife where there are fewer than 50
/// of them, and by bootstrap where there are more. Units coded once are counted, and take part in the coders' shares
/// alone.
#[must_use]
pub fn agree(ratings: &Ratings, model: Option<&ModelCodes>, bootstrap: Bootstrap) -> Agreement {
    let articles = ratings.units.iter().enumerate().map(|(i, unit)| match &unit.article {
        Some(article) => (Some(article), 0),
        None => (None, i),
    });
    let task = Task { ratings, clusters: renumber(articles), bootstrap };
    let units: Vec<usize> = (0..ratings.units.len()).filter(|i| ratings.units[*i].n_coders() > 1).collect();
    let all = task.resample(&units);
    let coders: Vec<Vec<Option<&LabelSet>>> =
        (0..ratings.coders.len()).map(|c| ratings.units.iter().map(|unit| unit.labels[c].as_ref()).collect()).collect();
    let mut disputed = task.disputed(&units, model);
    let n_disputed = disputed.len();
    disputed.truncate(MOST_DISPUTED);
    Agreement {
        n_units: units.len(),
        n_units_once: ratings.units.len() - units.len(),
        by_article: ratings.units.iter().any(|unit| unit.article.is_some()),
        n_clusters: all.n_clusters(),
        bootstrap,
        interval: all.method(),
        alpha: task.alpha(&coders, &units),
        coders: ratings.coders.iter().zip(&coders).map(|(name, labels)| task.summary(name, labels)).collect(),
        pairs: pairs(coders.len())
            .map(|(a, b)| task.pair([&ratings.coders[a], &ratings.coders[b]], [&coders[a], &coders[b]], &units))
            .collect(),
        n_disputed,
        disputed,
        model: model.map(|model| task.beside(model, &coders, &units)),
    }
}

/// Each two of `n`.
fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |a| (a + 1..n).map(move |b| (a, b)))
}

/// One coder's labels of all units.
type OfCoder<'a> = [Option<&'a LabelSet>];

/// Alpha of some coders on some units, compiled: of each frame, and last of the label sets.
struct Compiled(Vec<ReliabilityData>);

impl Compiled {
    fn new(frames: &Frames, coders: &[&OfCoder<'_>], units: &[usize]) -> Self {
        let sets: Vec<Vec<&LabelSet>> =
            units.iter().map(|unit| coders.iter().filter_map(|labels| labels[*unit]).collect()).collect();
        let frame = |column: u32| {
            let has = |sets: &Vec<&LabelSet>| sets.iter().map(|set| set.contains(&column)).collect::<Vec<bool>>();
            ReliabilityData::nominal(&sets.iter().map(has).collect::<Vec<_>>())
        };
        let mut data: Vec<ReliabilityData> = (0..frames.len() as u32).map(frame).collect();
        data.push(ReliabilityData::new(&sets, |a, b| masi_distance(a, b)));
        Compiled(data)
    }

    fn values(&self, weights: &[f64], totals: &mut Vec<f64>) -> impl Iterator<Item = Option<f64>> {
        self.0.iter().map(|data| data.alpha(weights, totals))
    }
}

/// The mean over compiled pairs, of each frame and of the label sets.
struct MeanAlpha {
    pairs: Vec<Compiled>,
    /// For each column the pairs for which alpha is defined on the data themselves. A replicate in which one of them
    /// is not gives no mean, since a mean over others would be another quantity.
    defined: Vec<Vec<usize>>,
}

impl MeanAlpha {
    fn new(pairs: Vec<Compiled>, n_columns: usize, n_units: usize) -> Self {
        let (ones, mut totals) = (vec![1.0; n_units], Vec::new());
        let mut defined = vec![Vec::new(); n_columns];
        for (p, pair) in pairs.iter().enumerate() {
            let values = pair.values(&ones, &mut totals).zip(&mut defined);
            values.filter(|(value, _)| value.is_some()).for_each(|(_, defined)| defined.push(p));
        }
        MeanAlpha { pairs, defined }
    }

    fn values(&self, weights: &[f64], totals: &mut Vec<f64>) -> Vec<Option<f64>> {
        let mean = |(column, defined): (usize, &Vec<usize>)| {
            let values = defined.iter().map(|pair| self.pairs[*pair].0[column].alpha(weights, totals));
            let sum: f64 = values.sum::<Option<f64>>()?;
            (!defined.is_empty()).then(|| sum / defined.len() as f64)
        };
        self.defined.iter().enumerate().map(mean).collect()
    }
}

/// What every measure needs.
struct Task<'a> {
    ratings: &'a Ratings,
    /// The cluster of each unit.
    clusters: Vec<u32>,
    bootstrap: Bootstrap,
}

impl Task<'_> {
    fn resample(&self, units: &[usize]) -> Resample {
        Resample::new(units.iter().map(|unit| self.clusters[*unit]), self.bootstrap)
    }

    /// Names one estimate a frame, and one more.
    fn per_frame(&self, estimates: Vec<Option<Estimate>>) -> PerFrame {
        let mut estimates = estimates.into_iter();
        let names = self.ratings.frames.names().iter();
        let frames = names.map(|name| FrameEstimate { frame: name.clone(), estimate: estimates.next().flatten() });
        PerFrame { frames: frames.collect(), label_set: estimates.next().flatten() }
    }

    fn alpha(&self, coders: &[Vec<Option<&LabelSet>>], units: &[usize]) -> PerFrame {
        let coders: Vec<&OfCoder<'_>> = coders.iter().map(Vec::as_slice).collect();
        let compiled = Compiled::new(&self.ratings.frames, &coders, units);
        let statistics = |weights: &[f64]| compiled.values(weights, &mut Vec::new()).collect();
        self.per_frame(self.resample(units).estimate(AT_MOST_1, statistics))
    }

    fn summary(&self, name: &str, labels: &OfCoder<'_>) -> CoderSummary {
        let (units, sets): (Vec<usize>, Vec<&LabelSet>) =
            labels.iter().enumerate().filter_map(|(unit, set)| Some((unit, (*set)?))).unzip();
        let names: Vec<&str> = self.ratings.frames.names().iter().map(String::as_str).chain([NO_FRAME]).collect();
        let frames = 0..self.ratings.frames.len() as u32;
        let mut given: Vec<Vec<bool>> = frames.map(|j| sets.iter().map(|set| set.contains(&j)).collect()).collect();
        given.push(sets.iter().map(|set| set.is_empty()).collect());
        let resample = self.resample(&units);
        let estimates = resample.estimate(SHARE, |weights| given.iter().map(|flags| share(flags, weights)).collect());
        let named = |(name, estimate): (&&str, _)| FrameEstimate { frame: (*name).to_owned(), estimate };
        CoderSummary {
            coder: name.to_owned(),
            n_units: units.len(),
            interval: resample.method(),
            shares: names.iter().zip(estimates).map(named).collect(),
        }
    }

    /// Two coders on those of the units that both have coded.
    fn pair(&self, names: [&str; 2], coders: [&OfCoder<'_>; 2], units: &[usize]) -> PairAgreement {
        let units: Vec<usize> = units.iter().copied().filter(|i| coders.iter().all(|c| c[*i].is_some())).collect();
        let frames = &self.ratings.frames;
        let compiled = Compiled::new(frames, &coders, &units);
        let both = || units.iter().filter_map(|unit| Some((coders[0][*unit]?, coders[1][*unit]?)));
        let mut alike: Vec<Vec<bool>> =
            (0..frames.len() as u32).map(|j| both().map(|(a, b)| a.contains(&j) == b.contains(&j)).collect()).collect();
        alike.push(both().map(|(a, b)| a == b).collect());
        let resample = self.resample(&units);
        let alpha = resample.estimate(AT_MOST_1, |weights| compiled.values(weights, &mut Vec::new()).collect());
        let agreement = resample.estimate(SHARE, |weights| alike.iter().map(|flags| share(flags, weights)).collect());
        PairAgreement {
            coders: names.map(str::to_owned),
            n_units: units.len(),
            interval: resample.method(),
            alpha: self.per_frame(alpha),
            agreement: self.per_frame(agreement),
        }
    }

    /// Units that are not coded alike, the most disputed first.
    fn disputed(&self, units: &[usize], model: Option<&ModelCodes>) -> Vec<DisputedUnit> {
        let join = |set: &LabelSet| {
            let frames = &self.ratings.frames;
            frames.join((0..frames.len() as u32).map(|column| set.contains(&column)))
        };
        let disputed = units.iter().map(|i| {
            let unit = &self.ratings.units[*i];
            let given: Vec<(&String, &LabelSet)> =
                self.ratings.coders.iter().zip(&unit.labels).filter_map(|(c, set)| Some((c, set.as_ref()?))).collect();
            let apart: f64 = pairs(given.len()).map(|(a, b)| masi_distance(given[a].1, given[b].1)).sum();
            DisputedUnit {
                unit: unit.id.clone(),
                text: unit.text.clone(),
                doc_id: unit.article.clone(),
                disagreement: apart / pairs(given.len()).count() as f64,
                labels: given.iter().map(|(c, set)| CoderLabels { coder: (*c).clone(), labels: join(set) }).collect(),
                model: model.and_then(|model| model.labels[*i].as_ref()).map(join),
            }
        });
        let mut disputed: Vec<DisputedUnit> = disputed.filter(|unit| unit.disagreement > 0.0).collect();
        // Sums of thirds differ in their last bits, which is no difference. The sort is stable: equals keep the units'
        // order.
        let rank = |unit: &DisputedUnit| Reverse(((1e9 * unit.disagreement).round() as u64, unit.labels.len()));
        disputed.sort_by_key(rank);
        disputed
    }

    /// The model as one more coder.
    fn beside(&self, model: &ModelCodes, coders: &[Vec<Option<&LabelSet>>], units: &[usize]) -> ModelAgreement {
        let units: Vec<usize> = units.iter().copied().filter(|unit| model.labels[*unit].is_some()).collect();
        let mut own: Vec<Option<&LabelSet>> = vec![None; model.labels.len()];
        units.iter().for_each(|unit| own[*unit] = model.labels[*unit].as_ref());
        let frames = &self.ratings.frames;
        let mean = |pairs: Vec<[&OfCoder<'_>; 2]>| {
            let compiled = pairs.iter().map(|pair| Compiled::new(frames, pair, &units)).collect();
            MeanAlpha::new(compiled, frames.len() + 1, units.len())
        };
        let among = mean(pairs(coders.len()).map(|(a, b)| [&coders[a][..], &coders[b][..]]).collect());
        let with = mean(coders.iter().map(|coder| [&own[..], &coder[..]]).collect());
        let mut estimates = self.resample(&units).estimate(ANY, |weights| {
            let mut totals = Vec::new();
            let (among, with) = (among.values(weights, &mut totals), with.values(weights, &mut totals));
            let difference: Vec<Option<f64>> =
                with.iter().zip(&among).map(|(with, among)| Some((*with)? - (*among)?)).collect();
            [among, with, difference].concat()
        });
        // Means of alpha are at most 1, their difference may not be.
        estimates[..2 * (frames.len() + 1)].iter_mut().flatten().for_each(|mean| bound(mean, AT_MOST_1));
        let [coders_mean, model_mean, difference] =
            [0, 1, 2].map(|k| self.per_frame(estimates[k * (frames.len() + 1)..][..=frames.len()].to_vec()));
        let names = self.ratings.coders.iter().zip(coders);
        ModelAgreement {
            name: model.name.clone(),
            summary: self.summary(&model.name, &own),
            pairs: names.map(|(coder, labels)| self.pair([&model.name, coder], [&own, labels], &units)).collect(),
            coders_mean,
            model_mean,
            difference,
        }
    }
}

/// The weighted share of the flags that are set; `None` if nothing has weight.
fn share(flags: &[bool], weights: &[f64]) -> Option<f64> {
    let total: f64 = weights.iter().sum();
    // Not a `sum()`, which makes the share of no flag -0.
    let set = flags.iter().zip(weights).filter(|(flag, _)| **flag).fold(0.0, |set, (_, weight)| set + weight);
    (total > 0.0).then(|| set / total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::RatedUnit;
    use crate::evaluation::IntervalMethod;

    /// Units as (article, labels of each coder), with `-` for not coded; frames are x, y, z.
    fn ratings(units: &[(&str, &[&str])]) -> Ratings {
        let frames = Frames::new(["x", "y", "z"].map(str::to_owned).to_vec()).unwrap();
        let set = |cell: &&str| -> Option<LabelSet> {
            let names = cell.split(';').filter(|name| *name != NO_FRAME);
            (*cell != "-").then(|| names.map(|name| frames.find(name).unwrap() as u32).collect())
        };
        let unit = |(i, (article, labels)): (usize, &(&str, &[&str]))| RatedUnit {
            id: format!("u{i}"),
            text: None,
            article: (!article.is_empty()).then(|| (*article).to_owned()),
            labels: labels.iter().map(set).collect(),
        };
        let units: Vec<RatedUnit> = units.iter().enumerate().map(unit).collect();
        let coders = ["a", "b", "c"].iter().take(units[0].labels.len()).map(|name| (*name).to_owned()).collect();
        Ratings { frames, coders, units, sources: Vec::new(), n_not_coded: 0, n_texts_differ: 0 }
    }

    fn value(estimate: Option<&Estimate>) -> f64 {
        estimate.unwrap().value
    }

    /// The units of `masi_alpha_is_nltks`, and one coded once.
    fn seven() -> Ratings {
        ratings(&[
            ("", &["x", "x", "x;y"]),
            ("", &["none", "x", "none"]),
            ("", &["x;y", "y;z", "-"]),
            ("", &["y", "y", "y"]),
            ("", &["-", "z", "x;z"]),
            ("", &["none", "-", "none"]),
            ("", &["x;y;z", "x;y", "-"]),
            ("", &["z", "-", "-"]),
        ])
    }

    #[test]
    fn alpha_of_all_and_of_pairs() {
        let agreement = agree(&seven(), None, Bootstrap::default());
        assert_eq!((agreement.n_units, agreement.n_units_once, agreement.n_clusters), (7, 1, 7));
        assert_eq!(agreement.interval, IntervalMethod::Jackknife);
        // NLTK 3.10.4 for the sets, fast-krippendorff 0.9 for the frames.
        assert!((value(agreement.alpha.label_set.as_ref()) - 0.439_175_257_731_958_53).abs() < 1e-12);
        let frames: Vec<f64> = agreement.alpha.frames.iter().map(|frame| value(frame.estimate.as_ref())).collect();
        let expected = [1.0 / 3.0, 7.0 / 9.0, 5.0 / 13.0];
        frames
            .iter()
            .zip(expected)
            .for_each(|(found, expected)| assert!((found - expected).abs() < 1e-12, "{frames:?}"));
        let names: Vec<String> = agreement.pairs.iter().map(|pair| pair.coders.join("-")).collect();
        assert_eq!(names, ["a-b", "a-c", "b-c"]);
        assert_eq!(agreement.pairs.iter().map(|pair| pair.n_units).collect::<Vec<_>>(), [5, 4, 4]);
        let first = &agreement.pairs[0].agreement;
        assert!((value(first.label_set.as_ref()) - 2.0 / 5.0).abs() < 1e-15);
        assert!((value(first.frames[0].estimate.as_ref()) - 3.0 / 5.0).abs() < 1e-15);
        assert_eq!(agreement.pairs[1].interval, IntervalMethod::None, "four units are too few");
    }

    #[test]
    fn shares_count_every_unit_of_the_coder() {
        let agreement = agree(&seven(), None, Bootstrap::default());
        let a = &agreement.coders[0];
        assert_eq!((&*a.coder, a.n_units), ("a", 7));
        let shares: Vec<(&str, f64)> =
            a.shares.iter().map(|share| (&*share.frame, 7.0 * value(share.estimate.as_ref()))).collect();
        assert_eq!(shares, [("x", 3.0), ("y", 3.0), ("z", 2.0), ("none", 2.0)]);
    }

    #[test]
    fn the_most_disputed_stand_first_and_agreed_ones_not_at_all() {
        let rows: &[(&str, &[&str])] = &[
            ("", &["x", "x", "y"]),
            ("", &["x", "y", "-"]),
            ("", &["x", "y", "none"]),
            ("", &["z", "z", "z"]),
            ("", &["-", "x;y", "x"]),
        ];
        let agreement = agree(&ratings(rows), None, Bootstrap::default());
        let listed: Vec<(&str, f64)> = agreement.disputed.iter().map(|u| (&*u.unit, u.disagreement)).collect();
        // All three differ; both differ; two of three pairs differ; one set holds the other, which is 1 - 1/2 * 2/3
        // too.
        assert_eq!(listed.iter().map(|(unit, _)| *unit).collect::<Vec<_>>(), ["u2", "u1", "u0", "u4"]);
        assert_eq!((listed[0].1, listed[1].1), (1.0, 1.0));
        assert_eq!(agreement.n_disputed, 4);
        let labels: Vec<&str> = agreement.disputed[3].labels.iter().map(|given| &*given.labels).collect();
        assert_eq!(labels, ["x;y", "x"]);
    }

    #[test]
    fn articles_are_resampled_where_they_are_named() {
        let rows: Vec<(String, [&str; 2])> = (0..120)
            .map(|i| (format!("a{}", i / 2), [["x", "x"], ["none", "x"], ["y", "y"], ["none", "none"]][i / 2 % 4]))
            .collect();
        let rows: Vec<(&str, &[&str])> = rows.iter().map(|(article, labels)| (&**article, &labels[..])).collect();
        let agreement = agree(&ratings(&rows), None, Bootstrap::default());
        assert!(agreement.by_article);
        assert_eq!((agreement.n_clusters, agreement.interval), (60, IntervalMethod::Bootstrap));
        let x = agreement.alpha.frames[0].estimate.clone().unwrap();
        assert_eq!((x.n, x.n_clusters), (120, 60));
        assert!(x.low.unwrap() < x.value && x.value < x.high.unwrap());
        assert_eq!(agreement.alpha.frames[2].estimate, None, "z is never given");
    }

    #[test]
    fn a_model_stands_beside_the_coders() {
        let ratings = seven();
        // The model is coder a over again, but for a unit without a text; units coded once take no part.
        let mut labels: Vec<Option<LabelSet>> = ratings.units.iter().map(|unit| unit.labels[0].clone()).collect();
        labels[4] = Some(LabelSet::from([2]));
        labels[3] = None;
        let model = ModelCodes { name: "m".into(), labels };
        let agreement = agree(&ratings, Some(&model), Bootstrap::default());
        let beside = agreement.model.unwrap();
        assert_eq!(beside.summary.n_units, 6);
        assert_eq!(beside.pairs[0].coders, ["m", "a"]);
        assert_eq!((beside.pairs[0].n_units, value(beside.pairs[0].alpha.label_set.as_ref())), (5, 1.0));
        let mean = |pairs: &[PairAgreement]| {
            pairs.iter().map(|pair| value(pair.alpha.label_set.as_ref())).sum::<f64>() / pairs.len() as f64
        };
        assert!((value(beside.model_mean.label_set.as_ref()) - mean(&beside.pairs)).abs() < 1e-12);
        let difference = value(beside.model_mean.label_set.as_ref()) - value(beside.coders_mean.label_set.as_ref());
        assert!((value(beside.difference.label_set.as_ref()) - difference).abs() < 1e-12);
        let six = Ratings { units: [&ratings.units[..3], &ratings.units[4..]].concat(), ..ratings };
        let others = agree(&six, None, Bootstrap::default());
        assert!((value(beside.coders_mean.label_set.as_ref()) - mean(&others.pairs)).abs() < 1e-12);
        assert_eq!(agreement.disputed[0].model.as_deref(), Some("x;y"));
    }
}
