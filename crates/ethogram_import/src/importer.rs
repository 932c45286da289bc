//! The formats that are known.

use std::sync::Arc;

use crate::minari;
use crate::part::{Folder, Part};
use crate::point_cache::PointCache;
use crate::scalar_table::{Form, ScalarTable};
use crate::stable_baselines3::{Evaluations, FORMAT as SB3, Monitors, is_monitor_file};
use crate::tfevents::{EventFiles, is_event_file};

/// A format: how its files are known, and what reads them.
pub struct Importer {
    /// For people.
    pub name: &'static str,
    /// Whether a folder holds a run of this format.
    pub knows: fn(&Folder) -> bool,
    /// What reads it. It may let go of points that it has in a cache.
    pub begin: fn(&Arc<PointCache>) -> Box<dyn Part>,
}

/// Every format, in order of preference: of two files of a run that tell of the same thing, the first counts.
pub const IMPORTERS: &[Importer] = &[
    Importer {
        name: "event files of TensorBoard",
        knows: |folder| folder.files.iter().any(|file| is_event_file(&file.name)),
        begin: |cache| Box::new(EventFiles::new(cache)),
    },
    Importer {
        name: "episodes of Stable-Baselines3's Monitor",
        knows: |folder| folder.files.iter().any(|file| is_monitor_file(&file.name)),
        begin: |_| Box::<Monitors>::default(),
    },
    Importer {
        name: "progress.csv of Stable-Baselines3",
        knows: |folder| folder.file("progress.csv").is_some(),
        begin: |_| Box::new(ScalarTable::new("progress.csv", SB3, Form::Csv)),
    },
    Importer {
        name: "progress.json of Stable-Baselines3",
        knows: |folder| folder.file("progress.json").is_some(),
        begin: |_| Box::new(ScalarTable::new("progress.json", SB3, Form::JsonLines)),
    },
    Importer {
        name: "evaluations of Stable-Baselines3",
        knows: |folder| folder.file("evaluations.npz").is_some(),
        begin: |_| Box::<Evaluations>::default(),
    },
    Importer {
        name: "offline runs of W&B",
        knows: |folder| folder.files.iter().any(|file| crate::wandb::is_wandb_file(&file.name)),
        begin: |_| Box::<crate::wandb::Wandb>::default(),
    },
    Importer {
        name: "films of episodes, beside the logs of CleanRL",
        // A folder of films alone is no run.
        knows: |_| false,
        begin: |_| Box::<crate::videos::Videos>::default(),
    },
    Importer {
        name: "datasets of Minari, in the Arrow format",
        knows: minari::is_dataset,
        begin: |_| Box::<minari::Minari>::default(),
    },
    Importer {
        name: "a table of scalars",
        knows: |folder| folder.file("metrics.csv").is_some(),
        begin: |_| Box::new(ScalarTable::new("metrics.csv", "csv", Form::Csv)),
    },
    Importer {
        name: "a table of scalars",
        knows: |folder| folder.file("scalars.csv").is_some(),
        begin: |_| Box::new(ScalarTable::new("scalars.csv", "csv", Form::Csv)),
    },
];
