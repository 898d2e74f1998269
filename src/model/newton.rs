//! Truncated Newton: Newton's method whose steps are solved only as far as they help, by conjugate gradients.
//!
//! Source: Nocedal & Wright (2006), Numerical Optimization, algorithm 7.1; Lin, Weng & Keerthi (2008), JMLR 9, for the
//! logistic case. Preconditioned by the diagonal of the Hessian (Jacobi).

use crate::error::{ErrorKind, Result};
use crate::features::FeatureMatrix;
use crate::stats::{log_loss_of_margin, sigmoid};

/// Conjugate-gradient steps within one Newton step, at most.
const MAX_INNER: usize = 200;
/// Halvings of a step before the search along it is given up.
const MAX_HALVINGS: usize = 40;

/// One frame's problem: `Σ cᵢ log(1 + exp(-yᵢ zᵢ)) + α/2 Σⱼ (wⱼ/sⱼ)²` with `z = X w + b`.
///
/// It is solved in `v = w/s`, where the penalty is round. Points are in v, except where they come in and go out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Objective<'a> {
    pub matrix: &'a FeatureMatrix,
    /// 1 where the frame is present, 0 elsewhere; length n_samples.
    pub targets: &'a [f64],
    /// `cᵢ`: 0 where the row is not coded for this frame; length n_samples.
    pub weights: &'a [f64],
    pub alpha: f64,
    /// `sⱼ`, above 0; length n_features, or `None` for all 1.
    pub scale: Option<&'a [f64]>,
}

/// A point: weights of the features, with the intercept as the last entry.
pub type Point = Vec<f64>;

/// Where the solver stopped.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Solution {
    pub point: Point,
    pub iterations: usize,
    pub gradient_norm: f64,
    pub objective: f64,
}

