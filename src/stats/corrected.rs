//! The mean of a quantity that is predicted for every row and known for some: prediction-powered, and by design weights.

use serde::{Deserialize, Serialize};

use super::Proportion;
use super::bootstrap::MIN_CLUSTERS;
use super::distributions::t_quantile;

/// A row of the population.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// What a model says, which must not have seen this row's gold value.
    pub prediction: f64,
    /// What a coder says, where one was asked.
    pub gold: Option<f64>,
    /// The probability with which the row was drawn to be coded, in (0, 1]. Read for coded rows of an unequal design alone.
    pub pi: f64,
    /// How much the row counts in the population, above 0.
    pub weight: f64,
    /// The article it stands in, a small number: clusters are summed in a vector of that length.
    pub cluster: u32,
}

/// How the coded rows were drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Design {
    /// Each row with the same probability.
    SimpleRandom,
    /// Each coded row with its own known probability.
    Known,
}

/// How far the predictions are relied on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reliance {
    /// As far as they lower the variance, judged from the coded rows: PPI++.
    Tuned,
    /// By a fixed power in [0, 1]: 0 uses the coded rows alone, 1 is plain prediction-powered inference.
    Power(f64),
    /// Predictions as they are, corrected by the weighted sum of their errors: DSL.
    AsTheyAre,
}

/// An estimated mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CorrectedMean {
    /// The estimate, which may lie outside the range of the quantity.
    pub value: f64,
    /// Its variance, robust to dependence within clusters; no small-sample factor.
    pub variance: f64,
    /// The power that the predictions were given, in [0, 1].
    pub power: f64,
    /// Coded rows.
    pub n_coded: usize,
    /// Clusters with a coded row.
    pub n_coded_clusters: usize,
    /// Numbers fitted to the coded rows: the mean, and the slope where it was tuned.
    n_fitted: usize,
    design: Design,
    line: Line,
    /// Rows of the population for each unit of design weight.
    expansion: f64,
}

impl CorrectedMean {
    /// The mean as a share, if there are five coded clusters or more: brought into [0, 1], its variance grown by G/(G − k) for G coded clusters
    /// and k numbers fitted to them, and as many degrees of freedom.
    #[must_use]
    pub fn proportion(&self) -> Option<Proportion> {
        (self.n_coded_clusters >= MIN_CLUSTERS).then(|| Proportion {
            value: self.value.clamp(0.0, 1.0),
            variance: self.grown_variance(),
            df: (self.n_coded_clusters - self.n_fitted) as f64,
        })
    }

    /// Bounds of the mean by Student's t, for quantities that are no shares, if there are five coded clusters or more.
    #[must_use]
    pub fn interval(&self, level: f64) -> Option<(f64, f64)> {
        let df = (self.n_coded_clusters >= MIN_CLUSTERS).then(|| (self.n_coded_clusters - self.n_fitted) as f64)?;
        let half = t_quantile(0.5 + level / 2.0, df) * self.grown_variance().sqrt();
        Some((self.value - half, self.value + half))
    }

    fn grown_variance(&self) -> f64 {
        let (g, k) = (self.n_coded_clusters as f64, self.n_fitted as f64);
        if g > k { self.variance * g / (g - k) } else { f64::INFINITY }
    }

    /// A row's part in the estimate: what stands in for its gold value, and, where it is coded, its error grown by the rows that it speaks
    /// for. Their weighted mean is the estimate; that of some of the rows estimates the mean over these.
    #[must_use]
    pub fn pseudo_value(&self, unit: &Unit) -> f64 {
        let stand_in = self.line.intercept + self.line.slope * unit.prediction;
        let grown = self.expansion * design_weight(unit, self.design) / unit.weight;
        stand_in + unit.gold.map_or(0.0, |y| grown * (y - stand_in))
    }
}

