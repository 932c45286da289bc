//! Images of features as files of a folder.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use ethogram_query::{FeatureImage, FeatureImages};
use serde_json::json;

use crate::embed::png::write_png;
use crate::table::{Side, text_from_rows};

/// What was drawn, and where it lies.
pub struct Drawn {
    /// The images.
    pub images: Arc<FeatureImages>,
    /// `None` for observations that are no pictures.
    files: Vec<Option<PathBuf>>,
}

impl Drawn {
    /// Writes `feature-0.png`, `feature-1.png`, … Observations that are no pictures are not written: the table has them.
    pub fn write(images: &Arc<FeatureImages>, folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
        let files = images.images.iter().enumerate().map(|(at, image)| {
            let Some((pixels, width)) = images.pixels(at) else { return Ok(None) };
            let path = folder.join(format!("feature-{}.png", image.factor));
            let write = || -> std::io::Result<()> {
                let mut file = BufWriter::new(File::create(&path)?);
                write_png(&pixels, width, &mut file)?;
                file.flush()
            };
            write().with_context(|| format!("could not write {}", path.display()))?;
            Ok(Some(path))
        });
        Ok(Self { files: files.collect::<anyhow::Result<_>>()?, images: Arc::clone(images) })
    }

    /// For people.
    pub fn table(&self) -> String {
        let head = [
            ("feature", Side::Right),
            ("excited by its image", Side::Right),
            ("by the strongest state (episode:step)", Side::Right),
            ("image", Side::Left),
        ];
        let rows: Vec<[String; 4]> = self
            .rows()
            .map(|(image, file)| {
                let FeatureImage { strongest, .. } = image;
                [
                    image.factor.to_string(),
                    format!("{:.3}", image.excitation),
                    format!("{:.3} at {}:{}", strongest.strength, strongest.episode, strongest.step),
                    file.as_ref().map_or_else(|| numbers(image), |file| file.display().to_string()),
                ]
            })
            .collect();
        text_from_rows(head, &rows)
    }

    /// For machines.
    pub fn described(&self) -> serde_json::Value {
        let each = self.rows().map(|(image, file)| {
            let FeatureImage { strongest, .. } = image;
            json!({
                "index": image.factor,
                "row": image.place.map(|place| place.0),
                "column": image.place.map(|place| place.1),
                "excitation": image.excitation,
                "strongest": {"episode": strongest.episode, "step": strongest.step, "excitation": strongest.strength},
                "file": file,
                "shape": self.images.field.shape,
                "values": image.values,
            })
        });
        each.collect()
    }

    fn rows(&self) -> impl Iterator<Item = (&FeatureImage, &Option<PathBuf>)> {
        self.images.images.iter().zip(&self.files)
    }
}

fn numbers(image: &FeatureImage) -> String {
    let some: Vec<String> = image.values.iter().take(8).map(|value| format!("{value:.3}")).collect();
    let more = if image.values.len() > some.len() { ", …" } else { "" };
    format!("[{}{more}]", some.join(", "))
}
