//! Truncated Newton: Newton's method whose steps are solved only as far as they help, by conjugate gradients.
//!
//! Source: Nocedal & Wright (2006), Numerical Optimization, algorithm 7.1; Lin, Weng & Keerthi (2008), JMLR 9, for the
//! logistic case. Preconditioned by the diagonal of the Hessian (Jacobi).
//!
//! The frames of a model share the matrix, and fetching it is a good part of the time. So their descents walk side by side: in
//! each round every one of them names a vector, all vectors are multiplied by the matrix together, and then by its transpose.
//! No descent sees another's numbers, and each does exactly what it would do alone. What goes over features goes by the matrix's columns here.

use rayon::prelude::*;

use super::vectors::{add_scaled, change, collect, dot, norm, sum, sum_of};
use crate::error::{ErrorKind, Result};
use crate::features::{FeatureMatrix, Operand};
use crate::stats::{log_loss_of_margin, sigmoid};

/// Conjugate-gradient steps within one Newton step, at most.
const MAX_INNER: usize = 200;
/// Halvings of a step before the search along it is given up.
const MAX_HALVINGS: usize = 40;

/// One frame's problem: `Σ cᵢ (tᵢ log(1 + exp(-zᵢ)) + (1 - tᵢ) log(1 + exp(zᵢ))) + α/2 Σⱼ (wⱼ/sⱼ)²` with `z = X w + b`.
///
/// It is solved in `v = w/s`, where the penalty is round. Points are in v, except where they come in and go out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Objective<'a> {
    /// `tᵢ`, in [0, 1]: 1 where the frame is present, 0 where it is not; length n_samples.
    pub targets: &'a [f64],
    /// `cᵢ`: 0 where the row is not coded for this frame; length n_samples.
    pub weights: &'a [f64],
    pub alpha: f64,
    /// `sⱼ`, above 0; length n_features, or `None` for all 1.
    pub scale: Option<&'a [f64]>,
    /// Where to begin, if not at the origin.
    pub start: Option<&'a Point>,
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

/// When a descent ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopping {
    /// The gradient's norm, as a share of its norm at zero weights.
    pub tolerance: f64,
    /// Newton steps after which it is given up.
    pub max_iterations: usize,
}

/// Minimises several objectives over one matrix of shape (n_samples, n_features), with the solutions in the same order.
///
/// # Errors
/// [`ErrorKind::NotConverged`], of the first that did not.
pub(crate) fn minimise(
    matrix: &FeatureMatrix,
    objectives: &[Objective<'_>],
    stopping: Stopping,
) -> Result<Vec<Solution>> {
    let n_features = matrix.n_features();
    let mut descents: Vec<Descent<'_>> =
        objectives.iter().map(|objective| Descent::new(*objective, stopping, n_features)).collect();
    loop {
        let mut beginning: Vec<&mut Descent<'_>> = descents.iter_mut().filter(|one| one.turn == Turn::Begin).collect();
        let curvatures: Vec<&[f64]> = beginning.iter().map(|one| &one.curvature[..]).collect();
        let diagonals = matrix.curvatures(&curvatures);
        beginning.par_iter_mut().zip(diagonals).for_each(|(one, diagonal)| one.begin(diagonal));

        let mut moving: Vec<&mut Descent<'_>> = descents.iter_mut().filter(|one| one.wants_product()).collect();
        let operands: Vec<Operand<'_>> = moving.iter().map(|one| one.operand()).collect();
        let products = matrix.products(&operands);
        moving.par_iter_mut().zip(products).for_each(|(one, product)| one.forward(product));

        let mut waiting: Vec<&mut Descent<'_>> = descents.iter_mut().filter(|one| one.is_running()).collect();
        if waiting.is_empty() {
            break;
        }
        let pulls: Vec<&[f64]> = waiting.iter().map(|one| &one.pull[..]).collect();
        let products = matrix.transposed_products(&pulls);
        waiting.par_iter_mut().zip(products).for_each(|(one, product)| one.backward(product));
    }
    descents.into_iter().map(Descent::end).collect()
}

/// What a descent does in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Asks for the gradient at zero weights, the measure of all others.
    Origin,
    /// Asks for the gradient at the point it starts from.
    Start,
    /// Asks for the Hessian's diagonal, to begin a Newton step.
    Begin,
    /// Asks for a product with the Hessian, to solve for the step.
    Solve,
    /// Takes the step, and asks for the gradient where it leads.
    Step,
    Arrived,
    Failed,
}

/// One objective's way down.
struct Descent<'a> {
    objective: Objective<'a>,
    stopping: Stopping,
    turn: Turn,
    point: Point,
    /// Decision values at the point; length n_samples, as all vectors but `point` and those of `Conjugate`.
    z: Vec<f64>,
    value: f64,
    iterations: usize,
    gradient: Point,
    gradient_norm: f64,
    at_origin: f64,
    wanted: f64,
    /// Second derivatives of the loss at the point.
    curvature: Vec<f64>,
    /// What the transposed matrix is to be multiplied by.
    pull: Vec<f64>,
    solver: Conjugate,
}