impl Objective<'_> {
    fn decisions(&self, point: &[f64]) -> Vec<f64> {
        let (intercept, weights) = point.split_last().expect("a point has an intercept");
        let mut z = match self.scale {
            None => self.matrix.product(weights),
            Some(scale) => self.matrix.product(&weights.iter().zip(scale).map(|(v, s)| v * s).collect::<Vec<_>>()),
        };
        z.iter_mut().for_each(|z| *z += intercept);
        z
    }

    fn value(&self, point: &[f64], z: &[f64]) -> f64 {
        let loss: f64 = z
            .iter()
            .zip(self.targets)
            .zip(self.weights)
            .filter(|(_, c)| **c > 0.0)
            .map(|((z, t), c)| c * log_loss_of_margin(if *t > 0.5 { *z } else { -z }))
            .sum();
        let (_, weights) = point.split_last().expect("a point has an intercept");
        loss + 0.5 * self.alpha * dot(weights, weights)
    }

    fn gradient(&self, point: &[f64], proba: &[f64]) -> Point {
        let residuals: Vec<f64> =
            proba.iter().zip(self.targets).zip(self.weights).map(|((p, t), c)| c * (p - t)).collect();
        self.pull_back(&residuals, point)
    }

    /// `s ∘ Xᵀ u + α v` for the features, `Σ u` for the intercept: the last entry of `v`, which `zip` leaves out.
    fn pull_back(&self, u: &[f64], v: &[f64]) -> Point {
        let mut out = self.matrix.transposed_product(u);
        if let Some(scale) = self.scale {
            out.iter_mut().zip(scale).for_each(|(g, s)| *g *= s);
        }
        out.iter_mut().zip(v).for_each(|(g, v)| *g += self.alpha * v);
        out.push(u.iter().sum());
        out
    }

    /// Minimises from `start`, until the gradient's norm is `tolerance` times its norm at zero weights.
    pub(crate) fn minimise(&self, start: Option<&Point>, tolerance: f64, max_iterations: usize) -> Result<Solution> {
        let n_features = self.matrix.n_features();
        let origin = vec![0.0; n_features + 1];
        let at_origin = norm(&self.gradient(&origin, &vec![0.5; self.targets.len()]));
        // Where the classes balance exactly, the gradient at the origin is rounding, and no share of it can be reached.
        let rounding = 1e-12 * self.weights.iter().sum::<f64>();
        let wanted = (tolerance * at_origin).max(rounding);

        let mut point = start.map_or(origin, |weights| self.rescaled(weights, |w, s| w / s));
        let mut z = self.decisions(&point);
        let mut objective = self.value(&point, &z);
        let mut iterations = 0;
        loop {
            let proba: Vec<f64> = z.iter().map(|z| sigmoid(*z)).collect();
            let gradient = self.gradient(&point, &proba);
            let gradient_norm = norm(&gradient);
            if gradient_norm <= wanted {
                let point = self.rescaled(&point, |v, s| v * s);
                return Ok(Solution { point, iterations, gradient_norm, objective });
            }
            let failed = ErrorKind::NotConverged { iterations, gradient_norm, wanted };
            if iterations == max_iterations {
                return Err(failed.into());
            }
            iterations += 1;

            let curvature: Vec<f64> = proba.iter().zip(self.weights).map(|(p, c)| c * p * (1.0 - p)).collect();
            // Far from the solution a rough direction is as good as an exact one.
            let forcing = (gradient_norm / at_origin).sqrt().min(0.1);
            let step = self.direction(&gradient, &curvature, forcing);
            let dz = self.decisions(&step);
            let slope = dot(&gradient, &step);
            let mut length = 1.0;
            let taken = (0..MAX_HALVINGS).find_map(|_| {
                let next: Point = point.iter().zip(&step).map(|(w, s)| w + length * s).collect();
                let next_z: Vec<f64> = z.iter().zip(&dz).map(|(z, d)| z + length * d).collect();
                let value = self.value(&next, &next_z);
                // Near the solution the gain drowns in rounding; a step that loses nothing visible is taken.
                let rounding = 1e-13 * objective.abs();
                if value <= objective + 1e-4 * length * slope + rounding {
                    return Some((next, next_z, value));
                }
                length *= 0.5;
                None
            });
            (point, z, objective) = taken.ok_or(failed)?;
        }
    }

    /// Solves `H s = -g` by preconditioned conjugate gradients until the residual is `forcing` times the right-hand side.
    fn direction(&self, gradient: &[f64], curvature: &[f64], forcing: f64) -> Point {
        let mut preconditioner = self.matrix.curvature(curvature);
        if let Some(scale) = self.scale {
            preconditioner.iter_mut().zip(scale).for_each(|(m, s)| *m *= s * s);
        }
        preconditioner.iter_mut().for_each(|m| *m += self.alpha);
        preconditioner.push(curvature.iter().sum::<f64>().max(f64::MIN_POSITIVE));

        let mut step = vec![0.0; gradient.len()];
        let mut residual: Point = gradient.iter().map(|g| -g).collect();
        let precondition = |r: &[f64]| -> Point { r.iter().zip(&preconditioner).map(|(r, m)| r / m).collect() };
        let mut towards = precondition(&residual);
        let mut size = dot(&residual, &towards);
        let enough = forcing * forcing * size;
        let mut direction = towards.clone();
        for _ in 0..MAX_INNER {
            let product = self.hessian_product(&direction, curvature);
            let bend = dot(&direction, &product);
            if bend <= 0.0 {
                break;
            }
            let length = size / bend;
            add_scaled(&mut step, length, &direction);
            add_scaled(&mut residual, -length, &product);
            towards = precondition(&residual);
            let next = dot(&residual, &towards);
            if next <= enough {
                break;
            }
            let keep = next / size;
            size = next;
            direction.iter_mut().zip(&towards).for_each(|(d, t)| *d = t + keep * *d);
        }
        step
    }

    fn rescaled(&self, point: &[f64], rescale: impl Fn(f64, f64) -> f64) -> Point {
        let mut point = point.to_vec();
        if let Some(scale) = self.scale {
            point.iter_mut().zip(scale).for_each(|(x, s)| *x = rescale(*x, *s));
        }
        point
    }

    fn hessian_product(&self, v: &[f64], curvature: &[f64]) -> Point {
        let mut u = self.decisions(v);
        u.iter_mut().zip(curvature).for_each(|(u, d)| *u *= d);
        self.pull_back(&u, v)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn add_scaled(sum: &mut [f64], factor: f64, v: &[f64]) {
    sum.iter_mut().zip(v).for_each(|(s, v)| *s += factor * v);
}
