//! Ways to lay points out, and their settings.

use std::collections::BTreeMap;

use ethogram_analysis::{Metric, TsneParams, UmapParams};
use ethogram_model::{Param, Settings};

use super::request::wrong;
use crate::{Error, Result};

/// A way to lay points out.
#[derive(Clone, Copy, Debug)]
pub struct MapMethod {
    /// As it is asked for.
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub doc: &'static str,
    /// Author and year.
    pub source: &'static str,
    /// Its settings.
    pub params: &'static [Param],
}

const METRIC: Param = Param::choice(
    "metric",
    &["euclidean", "cosine"],
    "how far points are apart: by the length of their difference, or by the angle between them",
);
const SEED: Param = Param::integer("seed", [0, 0, u32::MAX as i64], "the same seed gives the same layout");
const STANDARDIZE: Param = Param::choice(
    "standardize",
    &["no", "yes"],
    "divides every coordinate by its standard deviation first, so that units do not matter",
);
const COMPONENTS: Param = Param::integer(
    "components",
    [200, 0, 1_000],
    "points with more numbers are first reduced to so many principal components (by Euclid only); 0 for never",
);

/// All of them, in the order that people see.
pub const MAP_METHODS: &[MapMethod] = &[
    MapMethod {
        name: "pca",
        doc: "principal components: the directions along which the points differ most; distances far apart are true, neighbours may be hidden behind each other",
        source: "Hotelling, 1933",
        params: &[STANDARDIZE],
    },
    MapMethod {
        name: "umap",
        doc: "near points stay near, and the graph of neighbours keeps its shape; sizes of clusters and gaps between them mean little",
        source: "McInnes, Healy and Melville, 2018",
        params: &[
            Param::integer(
                "n_neighbors",
                [15, 2, 500],
                "nearest points that are taken for a point's surroundings: few show detail, many the whole",
            ),
            Param::float("min_dist", [0.1, 0.0, 1.0], "how near points may lie to each other"),
            METRIC,
            Param::float(
                "label_weight",
                [0.5, 0.0, 1.0],
                "how much labels count where some take part: at 1, points of different labels have nothing to do with each other",
            ),
            SEED,
            Param::integer("rounds", [0, 0, 10_000], "rounds of moving; 0 for 500 of up to 10,000 points, 200 of more"),
            STANDARDIZE,
            COMPONENTS,
        ],
    },
    MapMethod {
        name: "tsne",
        doc: "near points stay near, each with about as many neighbours as the perplexity says; distances between clusters mean little",
        source: "van der Maaten and Hinton, 2008",
        params: &[
            Param::float("perplexity", [30.0, 1.0, 300.0], "about how many neighbours count for a point"),
            METRIC,
            SEED,
            Param::integer("rounds", [500, 1, 10_000], "rounds of moving after the 250 early ones"),
            STANDARDIZE,
            COMPONENTS,
        ],
    },
];

/// A method with its settings, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// How points are moved.
    pub way: Way,
    /// Whether coordinates are divided by their deviation.
    pub standardize: bool,
    /// Principal components that wide points are reduced to; 0 for never.
    pub components: usize,
    /// How much labels count.
    pub label_weight: f64,
}

/// How points are moved.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// Not at all.
    Pca,
    /// By UMAP.
    Umap(UmapParams),
    /// By t-SNE.
    Tsne(TsneParams),
}

impl Way {
    /// As it is asked for.
    pub fn name(&self) -> &'static str {
        match self {
            Way::Pca => "pca",
            Way::Umap(_) => "umap",
            Way::Tsne(_) => "tsne",
        }
    }
}

/// The method of this name, set as asked.
///
/// **Errors**: [`Error::BadParam`] names the methods, or the settings, that there are.
pub fn chosen(name: &str, dims: usize, given: &BTreeMap<String, String>) -> Result<Chosen> {
    let Some(method) = MAP_METHODS.iter().find(|method| method.name == name) else {
        let known: Vec<&str> = MAP_METHODS.iter().map(|method| method.name).collect();
        return Err(wrong("method", &format!("one of {}", known.join(", ")), name));
    };
    let settings = Settings::read(method.params, given).map_err(|error| match error {
        ethogram_model::Error::Param { param, expected, found } => {
            Error::BadParam { field: format!("map/{name}"), param, expected, found }
        }
        other => other.into(),
    })?;
    let metric = || match settings.choice("metric") {
        "cosine" => Metric::Cosine,
        _ => Metric::Euclidean,
    };
    let seed = || settings.count("seed") as u64;
    let way = match name {
        "umap" => Way::Umap(UmapParams {
            neighbors: settings.count("n_neighbors"),
            min_dist: settings.float("min_dist"),
            dims,
            rounds: Some(settings.count("rounds")).filter(|rounds| *rounds > 0),
            metric: metric(),
            seed: seed(),
            ..UmapParams::default()
        }),
        "tsne" => Way::Tsne(TsneParams {
            perplexity: settings.float("perplexity"),
            dims,
            rounds: settings.count("rounds"),
            metric: metric(),
            seed: seed(),
        }),
        _ => Way::Pca,
    };
    let label_weight = if name == "umap" { settings.float("label_weight") } else { 0.0 };
    let euclidean = name == "pca" || metric() == Metric::Euclidean;
    let components = if name == "pca" || !euclidean { 0 } else { settings.count("components") };
    Ok(Chosen { way, standardize: settings.choice("standardize") == "yes", components, label_weight })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, pairs: &[(&str, &str)]) -> Result<Chosen> {
        chosen(name, 2, &pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn every_method_is_chosen_by_its_defaults() {
        for method in MAP_METHODS {
            assert_eq!(set(method.name, &[]).expect("defaults").way.name(), method.name);
        }
        let Ok(Chosen { way: Way::Umap(params), .. }) = set("umap", &[("n_neighbors", "30"), ("metric", "cosine")])
        else {
            panic!("UMAP")
        };
        assert_eq!((params.neighbors, params.metric, params.rounds), (30, Metric::Cosine, None));
    }

    #[test]
    fn what_cannot_be_is_named() {
        let check = |name: &str, pairs: &[(&str, &str)], text: &str| {
            assert_eq!(set(name, pairs).expect_err("an error").to_string(), text);
        };
        check("isomap", &[], r#"parameter "method" of "map": expected one of pca, umap, tsne, found isomap"#);
        check(
            "umap",
            &[("n_neighbors", "1")],
            r#"parameter "n_neighbors" of "map/umap": expected a whole number from 2 to 500, found 1"#,
        );
        check("pca", &[("seed", "1")], r#"parameter "seed" of "map/pca": expected one of standardize, found 1"#);
    }
}