/// Conjugate gradients on `H s = -g`, preconditioned.
#[derive(Default)]
struct Conjugate {
    preconditioner: Point,
    step: Point,
    residual: Point,
    direction: Point,
    size: f64,
    enough: f64,
    iterations: usize,
}

impl<'a> Descent<'a> {
    fn new(objective: Objective<'a>, stopping: Stopping, n_features: usize) -> Self {
        let mut descent = Descent {
            objective,
            stopping,
            turn: Turn::Origin,
            point: vec![0.0; n_features + 1],
            z: vec![0.0; objective.targets.len()],
            value: 0.0,
            iterations: 0,
            gradient: Point::new(),
            gradient_norm: 0.0,
            at_origin: 0.0,
            wanted: 0.0,
            curvature: Vec::new(),
            pull: Vec::new(),
            solver: Conjugate::default(),
        };
        descent.value = descent.value_at(&descent.point, &descent.z);
        descent.pull = descent.residuals();
        descent
    }

    fn wants_product(&self) -> bool {
        matches!(self.turn, Turn::Start | Turn::Solve | Turn::Step)
    }

    fn is_running(&self) -> bool {
        !matches!(self.turn, Turn::Arrived | Turn::Failed)
    }

    /// The vector of this round, its intercept last.
    fn moving(&self) -> &Point {
        match self.turn {
            Turn::Solve => &self.solver.direction,
            Turn::Step => &self.solver.step,
            _ => &self.point,
        }
    }

