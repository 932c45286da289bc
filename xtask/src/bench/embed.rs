//! Layouts of 60,000 states of 256 numbers, against umap-learn and openTSNE, judged alike by the neighbours that they keep.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use ethogram_analysis::{Metric, Neighbors, Points, Tsne, TsneParams, Umap, UmapParams};
use serde_json::json;

use super::floats::{floats, write_floats};
use super::lab::{Lab, lines, number};
use super::measure::{Bar, Measure};
use crate::statistics::median;

/// Numbers of a state.
const WIDTH: usize = 256;
/// How much worse than the peer's a layout may be, of 1.
const SLACK: f64 = 0.005;
/// Method, peer, and how many times faster than it.
const METHODS: [(&str, &str, f64); 2] = [("umap", "umap-learn", 3.0), ("tsne", "openTSNE", 2.0)];

/// The bench: `ETHOGRAM_BENCH_METHOD` picks one of the methods.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let path = |name: &str| lab.folder().join(name).display().to_string();
    let points = path("points.f32");
    if !Path::new(&points).exists() {
        lab.python("embed.py", &["points", &points])?;
    }
    let picked = std::env::var("ETHOGRAM_BENCH_METHOD").ok();
    let mut measures = Vec::new();
    for (method, peer, times) in
        METHODS.into_iter().filter(|(name, ..)| picked.as_deref().is_none_or(|one| one == *name))
    {
        let (ours, theirs) = (path(&format!("{method}.ours.f32")), path(&format!("{method}.peer.f32")));
        let (mut secs, mut search, mut peer_secs) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..lab.rounds {
            let said = lines(&mut lab.child(&[method, &points, &ours])?)?;
            let said = said.first().context("the child said nothing")?;
            secs.push(number(said, "secs")?);
            search.push(number(said, "neighbors")?);
            let said = lab.python("embed.py", &[method, &points, &theirs])?;
            peer_secs.push(number(said.first().context("the peer said nothing")?, "secs")?);
        }
        let name = |what: &str| format!("embed/{method}, {what}");
        measures.push(
            Measure::new(name(peer), median(&secs), "s").against(median(&peer_secs)).bar(Bar::Ratio(1.0 / times)),
        );
        measures.push(Measure::new(name("of it neighbours, exact"), median(&search), "s"));
        let judged: BTreeMap<String, serde_json::Value> = lab
            .python("embed.py", &["judge", &points, &ours, &theirs])?
            .into_iter()
            .map(|line| (line["layout"].as_str().unwrap_or_default().to_owned(), line))
            .collect();
        for (what, said) in [("trustworthiness k=12", "trustworthiness"), ("neighbours kept k=15", "recall")] {
            let of = |layout: &String| number(judged.get(layout).context("not judged")?, said);
            let (ours, theirs) = (of(&ours)?, of(&theirs)?);
            measures.push(Measure::new(name(what), ours, "of 1").against(theirs).bar(Bar::AtLeast(theirs - SLACK)));
        }
    }
    Ok(measures)
}

/// Lays out by us, and says how long it took.
pub fn child(args: &[String]) -> Result<()> {
    let [method, from, to] = args else { bail!("expected a method and two files, found {args:?}") };
    let values = floats(Path::new(from))?;
    let points = Points::new(&values, WIDTH)?;
    let begun = Instant::now();
    let (search, layout) = match method.as_str() {
        "umap" => {
            let params = UmapParams::default();
            let neighbors = Neighbors::exact(points, params.neighbors - 1, Metric::Euclidean)?;
            (begun.elapsed(), Umap::of_neighbors(points, &neighbors, &params)?.finish())
        }
        "tsne" => {
            let params = TsneParams::default();
            let neighbors = Neighbors::exact(points, params.neighbors(points.rows())?, Metric::Euclidean)?;
            (begun.elapsed(), Tsne::of_neighbors(points, &neighbors, &params)?.finish())
        }
        other => bail!("no method {other:?}"),
    };
    let secs = begun.elapsed().as_secs_f64();
    write_floats(Path::new(to), &layout)?;
    println!("{}", json!({ "secs": secs, "neighbors": search.as_secs_f64() }));
    Ok(())
}