/// Estimates the mean gold value of all rows; `None` if no row is coded.
///
/// With weights wᵢ, M = Σ wᵢ and design weights dᵢ = wᵢ/πᵢ over the coded rows, D = Σ dᵢ, the estimate is
/// `Σ wᵢ gᵢ / M + Σ dᵢ (Yᵢ − gᵢ) / D`, where `g = λ f` and λ is Cov(Y, f) on the coded rows over Var(f) on all rows, limited so that
/// its power λ (uncoded weight)/M is in [0, 1]. With equal weights and probabilities this is the PPI++ estimate with its own λ.
/// When λ would raise the variance it is 0, so that predictions never do worse than coding alone.
/// [`Reliance::AsTheyAre`] is DSL's doubly robust mean: g = f, and M in the place of D.
///
/// The variance sums `wᵢ (gᵢ − ḡ)/M + dᵢ (Yᵢ − gᵢ − ē)/D` within each cluster, squares and adds up. Under [`Design::SimpleRandom`] the coded
/// and the uncoded rows are two samples of fixed sizes, each about its own mean, as in PPI++; with one row a cluster it is its variance.
///
/// Sources: Angelopoulos, Duchi & Zrnic (2023), PPI++, arXiv 2311.01453; Egami, Hinck, Stewart & Wei (2023), NeurIPS, arXiv 2306.04746;
/// the form with design weights is the generalised difference estimator of Särndal, Swensson & Wretman (1992), 6.3 and 7.
#[must_use]
pub fn corrected_mean(units: &[Unit], design: Design, reliance: Reliance) -> Option<CorrectedMean> {
    let sums = Sums::of(units, design)?;
    match reliance {
        Reliance::AsTheyAre => {
            let total = if design == Design::Known { sums.all } else { sums.design };
            Some(sums.estimate(units, design, Line { intercept: 0.0, slope: 1.0, total }))
        }
        Reliance::Power(power) => Some(sums.estimate(units, design, sums.line(power))),
        Reliance::Tuned => {
            let power = sums.tuned_power(units, design);
            let alone = sums.estimate(units, design, sums.line(0.0));
            let with = sums.estimate(units, design, sums.line(power));
            let with = CorrectedMean { n_fitted: 1 + usize::from(power > 0.0), ..with };
            Some(if with.grown_variance() <= alone.grown_variance() { with } else { alone })
        }
    }
}

/// What stands in for the predictions, and what the errors' weights are divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    intercept: f64,
    slope: f64,
    total: f64,
}

/// The weighted sums that every estimate needs.
struct Sums {
    /// Σ w over all rows, and over the coded ones.
    all: f64,
    coded: f64,
    /// Σ d.
    design: f64,
    /// Mean prediction of all rows.
    mean_all: f64,
    /// Means over the coded rows by d: prediction, gold.
    mean_prediction: f64,
    mean_gold: f64,
    n_coded: usize,
    n_coded_clusters: usize,
    n_clusters: usize,
}

fn design_weight(unit: &Unit, design: Design) -> f64 {
    match design {
        Design::SimpleRandom => unit.weight,
        Design::Known => unit.weight / unit.pi,
    }
}

impl Sums {
    fn of(units: &[Unit], design: Design) -> Option<Self> {
        let n_clusters = units.iter().map(|unit| unit.cluster as usize + 1).max()?;
        let mut has_coded = vec![false; n_clusters];
        let [mut all, mut coded, mut total, mut f_all, mut f_coded, mut gold, mut n_coded] = [0.0; 7];
        for unit in units {
            all += unit.weight;
            f_all += unit.weight * unit.prediction;
            if let Some(y) = unit.gold {
                let d = design_weight(unit, design);
                coded += unit.weight;
                total += d;
                f_coded += d * unit.prediction;
                gold += d * y;
                n_coded += 1.0;
                has_coded[unit.cluster as usize] = true;
            }
        }
        (n_coded > 0.0).then(|| Sums {
            all,
            coded,
            design: total,
            mean_all: f_all / all,
            mean_prediction: f_coded / total,
            mean_gold: gold / total,
            n_coded: n_coded as usize,
            n_coded_clusters: has_coded.into_iter().filter(|has| *has).count(),
            n_clusters,
        })
    }

    fn share_uncoded(&self) -> f64 {
        ((self.all - self.coded) / self.all).max(0.0)
    }

    /// The line whose errors have mean 0 on the coded rows.
    fn line(&self, power: f64) -> Line {
        let slope = if self.share_uncoded() > 0.0 { power / self.share_uncoded() } else { 0.0 };
        Line { intercept: self.mean_gold - slope * self.mean_prediction, slope, total: self.design }
    }

    fn tuned_power(&self, units: &[Unit], design: Design) -> f64 {
        let (mut covariance, mut variance) = (0.0, 0.0);
        for unit in units {
            let centred = unit.prediction - self.mean_all;
            variance += unit.weight * centred * centred;
            if let Some(y) = unit.gold {
                covariance +=
                    design_weight(unit, design) * (unit.prediction - self.mean_prediction) * (y - self.mean_gold);
            }
        }
        let n = units.len() as f64;
        let slope = (covariance / self.design) / (variance / self.all * n / (n - 1.0));
        if slope.is_finite() { (slope * self.share_uncoded()).clamp(0.0, 1.0) } else { 0.0 }
    }