    fn operand(&self) -> Operand<'_> {
        let (_, v) = self.moving().split_last().expect("a point has an intercept");
        Operand { v, scale: self.objective.scale }
    }

    /// Takes `X v` of the round's vector, and says in `pull` what it wants multiplied by `Xᵀ`.
    fn forward(&mut self, mut product: Vec<f64>) {
        let intercept = *self.moving().last().expect("a point has an intercept");
        change(&mut product, |_, z| *z += intercept);
        match self.turn {
            Turn::Solve => {
                change(&mut product, |i, z| *z *= self.curvature[i]);
                self.pull = product;
                return;
            }
            Turn::Step => self.take_step(&product),
            _ => {
                self.z = product;
                self.value = self.value_at(&self.point, &self.z);
            }
        }
        self.pull = self.residuals();
    }

    /// Takes `Xᵀ u` of what `pull` was.
    fn backward(&mut self, product: Vec<f64>) {
        let pulled = self.pulled(product);
        match self.turn {
            Turn::Solve => self.solve(&pulled),
            Turn::Origin => {
                self.at_origin = norm(&pulled);
                // Where the classes balance exactly, the gradient at the origin is rounding, and no share of it can be reached.
                let rounding = 1e-12 * sum(self.objective.weights);
                self.wanted = (self.stopping.tolerance * self.at_origin).max(rounding);
                match self.objective.start {
                    None => self.arrive(pulled),
                    Some(start) => {
                        self.point = self.rescaled(start, |w, s| w / s);
                        self.turn = Turn::Start;
                    }
                }
            }
            _ => self.arrive(pulled),
        }
    }

    /// `s ∘ Xᵀ u + α v` for the features, `Σ u` for the intercept: the last entry of `v`, which takes no part.
    fn pulled(&self, mut product: Vec<f64>) -> Point {
        let alpha = self.objective.alpha;
        // A step was taken before its gradient is asked for: that is where the point is now.
        let v = if self.turn == Turn::Solve { &self.solver.direction } else { &self.point };
        match self.objective.scale {
            None => change(&mut product, |j, g| *g += alpha * v[j]),
            Some(scale) => change(&mut product, |j, g| *g = *g * scale[j] + alpha * v[j]),
        }
        product.push(sum(&self.pull));
        product
    }

    /// Is at a point whose gradient is known: ends there, or begins a Newton step.
    fn arrive(&mut self, gradient: Point) {
        self.gradient_norm = norm(&gradient);
        self.gradient = gradient;
        if self.gradient_norm <= self.wanted {
            self.turn = Turn::Arrived;
        } else if self.iterations == self.stopping.max_iterations {
            self.turn = Turn::Failed;
        } else {
            self.iterations += 1;
            let (z, weights) = (&self.z, self.objective.weights);
            self.curvature = collect(z.len(), |i| {
                let p = sigmoid(z[i]);
                weights[i] * p * (1.0 - p)
            });
            self.turn = Turn::Begin;
        }
    }

    /// Begins to solve for a Newton step, with the diagonal of `Xᵀ diag(d) X`.
    fn begin(&mut self, mut diagonal: Vec<f64>) {
        let alpha = self.objective.alpha;
        match self.objective.scale {
            None => change(&mut diagonal, |_, m| *m += alpha),
            Some(scale) => change(&mut diagonal, |j, m| *m = *m * (scale[j] * scale[j]) + alpha),
        }
        diagonal.push(sum(&self.curvature).max(f64::MIN_POSITIVE));
        let residual: Point = collect(self.gradient.len(), |j| -self.gradient[j]);
        let direction: Point = collect(residual.len(), |j| residual[j] / diagonal[j]);
        let size = dot(&residual, &direction);
        // Far from the solution a rough direction is as good as an exact one.
        let forcing = (self.gradient_norm / self.at_origin).sqrt().min(0.1);
        let enough = forcing * forcing * size;
        let step = vec![0.0; residual.len()];
        self.solver = Conjugate { preconditioner: diagonal, step, residual, direction, size, enough, iterations: 0 };
        self.turn = Turn::Solve;
    }

    /// One step of the conjugate gradients, of whose direction `product` is the product with the Hessian.
    fn solve(&mut self, product: &[f64]) {
        let Conjugate { preconditioner, step, residual, direction, size, enough, iterations } = &mut self.solver;
        let bend = dot(direction, product);
        if bend <= 0.0 {
            self.turn = Turn::Step;
            return;
        }
        let length = *size / bend;
        add_scaled(step, length, direction);
        add_scaled(residual, -length, product);
        let next = sum_of(residual, preconditioner, |r, m| r * (r / m));
        *iterations += 1;
        if next <= *enough {
            self.turn = Turn::Step;
            return;
        }
        let keep = next / *size;
        *size = next;
        change(direction, |j, d| *d = residual[j] / preconditioner[j] + keep * *d);
        if *iterations == MAX_INNER {
            self.turn = Turn::Step;
        }
    }

    /// Goes along the solver's step, which changes the decision values by `dz`, as far as the objective falls.
    fn take_step(&mut self, dz: &[f64]) {
        let Conjugate { step, .. } = std::mem::take(&mut self.solver);
        let slope = dot(&self.gradient, &step);
        let mut length = 1.0;
        for _ in 0..MAX_HALVINGS {
            let next: Point = collect(step.len(), |j| self.point[j] + length * step[j]);
            let next_z: Vec<f64> = collect(dz.len(), |i| self.z[i] + length * dz[i]);
            let value = self.value_at(&next, &next_z);
            // Near the solution the gain drowns in rounding; a step that loses nothing visible is taken.
            let rounding = 1e-13 * self.value.abs();
            if value <= self.value + 1e-4 * length * slope + rounding {
                (self.point, self.z, self.value) = (next, next_z, value);
                return;
            }
            length *= 0.5;
        }
        self.turn = Turn::Failed;
    }

    /// The objective at a point with decision values `z`.
    fn value_at(&self, point: &[f64], z: &[f64]) -> f64 {
        let Objective { targets, weights, alpha, .. } = self.objective;
        let losses = collect(z.len(), |i| if weights[i] > 0.0 { weights[i] * log_loss(targets[i], z[i]) } else { 0.0 });
        let (_, features) = point.split_last().expect("a point has an intercept");
        sum(&losses) + 0.5 * alpha * dot(features, features)
    }

    /// The loss's first derivatives by the decision values.
    fn residuals(&self) -> Vec<f64> {
        let Objective { targets, weights, .. } = self.objective;
        collect(self.z.len(), |i| weights[i] * (sigmoid(self.z[i]) - targets[i]))
    }

    fn rescaled(&self, point: &[f64], rescale: impl Fn(f64, f64) -> f64 + Sync + Send) -> Point {
        let mut point = point.to_vec();
        if let Some(scale) = self.objective.scale {
            change(&mut point[..scale.len()], |j, x| *x = rescale(*x, scale[j]));
        }
        point
    }

    fn end(self) -> Result<Solution> {
        let Descent { iterations, gradient_norm, wanted, value, .. } = self;
        if self.turn == Turn::Failed {
            return Err(ErrorKind::NotConverged { iterations, gradient_norm, wanted }.into());
        }
        let point = self.rescaled(&self.point, |v, s| v * s);
        Ok(Solution { point, iterations, gradient_norm, objective: value })
    }
}

/// `t log(1 + exp(-z)) + (1 - t) log(1 + exp(z))`, without overflow.
fn log_loss(t: f64, z: f64) -> f64 {
    // What is certain has one logarithm, and keeps its last bit.
    if t >= 1.0 {
        log_loss_of_margin(z)
    } else if t <= 0.0 {
        log_loss_of_margin(-z)
    } else {
        t * log_loss_of_margin(z) + (1.0 - t) * log_loss_of_margin(-z)
    }
}
