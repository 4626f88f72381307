//! Draws the charts as SVG.

use std::error::Error;
use std::fs;
use std::path::Path;

use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::{
    BLACK, ChartBuilder, Circle, EmptyElement, IntoDrawingArea as _, IntoLogRange as _, LineSeries, PathElement,
    RGBColor, SVGBackend, SeriesLabelPosition, WHITE,
};
use plotters::style::{Color as _, IntoFont as _};

use crate::Failed;
use crate::measurement::{Chart, Series};

/// Beside the page, the folder of the charts.
pub const FOLDER: &str = "performance";
const SIZE: (u32, u32) = (880, 420);
/// Told apart also by those who see few colours (Okabe and Ito).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
];

type Drawn<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What a chart shows.
pub fn title(chart: Chart) -> &'static str {
    match chart {
        Chart::Memory => "Resident memory over the number of integrations",
        Chart::Requests => "Requests to the tenant in one resync over the number of integrations",
        Chart::Tenants => "Growth over the number of tenants, ten integrations each",
        Chart::TimeToReady => "Time to Ready, by percentile",
    }
}

fn axes(chart: Chart) -> (&'static str, &'static str) {
    match chart {
        Chart::Memory => ("integrations", "MiB"),
        Chart::Requests => ("integrations", "requests"),
        Chart::Tenants => ("tenants", ""),
        Chart::TimeToReady => ("percent of the integrations", "seconds"),
    }
}

fn file(chart: Chart) -> &'static str {
    match chart {
        Chart::Memory => "memory.svg",
        Chart::Requests => "requests.svg",
        Chart::Tenants => "tenants.svg",
        Chart::TimeToReady => "time-to-ready.svg",
    }
}

/// The lines of one chart: those of one name are one line, from left to right.
pub fn merged(all: &[Series], chart: Chart) -> Vec<Series> {
    let mut lines: Vec<Series> = Vec::new();
    for series in all.iter().filter(|series| series.chart == chart) {
        match lines.iter_mut().find(|line| line.name == series.name) {
            Some(line) => line.points.extend(&series.points),
            None => lines.push(series.clone()),
        }
    }
    for line in &mut lines {
        line.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    if chart == Chart::Requests {
        let counts = lines.iter().flat_map(|line| line.points.iter().map(|point| point.0));
        let one_each = counts.map(|count| (count, count)).collect();
        lines.push(Series::new(chart, "one GET for each, as a plain operator makes", one_each));
    }
    lines
}

/// Draws one chart; where it is, as seen from the page.
pub fn draw(folder: &Path, chart: Chart, lines: &[Series]) -> Result<String, Failed> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let right = points().map(|point| point.0).fold(1.0, f64::max);
    let top = points().map(|point| point.1).fold(1.0, f64::max);
    let mut svg = String::new();
    {
        let backend = SVGBackend::with_string(&mut svg, SIZE);
        match chart {
            Chart::Memory => plot(backend, chart, lines, (1.0..right).log_scale(), 0.0..top * 1.1)?,
            Chart::Requests | Chart::Tenants => {
                plot(backend, chart, lines, (1.0..right).log_scale(), (0.5..top * 2.0).log_scale())?;
            }
            Chart::TimeToReady => plot(backend, chart, lines, 0.0..right, (0.01..top * 2.0).log_scale())?,
        }
    }
    let file = format!("{FOLDER}/{}", file(chart));
    fs::write(folder.join(&file), svg)?;
    Ok(file)
}

fn plot<X, Y>(backend: SVGBackend<'_>, chart: Chart, lines: &[Series], x: X, y: Y) -> Drawn<()>
where
    X: AsRangedCoord<Value = f64>,
    Y: AsRangedCoord<Value = f64>,
    X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let failed = |error: &dyn std::fmt::Display| Failed::from(error.to_string());
    let area = backend.into_drawing_area();
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    let mut drawing = ChartBuilder::on(&area)
        .caption(title(chart), ("sans-serif", 18).into_font())
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(64)
        .build_cartesian_2d(x, y)
        .map_err(|error| failed(&error))?;
    let (x_axis, y_axis) = axes(chart);
    let mesh = &mut drawing.configure_mesh();
    mesh.light_line_style(WHITE).x_desc(x_axis).y_desc(y_axis).label_style(("sans-serif", 13));
    mesh.draw().map_err(|error| failed(&error))?;
    for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        // On a logarithmic axis nothing has no place: it is drawn at the axis.
        let points: Vec<(f64, f64)> = line.points.iter().map(|point| (point.0.max(1.0), point.1)).collect();
        let style = colour.stroke_width(2);
        let drawn = drawing.draw_series(LineSeries::new(points.clone(), style)).map_err(|error| failed(&error))?;
        drawn.label(line.name.clone()).legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
        if points.len() <= 10 {
            let dots = points.iter().map(|point| EmptyElement::at(*point) + Circle::new((0, 0), 4, colour.filled()));
            drawing.draw_series(dots).map_err(|error| failed(&error))?;
        }
    }
    let labels = &mut drawing.configure_series_labels();
    labels.position(SeriesLabelPosition::UpperLeft).background_style(WHITE.mix(0.85)).border_style(BLACK.mix(0.3));
    labels.label_font(("sans-serif", 13)).draw().map_err(|error| failed(&error))?;
    area.present().map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_name_are_one_line() {
        let part = |x| Series::new(Chart::Memory, "resident", vec![(x, x)]);
        let lines = merged(&[part(3.0), Series::new(Chart::Tenants, "other", Vec::new()), part(1.0)], Chart::Memory);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].points, [(1.0, 1.0), (3.0, 3.0)]);
    }
}
