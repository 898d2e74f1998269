//! The canvas that all charts share: plotters writes the SVG, the page's style gives it its colours.
//!
//! Colours here are names: `style.css` finds each by its value and puts the one in its place that fits a light, dark or
//! printed page.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde::Serialize;

use crate::error::{Error, Result};

pub(super) const INK: RGBColor = RGBColor(0, 0, 1);
pub(super) const MUTED: RGBColor = RGBColor(0, 0, 2);
pub(super) const FIRST: RGBColor = RGBColor(0, 0, 3);
pub(super) const GRID: RGBColor = RGBColor(0, 0, 4);
pub(super) const SECOND: RGBColor = RGBColor(0, 0, 5);
pub(super) const THIRD: RGBColor = RGBColor(0, 0, 6);

/// Size of the text in charts, in pixels.
const TEXT: u32 = 13;

/// A finished chart.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Chart {
    title: String,
    svg: String,
}

/// What a chart is called, and what it shows, for those who do not see it.
pub(super) struct Named<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub description: &'a str,
}

/// Where the plot stands in the chart, and what its axes measure.
pub(super) struct Frame {
    pub size: (u32, u32),
    /// Space beside the plot: left, right, bottom.
    pub space: (u32, u32, u32),
    pub x: (f64, f64),
    pub y: (f64, f64),
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plane<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// A plot with marks placed by their values.
pub(super) struct Plot<'a, 'b> {
    plane: Plane<'a, 'b>,
    frame: &'a Frame,
}

/// Draws a chart and gives it its names.
pub(super) fn chart(named: &Named<'_>, frame: &Frame, draw: impl FnOnce(&Plot<'_, '_>) -> Result<()>) -> Result<Chart> {
    let mut svg = String::new();
    {
        let area: Area<'_> = SVGBackend::with_string(&mut svg, frame.size).into_drawing_area();
        let (left, right, bottom) = frame.space;
        let plane = ChartBuilder::on(&area)
            .margin_top(10)
            .margin_right(right)
            .x_label_area_size(bottom)
            .y_label_area_size(left)
            .build_cartesian_2d(frame.x.0..frame.x.1, frame.y.0..frame.y.1)
            .map_err(failed)?;
        draw(&Plot { plane, frame })?;
        area.present().map_err(failed)?;
    }
    Ok(Chart { title: named.title.to_owned(), svg: with_names(&svg, named, frame.size) })
}

/// Puts the names where screen readers look for them. Plotters escapes what it is given; these are escaped here.
fn with_names(svg: &str, named: &Named<'_>, (width, height): (u32, u32)) -> String {
    let shapes = svg.split_once(">\n").map_or(svg, |(_, shapes)| shapes).replace(" opacity=\"1\"", "");
    let (title, description) = (html_escape::encode_text(named.title), html_escape::encode_text(named.description));
    let id = named.id;
    format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-labelledby=\"{id}-t {id}-d\">\n<title id=\"{id}-t\">{title}</title>\n\
         <desc id=\"{id}-d\">{description}</desc>\n{shapes}"
    )
}

fn failed<E: std::error::Error + Send + Sync + 'static>(error: DrawingAreaErrorKind<E>) -> Error {
    Error::io("draw a chart", std::io::Error::other(error))
}

/// On which side of its point a text stands.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Left,
    Right,
    Below,
}

