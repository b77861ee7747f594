//! A plot as SVG: both axes logarithmic, one colour and one mark a curve, names beside the lines' ends.

use super::Plot;
use anyhow::Context;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const SIZE: (u32, u32) = (860, 500);
/// Room for the names at the right.
const NAMES: u32 = 190;
const ROW: i32 = 18;
const FONT: &str = "sans-serif";
/// Marks on the curves, up to so many points; more would hide the line.
const MARKED_MAX: usize = 12;
/// Who has which colour in every picture, by how the name begins. Told apart by people who do not see red and green alike
/// (Okabe and Ito).
const COLOURS: [(&str, RGBColor); 7] = [
    ("scoped, each", RGBColor(86, 180, 233)),
    ("scoped, 32 ", RGBColor(0, 60, 110)),
    ("scoped", RGBColor(0, 114, 178)),
    ("floor", RGBColor(110, 110, 110)),
    ("sqlite", RGBColor(213, 94, 0)),
    ("redb", RGBColor(0, 158, 115)),
    ("fjall", RGBColor(204, 121, 167)),
];

/// Draws it, with a line about the machine below.
///
/// # Errors
/// When there is nothing to be drawn.
pub(super) fn svg(plot: &Plot, about: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        paint(plot, about, &area).map_err(|error| anyhow::anyhow!("{error}"))?;
        area.present()?;
    }
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn paint(plot: &Plot, about: &str, area: &Area<'_>) -> anyhow::Result<()> {
    area.fill(&WHITE)?;
    let points = || plot.curves.iter().flat_map(|curve| &curve.points);
    let (left, right) = span(points().map(|point| point.0)).context("a plot without points")?;
    let (bottom, top) = span(points().map(|point| point.1)).context("a plot without points")?;
    let grey = RGBColor(110, 110, 110);
    let small = (FONT, 12).into_font().color(&grey);
    area.draw(&Text::new(about.to_owned(), (16, SIZE.1 as i32 - 22), small.clone()))?;
    area.draw(&Text::new(plot.title.clone(), (16, 12), (FONT, 17).into_font().color(&BLACK)))?;
    let mut chart = ChartBuilder::on(area)
        .margin_top(44)
        .margin_right(NAMES)
        .margin_bottom(30)
        .margin_left(8)
        .x_label_area_size(44)
        .y_label_area_size(76)
        .build_cartesian_2d(
            (left * 0.85..right * 1.18).log_scale().base(f64::from(plot.x.base)),
            (decade(bottom, false)..decade(top, true)).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc(plot.x.name)
        .y_desc(plot.y)
        .x_label_formatter(&|x| short(*x))
        .x_max_light_lines(1)
        .y_label_formatter(&|y| short(*y))
        .label_style((FONT, 12))
        .axis_desc_style((FONT, 13))
        .bold_line_style(RGBColor(205, 205, 205))
        .light_line_style(RGBColor(240, 240, 240))
        .draw()?;
    let mut ends = Vec::new();
    for curve in &plot.curves {
        let known = COLOURS.iter().find(|(name, _)| curve.name.starts_with(name));
        let colour = known.map_or(BLACK, |(_, colour)| *colour);
        let line = ShapeStyle { color: colour.to_rgba(), filled: false, stroke_width: 2 };
        chart.draw_series(LineSeries::new(curve.points.iter().copied(), line))?;
        if curve.points.len() <= MARKED_MAX {
            chart.draw_series(curve.points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
        }
        if let Some(last) = curve.points.last() {
            ends.push((chart.backend_coord(last), curve.name.as_str(), colour));
        }
    }
    // Names stand beside the ends of their lines, pushed down where they would cover each other.
    ends.sort_by_key(|(at, _, _)| at.1);
    let mut free = i32::MIN;
    for ((_, y), name, colour) in ends {
        let y = y.max(free);
        free = y + ROW;
        let style = (FONT, 14).into_font().color(&colour).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(name.to_owned(), ((SIZE.0 - NAMES) as i32 + 8, y), style))?;
    }
    Ok(())
}

/// The least and the greatest.
fn span(of: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    of.filter(|value| value.is_finite() && *value > 0.0).fold(None, |span, value| {
        let (least, most) = span.unwrap_or((value, value));
        Some((least.min(value), most.max(value)))
    })
}

/// The power of ten below or above.
fn decade(value: f64, above: bool) -> f64 {
    let power = value.log10();
    10f64.powf(if above { power.ceil() } else { power.floor() })
}

/// A number in few letters: `512`, `4 Ki`, `20 k`, `3 M`.
fn short(number: f64) -> String {
    match number.round() {
        of if of < 1e3 => of.to_string(),
        of if of % 1_024.0 == 0.0 => format!("{} Ki", of / 1_024.0),
        of if of < 1e6 => format!("{} k", of / 1e3),
        of => format!("{} M", of / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plots::{Axis, Curve};

    #[test]
    fn a_plot_without_points_is_an_error_and_no_empty_picture() {
        let curves = vec![Curve { name: "nobody".to_owned(), points: Vec::new() }];
        let plot =
            Plot { file: "none.svg", title: String::new(), x: Axis { name: "x", base: 10 }, y: "y", curves };
        assert_eq!(
            svg(&plot, "").map_err(|error| error.to_string()),
            Err("a plot without points".to_owned())
        );
    }

    #[test]
    fn axes_begin_and_end_at_powers_of_ten_and_their_marks_are_short() {
        assert_eq!([1.0, 512.0, 4_096.0, 20_000.0, 3e6].map(short), ["1", "512", "4 Ki", "20 k", "3 M"]);
        assert_eq!((decade(3_200.0, false), decade(410_000.0, true)), (1_000.0, 1_000_000.0));
    }
}