    fn estimate(&self, units: &[Unit], design: Design, line: Line) -> CorrectedMean {
        let stand_in = |unit: &Unit| line.intercept + line.slope * unit.prediction;
        // A fitted line has no error left on the coded rows; predictions as they are do.
        let left = (self.mean_gold - line.intercept - line.slope * self.mean_prediction) * self.design / line.total;
        let value = line.intercept + line.slope * self.mean_all + left;
        let influence = |unit: &Unit| {
            let own = unit.weight * (stand_in(unit) - value) / self.all;
            own + unit.gold.map_or(0.0, |y| design_weight(unit, design) * (y - stand_in(unit)) / line.total)
        };
        let mut means = [0.0; 2];
        if design == Design::SimpleRandom {
            units.iter().for_each(|unit| means[usize::from(unit.gold.is_some())] += influence(unit));
            means[0] /= (self.all - self.coded).max(f64::MIN_POSITIVE);
            means[1] /= self.coded;
        }
        let mut of_cluster = vec![0.0; self.n_clusters];
        for unit in units {
            let mean = means[usize::from(unit.gold.is_some())] * unit.weight;
            of_cluster[unit.cluster as usize] += influence(unit) - mean;
        }
        CorrectedMean {
            value,
            variance: of_cluster.iter().map(|sum| sum * sum).sum(),
            power: line.slope * self.share_uncoded(),
            n_coded: self.n_coded,
            n_coded_clusters: self.n_coded_clusters,
            n_fitted: 1,
            design,
            line,
            expansion: self.all / line.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::distributions::normal_quantile;

    /// The rows behind the reference values: truth, score, and whether the score is above one half. Two linear congruential generators,
    /// 60 rows coded, 400 not; every ninth prediction turned round.
    pub(crate) fn reference_rows() -> Vec<(f64, f64, f64)> {
        let stream = |seed: u64| {
            let step = |x: &u64| Some((1_103_515_245 * x + 12_345) % (1 << 31));
            std::iter::successors(Some(seed), step).skip(1).map(|x| x as f64 / 2_147_483_648.0)
        };
        stream(7)
            .zip(stream(11))
            .take(460)
            .enumerate()
            .map(|(i, (u, e))| {
                let truth = f64::from(u8::from(u > 0.6));
                let score = (0.15 + 0.6 * truth + 0.35 * (e - 0.5)).clamp(0.0, 1.0);
                let hard = f64::from(u8::from(score > 0.5));
                if i % 9 == 0 { (truth, 1.0 - score, 1.0 - hard) } else { (truth, score, hard) }
            })
            .collect()
    }

    fn units(prediction: impl Fn(&(f64, f64, f64)) -> f64, per_cluster: usize) -> Vec<Unit> {
        let unit = |(i, row): (usize, &(f64, f64, f64))| Unit {
            prediction: prediction(row),
            gold: (i < 60).then_some(row.0),
            pi: 60.0 / 460.0,
            weight: 1.0,
            cluster: (i / per_cluster) as u32,
        };
        reference_rows().iter().enumerate().map(unit).collect()
    }

    fn wald(mean: CorrectedMean, level: f64) -> [f64; 3] {
        let half = normal_quantile(0.5 + level / 2.0) * mean.variance.sqrt();
        [mean.value, mean.value - half, mean.value + half]
    }

    fn close(found: &[f64], expected: &[f64]) {
        found.iter().zip(expected).for_each(|(a, b)| assert!((a - b).abs() < 1e-9, "{found:?}, not {expected:?}"));
    }

    #[test]
    fn ppi_is_ppi_python_s() {
        // ppi-python 0.2.3, `ppi_mean_pointestimate` and `ppi_mean_ci`, and its classical interval.
        let estimate = |units: &[Unit], reliance| corrected_mean(units, Design::SimpleRandom, reliance).unwrap();
        let hard = units(|row| row.2, 1);
        let tuned = estimate(&hard, Reliance::Tuned);
        assert!((tuned.power - 0.641_509_433_962_264_1).abs() < 1e-9, "{}", tuned.power);
        close(&wald(tuned, 0.95), &[0.372_012_578_616_352_3, 0.285_953_621_799_079_7, 0.458_071_535_433_624_9]);
        close(&wald(tuned, 0.9)[1..], &[0.299_789_625_353_377_1, 0.444_235_531_879_327_46]);
        let plain = estimate(&hard, Reliance::Power(1.0));
        close(&wald(plain, 0.95), &[0.375, 0.276_733_353_946_660_3, 0.473_266_646_053_139_7]);
        let alone = estimate(&hard, Reliance::Power(0.0));
        close(&wald(alone, 0.95), &[0.366_666_666_666_666_64, 0.244_732_797_710_529_42, 0.488_600_535_622_803_87]);

        let soft = units(|row| row.1, 1);
        let tuned = estimate(&soft, Reliance::Tuned);
        assert!((tuned.power - 0.879_159_033_370_387_3).abs() < 1e-9, "{}", tuned.power);
        close(&wald(tuned, 0.95), &[0.388_035_308_487_125_5, 0.295_121_001_365_155_7, 0.480_949_615_609_095_27]);
        let plain = estimate(&soft, Reliance::Power(1.0));
        close(&wald(plain, 0.95), &[0.390_972_441_855_643_4, 0.298_191_292_409_592_86, 0.483_753_591_301_693_93]);
    }

    #[test]
    fn dsl_is_the_r_package_s() {
        // The variance of dsl's helper_dsl_general.R, rows alone and in clusters of five.
        let estimate = |units: &[Unit]| {
            let mean = corrected_mean(units, Design::Known, Reliance::AsTheyAre).unwrap();
            [mean.value, mean.variance.sqrt()]
        };
        close(&estimate(&units(|row| row.2, 1)), &[0.373_913_043_478_260_9, 0.046_901_373_326_812_14]);
        close(&estimate(&units(|row| row.2, 5)), &[0.373_913_043_478_260_9, 0.046_262_954_914_440_955]);
        close(&estimate(&units(|row| row.1, 1)), &[0.387_802_123_352_733_4, 0.047_551_058_243_010_355]);
        close(&estimate(&units(|row| row.1, 5)), &[0.387_802_123_352_733_4, 0.043_598_004_872_680_01]);
    }

    #[test]
    fn cluster_variance_is_cr0() {
        // statsmodels 0.15: OLS of `hard` on index % 2, cov_type "cluster" by index // 5 without correction: the intercept is the mean
        // of the even rows, and its CR0 standard error that of a mean in clusters.
        let even: Vec<Unit> = reference_rows()
            .iter()
            .enumerate()
            .filter(|(i, _)| i % 2 == 0)
            .map(|(i, row)| Unit { prediction: 0.0, gold: Some(row.2), pi: 1.0, weight: 1.0, cluster: (i / 5) as u32 })
            .collect();
        let mean = corrected_mean(&even, Design::SimpleRandom, Reliance::Power(0.0)).unwrap();
        close(&[mean.value, mean.variance.sqrt()], &[0.421_739_130_434_781_23, 0.031_846_027_614_270_89]);
        assert_eq!((mean.n_coded, mean.n_coded_clusters), (230, 92));
    }

    #[test]
    fn when_all_rows_are_coded_the_model_has_no_say() {
        let all: Vec<Unit> = units(|row| row.1, 3)
            .into_iter()
            .map(|unit| Unit { gold: Some(1.0 - unit.prediction.round()), ..unit })
            .collect();
        let tuned = corrected_mean(&all, Design::SimpleRandom, Reliance::Tuned).unwrap();
        let alone = corrected_mean(&all, Design::SimpleRandom, Reliance::Power(0.0)).unwrap();
        assert_eq!(tuned, alone);
    }

    #[test]
    fn pseudo_values_average_to_the_estimate() {
        for design in [Design::SimpleRandom, Design::Known] {
            let units = units(|row| row.1, 1);
            let mean = corrected_mean(&units, design, Reliance::Tuned).unwrap();
            let average = units.iter().map(|unit| mean.pseudo_value(unit)).sum::<f64>() / units.len() as f64;
            assert!((average - mean.value).abs() < 1e-12);
        }
    }

    #[test]
    fn at_the_edges() {
        assert!(corrected_mean(&[], Design::SimpleRandom, Reliance::Tuned).is_none());
        let unit = |gold| Unit { prediction: 0.3, gold, pi: 0.5, weight: 1.0, cluster: 0 };
        assert!(corrected_mean(&[unit(None)], Design::Known, Reliance::Tuned).is_none());
        let constant = [unit(Some(1.0)), unit(None), unit(None)];
        let mean = corrected_mean(&constant, Design::Known, Reliance::Tuned).unwrap();
        assert_eq!((mean.value, mean.power), (1.0, 0.0), "a constant prediction tells nothing");
    }

    #[test]
    fn a_row_that_weighs_two_is_two_rows_of_one_cluster() {
        let mut once = units(|row| row.1, 1);
        once.iter_mut().step_by(4).for_each(|unit| unit.weight = 2.0);
        let twice: Vec<Unit> = once
            .iter()
            .flat_map(|unit| std::iter::repeat_n(Unit { weight: 1.0, ..*unit }, unit.weight as usize))
            .collect();
        for design in [Design::SimpleRandom, Design::Known] {
            let mean = |units: &[Unit]| corrected_mean(units, design, Reliance::Power(0.5)).unwrap();
            close(&[mean(&once).value, mean(&once).variance], &[mean(&twice).value, mean(&twice).variance]);
        }
    }
}