impl<'b> Plot<'_, 'b> {
    fn draw<E>(&self, element: &E) -> Result<()>
    where
        for<'e> &'e E: PointCollection<'e, (f64, f64)>,
        E: Drawable<SVGBackend<'b>>,
    {
        self.plane.plotting_area().draw(element).map_err(failed)
    }

    /// A straight line, or one with corners.
    pub fn line(&self, points: Vec<(f64, f64)>, colour: RGBColor, width: u32) -> Result<()> {
        self.draw(&PathElement::new(points, colour.stroke_width(width)))
    }

    /// A disc.
    pub fn disc(&self, at: (f64, f64), radius: i32, colour: RGBColor) -> Result<()> {
        self.draw(&Circle::new(at, radius, colour.filled()))
    }

    /// A hollow circle.
    pub fn ring(&self, at: (f64, f64), radius: i32, colour: RGBColor) -> Result<()> {
        self.draw(&Circle::new(at, radius, colour.stroke_width(1)))
    }

    /// A short upright line, in pixels about its point.
    pub fn tick(&self, at: (f64, f64), half: i32, colour: RGBColor) -> Result<()> {
        let mark = PathElement::new(vec![(0, -half), (0, half)], colour.stroke_width(2));
        self.draw(&(EmptyElement::at(at) + mark))
    }

    /// A bar from one corner to the opposite one.
    pub fn bar(&self, corners: [(f64, f64); 2], colour: RGBColor) -> Result<()> {
        self.draw(&Rectangle::new(corners, colour.filled()))
    }

    /// A text beside a point, `away` pixels from it.
    pub fn text(&self, text: &str, at: (f64, f64), side: Side, away: i32, colour: RGBColor) -> Result<()> {
        let (anchor, offset) = match side {
            Side::Left => (Pos::new(HPos::Right, VPos::Center), (-away, 0)),
            Side::Right => (Pos::new(HPos::Left, VPos::Center), (away, 0)),
            Side::Below => (Pos::new(HPos::Center, VPos::Top), (0, away)),
        };
        let style = ("sans-serif", TEXT).into_font().color(&colour).pos(anchor);
        self.draw(&(EmptyElement::at(at) + Text::new(text.to_owned(), offset, style)))
    }

    /// Lines across the plot at values of x, with labels below, and the axis' name below these.
    pub fn x_axis(&self, ticks: &[f64], label: impl Fn(f64) -> String, name: &str) -> Result<()> {
        let (low, high) = self.frame.y;
        for tick in ticks {
            self.line(vec![(*tick, low), (*tick, high)], GRID, 1)?;
            self.text(&label(*tick), (*tick, low), Side::Below, 10, MUTED)?;
        }
        let middle = f64::midpoint(self.frame.x.0, self.frame.x.1);
        self.text(name, (middle, low), Side::Below, 30, MUTED)
    }

    /// Lines across the plot at values of y, with labels to the left.
    pub fn y_axis(&self, ticks: &[f64], label: impl Fn(f64) -> String) -> Result<()> {
        let (low, high) = self.frame.x;
        for tick in ticks {
            self.line(vec![(low, *tick), (high, *tick)], GRID, 1)?;
            self.text(&label(*tick), (low, *tick), Side::Left, 6, MUTED)?;
        }
        Ok(())
    }
}

/// Round steps from 0 until `most` is covered, six at the most.
pub(super) fn steps(most: f64) -> Vec<f64> {
    const WIDTHS: [f64; 6] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25];
    let width = WIDTHS.into_iter().find(|width| most <= 5.0 * width).unwrap_or(0.25);
    let n = (most / width - 1e-9).ceil().max(1.0) as usize;
    (0..=n).map(|i| i as f64 * width).collect()
}

/// Text short enough for the space beside a plot; the table has all of it.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_cover_what_they_must() {
        assert_eq!(steps(0.0), [0.0, 0.01]);
        let found: Vec<String> = steps(0.31).iter().map(|x| format!("{x:.1}")).collect();
        assert_eq!(found, ["0.0", "0.1", "0.2", "0.3", "0.4"]);
        assert_eq!(steps(1.0).len(), 6);
        assert_eq!(shortened("Gazette", 5), "Gaze…");
    }

    #[test]
    fn text_in_charts_is_escaped() {
        let named = Named { id: "c", title: "<b>", description: "\"&" };
        let frame = Frame { size: (100, 100), space: (10, 10, 10), x: (0.0, 1.0), y: (0.0, 1.0) };
        let chart = chart(&named, &frame, |plot| plot.text("</svg><script>", (0.0, 0.0), Side::Left, 4, INK)).unwrap();
        assert!(chart.svg.contains("&lt;/svg&gt;&lt;script&gt;") && chart.svg.contains("&lt;b&gt;"));
        assert!(!chart.svg.contains("<script>") && chart.svg.matches("</svg>").count() == 1);
    }
}
